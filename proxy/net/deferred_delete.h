// proxy/net/deferred_delete.h: how an object ends while its own function may still be running.
//
// Nothing destroys itself or its caller. Whoever is done says so to its owner; the owner moves it
// here, and it is destroyed between callbacks, at the end of the iteration.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace banyan::net {

class Deferrable {
 public:
  Deferrable() = default;
  Deferrable(const Deferrable&) = delete;
  Deferrable& operator=(const Deferrable&) = delete;
  virtual ~Deferrable() = default;
};

// Bytes that others refer to until the loop iteration ends: those of a read that had to wait.
class HeldBytes final : public Deferrable {
 public:
  explicit HeldBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  const std::string bytes_;
};

// Loop thread only.
class DeferredDelete {
 public:
  void add(std::unique_ptr<Deferrable> object) { doomed_.push_back(std::move(object)); }

  // Destructors may add more; those go in the same run.
  void run() {
    while (!doomed_.empty()) {
      std::swap(doomed_, running_);
      running_.clear();
    }
  }
  [[nodiscard]] bool empty() const { return doomed_.empty(); }

 private:
  std::vector<std::unique_ptr<Deferrable>> doomed_;
  std::vector<std::unique_ptr<Deferrable>> running_;  // keeps its capacity
};

}  // namespace banyan::net
