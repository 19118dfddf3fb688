// base/sequential_test.h: what counts say about a rate, however often one looks at them. Pure.
//
// A confidence sequence for the rate p of independent events, by the beta-binomial mixture
// (Robbins 1970; Ville's inequality). With s events in n trials, and a mixture Beta(a, b),
//
//   M(p) = B(a + s, b + n - s) / B(a, b) / (p^s (1 - p)^(n - s))
//
// is a martingale that starts at 1 where p is the true rate, so that it ever reaches a threshold with
// a probability of 1 / threshold at most. The rates whose M is below it are an interval; the true
// one is inside of all of them at once with a probability of 1 - 1 / threshold. That holds for every
// look, and for who stops when he likes what he sees. A function of counts alone: those of several
// processes add up to the same answer. a = 1/2 and b = 1 / goal put the mixture where the decision
// is. The threshold is 2 / alpha: twice what alpha asks for, so that a wrong answer stays clearly
// rarer than alpha.
#pragma once

#include <cstdint>
#include <optional>

#include "base/readiness.h"

namespace banyan {

struct RateCounts {
  std::uint64_t events = 0;
  std::uint64_t trials = 0;  // not below events
};

class SequentialTest {
 public:
  // 0 < goal < 1 and 0 < alpha < 1: the rate that has to be undercut, and the probability with which
  // it may ever be said wrongly that it is, or that it is not.
  SequentialTest(double goal, double alpha);

  // ready: the rate is below the goal; not_ready: it is above.
  [[nodiscard]] Readiness judge(RateCounts counts) const;
  // The ends of the interval; 0 and 1 where nothing is known.
  [[nodiscard]] double upper(RateCounts counts) const;
  [[nodiscard]] double lower(RateCounts counts) const;
  // How many more trials without an event until judge() says ready: 0 where it does. Nothing where
  // that is beyond kTrialsMax.
  [[nodiscard]] std::optional<std::uint64_t> more_clean(RateCounts counts) const;
  static constexpr std::uint64_t kTrialsMax = 1'000'000'000'000;

 private:
  [[nodiscard]] double log_martingale(RateCounts counts, double rate) const;
  [[nodiscard]] double log_mixture(RateCounts counts) const;

  double goal_;
  double log_threshold_;  // of M
  double b_;
};

// The upper end of the one-sided interval of Clopper and Pearson: valid for a single look at a
// moment that was chosen before, and for nothing else.
[[nodiscard]] double clopper_pearson_upper(RateCounts counts, double alpha);

}  // namespace banyan
