#include "routing/guard/ceiling_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace banyan::routing::guard {
namespace {

// How far above the ceiling the rate may be; all are believed in equally beforehand.
constexpr std::array kRatios{2.0, 5.0, 25.0};

}  // namespace

void CeilingTest::take(const Tally& tally) {
  const double seen = static_cast<double>(tally.exchanges);
  const double counted = static_cast<double>(tally.counted);
  for (std::size_t i = 0; i < kRatios.size(); ++i) {
    // A rate between the ceiling and 1, also where the ceiling is high.
    const double odds = kRatios[i] * ceiling_ / (1 - ceiling_);
    const double rate = odds / (1 + odds);
    const double factor = counted * std::log(rate / ceiling_) +
                          (seen - counted) * std::log((1 - rate) / (1 - ceiling_));
    const double begun = by_rate_[i] + seen / static_cast<double>(kRatios.size());
    by_rate_[i] = std::exp(std::min(std::log(begun) + factor, std::log(kCertain * 100)));
  }
}

double CeilingTest::evidence() const {
  return std::accumulate(by_rate_.begin(), by_rate_.end(), 0.0);
}

}  // namespace banyan::routing::guard
