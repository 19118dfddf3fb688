#include "base/sequential_test.h"

#include <cmath>
#include <limits>

namespace banyan {
namespace {

constexpr double kA = 0.5;
// Halvings until an interval within (0, 1) is as narrow as a double can tell.
constexpr int kHalvings = 200;

double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);  // unlike std::lgamma it writes no global
}

double log_beta(double a, double b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

// s ln p + (n - s) ln(1 - p), where 0 ln 0 is 0.
double log_likelihood(RateCounts counts, double rate) {
  const auto events = static_cast<double>(counts.events);
  const auto others = static_cast<double>(counts.trials - counts.events);
  return (events > 0 ? events * std::log(rate) : 0) +
         (others > 0 ? others * std::log1p(-rate) : 0);
}

double share(RateCounts counts) {
  return static_cast<double>(counts.events) / static_cast<double>(counts.trials);
}

// The point between `inside` and `outside` where `is_inside` ends; `outside` side.
template <class IsInside>
double boundary(double inside, double outside, IsInside is_inside) {
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = inside + (outside - inside) / 2;
    if (middle == inside || middle == outside) break;
    (is_inside(middle) ? inside : outside) = middle;
  }
  return outside;
}

// ln P(X <= events) for X ~ Binomial(trials, rate), by its terms from the largest down.
double log_binomial_tail(RateCounts counts, double rate) {
  const auto n = static_cast<double>(counts.trials);
  const double odds = (1 - rate) / rate;
  double term = 1, sum = 1;
  for (std::uint64_t k = counts.events; k > 0; --k) {
    const auto x = static_cast<double>(k);
    term *= x / (n - x + 1) * odds;
    sum += term;
    if (term < sum * std::numeric_limits<double>::epsilon()) break;
  }
  const auto s = static_cast<double>(counts.events);
  const double log_first =
      log_gamma(n + 1) - log_gamma(s + 1) - log_gamma(n - s + 1) + log_likelihood(counts, rate);
  return log_first + std::log(sum);
}

}  // namespace

SequentialTest::SequentialTest(double goal, double alpha)
    : goal_(goal), log_threshold_(std::log(2 / alpha)), b_(1 / goal) {}

double SequentialTest::log_mixture(RateCounts counts) const {
  const auto events = static_cast<double>(counts.events);
  const auto others = static_cast<double>(counts.trials - counts.events);
  return log_beta(kA + events, b_ + others) - log_beta(kA, b_);
}

double SequentialTest::log_martingale(RateCounts counts, double rate) const {
  return log_mixture(counts) - log_likelihood(counts, rate);
}

Readiness SequentialTest::judge(RateCounts counts) const {
  const bool is_decided =
      counts.trials > 0 && log_martingale(counts, goal_) >= log_threshold_;
  if (!is_decided) return Readiness::inconclusive;
  return share(counts) < goal_ ? Readiness::ready : Readiness::not_ready;
}

double SequentialTest::upper(RateCounts counts) const {
  if (counts.trials == 0 || counts.events == counts.trials) return 1;
  const double mixture = log_mixture(counts);
  return boundary(share(counts), 1, [&](double rate) {
    return mixture - log_likelihood(counts, rate) < log_threshold_;
  });
}

double SequentialTest::lower(RateCounts counts) const {
  if (counts.events == 0) return 0;
  const double mixture = log_mixture(counts);
  return boundary(share(counts), 0, [&](double rate) {
    return mixture - log_likelihood(counts, rate) < log_threshold_;
  });
}

std::optional<std::uint64_t> SequentialTest::more_clean(RateCounts counts) const {
  const auto is_ready = [&](std::uint64_t more) {
    return judge({counts.events, counts.trials + more}) == Readiness::ready;
  };
  if (is_ready(0)) return 0;
  // Once ready, further clean trials only make it clearer: M grows while the share is below goal.
  std::uint64_t no = 0, yes = 1;
  while (!is_ready(yes)) {
    if (yes >= kTrialsMax) return std::nullopt;
    no = yes;
    yes *= 2;
  }
  while (yes - no > 1) {
    const std::uint64_t middle = no + (yes - no) / 2;
    (is_ready(middle) ? yes : no) = middle;
  }
  return yes;
}

double clopper_pearson_upper(RateCounts counts, double alpha) {
  if (counts.trials == 0 || counts.events == counts.trials) return 1;
  const double goal = std::log(alpha);
  return boundary(share(counts), 1,
                  [&](double rate) { return log_binomial_tail(counts, rate) > goal; });
}

}  // namespace banyan
