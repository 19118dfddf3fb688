// routing/guard/slow_threshold.h: which durations are slow, by legacy's. Pure.
//
// Slow is longer than max_p99_ratio times legacy's p99 of the window before, rounded up to a step
// of base/duration_scale.h. What is slow is fixed before it is counted, for both arms.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/duration_scale.h"
#include "base/time.h"

namespace banyan::routing::guard {

// By step, exchanges.
using Durations = std::array<std::uint32_t, kDurationSteps>;

// Below, nobody notices; and on one machine the two arms never take exactly as long.
inline constexpr std::chrono::microseconds kSlowMin{1'000};
// Of legacy, for a p99 that means something.
inline constexpr std::uint64_t kDurationsMin = 200;

class SlowThreshold {
 public:
  // `ratio` in thousandths.
  SlowThreshold(Milliseconds window, std::uint64_t ratio) : window_(window), ratio_(ratio) {}

  void take(const Durations& legacy, SteadyTime now);
  // From this step on an exchange is slow; nothing while legacy's p99 is not known.
  [[nodiscard]] std::optional<std::size_t> step() const { return step_; }

 private:
  Milliseconds window_;
  std::uint64_t ratio_;
  std::optional<SteadyTime> began_;
  std::uint64_t seen_ = 0;
  std::array<std::uint64_t, kDurationSteps> counts_{};
  std::optional<std::size_t> step_;
};

[[nodiscard]] std::uint64_t slow_ones(const Durations& durations, std::size_t from_step);

}  // namespace banyan::routing::guard
