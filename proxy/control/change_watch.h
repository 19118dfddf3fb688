// proxy/control/change_watch.h: when a watched file has changed for good. Pure; the clock and the
// content are arguments.
//
//   any event -> wait `debounce` -> look -> same content as before?   nothing happened
//                     ^               |  -> new, or another than at the last look: look again
//                     \---------------/  -> the same new content twice: load it
//
// Half a file can be valid YAML, so one look is never enough. Where events do not come (some
// network file systems), `poll` looks anyway.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace banyan::control {

class ChangeWatch {
 public:
  // `taken`: the fingerprint of what is loaded.
  ChangeWatch(Milliseconds debounce, Milliseconds poll, std::string taken, SteadyTime now);

  // Something in the directory changed. A stream of events puts a look off by kPutOffMax times
  // the debounce at most.
  void on_event(SteadyTime now);
  // When to look next.
  [[nodiscard]] SteadyTime due() const { return due_; }
  // The file was looked at. True: load what has this fingerprint now; it counts as taken, also
  // if loading it fails, so that a bad file is told once.
  [[nodiscard]] bool on_look(const std::string& fingerprint, SteadyTime now);
  // It was loaded in another way (a signal, a command).
  void on_loaded(const std::string& fingerprint, SteadyTime now);
  void set_intervals(Milliseconds debounce, Milliseconds poll);

  static constexpr int kPutOffMax = 10;

 private:
  Milliseconds debounce_;
  Milliseconds poll_;
  std::string taken_;
  std::optional<std::string> candidate_;   // seen once
  std::optional<SteadyTime> first_event_;  // since the last look
  SteadyTime due_;
};

}  // namespace banyan::control
