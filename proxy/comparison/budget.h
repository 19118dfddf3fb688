// proxy/comparison/budget.h: the bounds of what shadows may hold and do.
//
// Memory is reserved before it is used and given back when the Reservation ends, wherever that is.
// Counted over all workers, with relaxed atomics: the bounds hold to the byte, no lock is taken.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/counted_place.h"

namespace banyan::comparison {

// One per migration (and one for the process), for as long as the process lives.
struct Ledger {
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> in_flight{0};    // shadows
  std::atomic<std::uint64_t> connections{0};  // of its shadow lanes, idle ones as well
  std::atomic<std::uint64_t> orphans{0};      // answers that are read on without their client
};

// Bytes held against a migration's and the process's budget.
class Reservation {
 public:
  struct Bounds {
    std::uint64_t exchange = 0;
    std::uint64_t migration = 0;
    std::uint64_t process = 0;
  };

  Reservation() = default;
  Reservation(Ledger& migration, Ledger& process, Bounds bounds)
      : migration_(&migration), process_(&process), bounds_(bounds) {}
  Reservation(Reservation&& o) noexcept
      : migration_(o.migration_),
        process_(o.process_),
        bounds_(o.bounds_),
        held_(std::exchange(o.held_, 0)) {}
  Reservation& operator=(Reservation&& o) noexcept {
    if (this == &o) return *this;
    give_back();
    migration_ = o.migration_;
    process_ = o.process_;
    bounds_ = o.bounds_;
    held_ = std::exchange(o.held_, 0);
    return *this;
  }
  ~Reservation() { give_back(); }

  // False, and nothing changed, where one of the three bounds would be passed.
  [[nodiscard]] bool grow(std::uint64_t n) {
    // Not as a sum: `n` may be any number that a peer announced.
    if (migration_ == nullptr || n > bounds_.exchange - held_) return false;
    if (!reserve(migration_->bytes, n, bounds_.migration)) return false;
    if (!reserve(process_->bytes, n, bounds_.process)) {
      migration_->bytes.fetch_sub(n, std::memory_order_relaxed);
      return false;
    }
    held_ += n;
    return true;
  }
  void give_back() {
    if (held_ == 0) return;
    migration_->bytes.fetch_sub(held_, std::memory_order_relaxed);
    process_->bytes.fetch_sub(held_, std::memory_order_relaxed);
    held_ = 0;
  }

 private:
  Ledger* migration_ = nullptr;
  Ledger* process_ = nullptr;
  Bounds bounds_{};
  std::uint64_t held_ = 0;
};

// A place among shadow.max_in_flight; moved along with the shadow it admits.
using Admission = CountedPlace;

}  // namespace banyan::comparison
