// proxy/net/signals.h: signals as events of a loop.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "proxy/net/loop.h"

namespace banyan::net {

// Calls `on_signal(number)` on the loop for each of `numbers`. Destroying it stops that.
class Signals {
 public:
  Signals(Loop& loop, const std::vector<int>& numbers, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // A peer that goes away, or a file at its largest size (RLIMIT_FSIZE), is an error of a write and
  // not the end of the process.
  static void make_write_faults_errors();

 private:
  struct Handle;
  std::function<void(int)> on_signal_;
  std::vector<Handle*> handles_;
};

}  // namespace banyan::net
