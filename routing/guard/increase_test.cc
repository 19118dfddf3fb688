#include "routing/guard/increase_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace banyan::routing::guard {
namespace {

// How much more often the monolith may fail, and how much each is believed in beforehand.
constexpr std::array kRatioOf{1.5, 2.5, 5.0, 15.0, 60.0};
struct Weights {  // that add up to 1
  std::array<double, kRatioOf.size()> ratio;
  double dead;
};
constexpr Weights weights_of(Prior prior) {
  return prior == Prior::all_fails ? Weights{{0.002, 0.003, 0.005, 0.02, 0.07}, 0.90}
                                   : Weights{{0.05, 0.10, 0.60, 0.10, 0.05}, 0.10};
}

constexpr double kDeadRate = 0.97;      // of the monolith's exchanges fail then
constexpr double kHealthyRate = 0.001;  // of legacy's meanwhile

// For the question when it began. A small increase is found by the first alone; a large one by the
// second more exactly, since chance before it is forgotten sooner.
constexpr std::array kDriftRatios{3.0, 4.5};
constexpr double kDriftMin = 5;  // nats

// A long quiet time must not make the first failure after it weigh more than this.
constexpr double kQuietMax = 1'000;
// What is more than certain is forgotten as fast as it came.
constexpr double kEvidenceMax = kCertain * 100;

double count(std::uint64_t n) { return static_cast<double>(n); }

// The logarithm of what the batch says for `ratio` against no increase. That failures are drawn
// from the exchanges without putting them back makes it a little smaller, never larger (Hoeffding
// 1963, theorem 4).
double log_evidence(double ratio, double share, const Batch& batch) {
  const double failures = count(batch.monolith.counted + batch.legacy.counted);
  return count(batch.monolith.counted) * std::log(ratio) -
         failures * std::log1p(share * (ratio - 1));
}

// The same for a dead monolith beside a healthy legacy, with what did not fail (Turner, Ly,
// Grünwald 2021: the rate without an increase is the mean of the two).
double log_evidence_of_death(double share, const Batch& batch) {
  const double mean = share * kDeadRate + (1 - share) * kHealthyRate;
  const auto of = [mean](const Tally& arm, double rate) {
    return count(arm.counted) * std::log(rate / mean) +
           count(arm.exchanges - arm.counted) * std::log((1 - rate) / (1 - mean));
  };
  return of(batch.monolith, kDeadRate) + of(batch.legacy, kHealthyRate);
}

double grown(double evidence, double log_factor) {
  const double logarithm = std::log(evidence) + log_factor;
  return logarithm >= std::log(kEvidenceMax) ? kEvidenceMax : std::exp(logarithm);
}

}  // namespace

void IncreaseTest::take(const Batch& batch, SteadyTime now) {
  const double exchanges = count(batch.monolith.exchanges + batch.legacy.exchanges);
  const double share = count(batch.monolith.exchanges) / exchanges;
  const Weights weights = weights_of(prior_);
  dead_ = grown(dead_ + exchanges * weights.dead, log_evidence_of_death(share, batch));
  quiet_ = std::min(quiet_ + exchanges, kQuietMax);
  if (batch.monolith.counted + batch.legacy.counted > 0) {
    for (std::size_t i = 0; i < kRatioOf.size(); ++i) {
      const double begun = by_ratio_[i] + quiet_ * weights.ratio[i];
      by_ratio_[i] = grown(begun, log_evidence(kRatioOf[i], share, batch));
    }
    quiet_ = 0;
  }
  for (std::size_t i = 0; i < began_.size(); ++i) {
    Beginning& began = began_[i];
    began.drift = std::clamp(began.drift + log_evidence(kDriftRatios[i], share, batch), 0.0,
                             std::log(kEvidenceMax));
    if (began.drift > 0) {
      began.since.add(batch, now);
    } else {
      began.since.clear();
    }
  }
}

// The last in kDriftRatios for which there is one: it is the youngest.
Batch IncreaseTest::since() const {
  for (auto began = began_.rbegin(); began != began_.rend(); ++began) {
    if (began->drift >= kDriftMin) return began->since.sum();
  }
  return {};
}

double IncreaseTest::evidence() const {
  return std::accumulate(by_ratio_.begin(), by_ratio_.end(), dead_);
}

}  // namespace banyan::routing::guard
