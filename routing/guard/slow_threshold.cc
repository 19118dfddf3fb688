#include "routing/guard/slow_threshold.h"

#include <algorithm>
#include <numeric>

namespace banyan::routing::guard {
namespace {

// The step that ends at or above 99 % of them.
std::size_t p99_step(const std::array<std::uint64_t, kDurationSteps>& counts, std::uint64_t all) {
  std::uint64_t below = 0;
  for (std::size_t step = 0; step < counts.size(); ++step) {
    below += counts[step];
    if (below * 100 >= all * 99) return step;
  }
  return counts.size() - 1;
}

// The first step that begins at or above.
std::size_t step_from(std::chrono::microseconds at_least) {
  std::size_t step = 0;
  while (step + 1 < kDurationSteps && step_begin(step) < at_least) ++step;
  return step;
}

}  // namespace

void SlowThreshold::take(const Durations& legacy, SteadyTime now) {
  if (!began_) began_ = now;
  for (std::size_t i = 0; i < legacy.size(); ++i) {
    counts_[i] += legacy[i];
    seen_ += legacy[i];
  }
  if (now - *began_ < window_ || seen_ < kDurationsMin) return;
  const std::size_t p99 = p99_step(counts_, seen_);
  const auto end = step_begin(std::min(p99 + 1, kDurationSteps - 1));
  step_ = step_from(std::max(kSlowMin, end * static_cast<std::int64_t>(ratio_) / 1'000));
  counts_.fill(0);
  seen_ = 0;
  began_ = now;
}

std::uint64_t slow_ones(const Durations& durations, std::size_t from_step) {
  return std::accumulate(durations.begin() + static_cast<std::ptrdiff_t>(from_step),
                         durations.end(), std::uint64_t{0});
}

}  // namespace banyan::routing::guard
