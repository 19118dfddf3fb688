// shadow/recent_writes.h: which sticky keys have just written something.
//
// A write reaches one arm only, so what its user reads next may differ for that reason. Of fixed
// size: another key in the same slot takes it over, so a write can be forgotten and is never
// invented, but for keys whose hashes are the same. Any thread; no locks.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace banyan::shadow {

class RecentWrites {
 public:
  static constexpr std::chrono::seconds kFor{60};

  // `key`: a hash. `now`, of all callers, from one clock.
  void note(std::uint32_t key, SteadyTime now) {
    slot_of(key).store(entry(key, now), std::memory_order_relaxed);
  }
  // Within the last kFor.
  [[nodiscard]] bool has(std::uint32_t key, SteadyTime now) const {
    const std::uint64_t written = slots_[key % kSlots].load(std::memory_order_relaxed);
    const std::uint64_t asked = entry(key, now);
    if (written == 0 || written >> 32U != key) return false;
    const auto age = static_cast<std::int32_t>(static_cast<std::uint32_t>(asked - written));
    return age <= kFor.count();
  }

 private:
  static constexpr std::size_t kSlots = 4'096;

  // The key, and seconds from 1 on: never 0.
  static std::uint64_t entry(std::uint32_t key, SteadyTime now) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
    return std::uint64_t{key} << 32U | static_cast<std::uint32_t>(age.count() + 1);
  }
  std::atomic<std::uint64_t>& slot_of(std::uint32_t key) { return slots_[key % kSlots]; }

  std::array<std::atomic<std::uint64_t>, kSlots> slots_{};
};

}  // namespace banyan::shadow
