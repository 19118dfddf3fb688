// routing/guard/increase_test.h: does the monolith fail more often than legacy? Pure.
//
// Asked of each failure: which arm did it come from, given the exchanges of both? While the two
// fail equally often, the monolith's part of the failures is its part of the exchanges, however
// many there are: an outage that both share says nothing.
//
//   share p of the exchanges;  a monolith that fails r times as often has q = rp / (rp + 1 - p)
//   of the failures; a failure of the monolith counts q/p, one of legacy (1 - q)/(1 - p)
//
// Shiryaev-Roberts: at every exchange an increase may have begun; the evidence is the sum over all
// these beginnings, over several r, and over an arm that is dead (which also looks at what did not
// fail). Without an increase the evidence grows by at most one for each exchange on average, so it
// comes to kCertain at most once in kCertain exchanges, however often somebody looks (an
// e-detector; Shin, Ramdas, Rinaldo 2023). It restarts by itself.
#pragma once

#include <array>
#include <cstdint>

#include "routing/guard/tally.h"

namespace banyan::routing::guard {

inline constexpr double kCertain = 1e9;
// From here on something may be going on.
inline constexpr double kSuspicious = 1e6;

// What is believed beforehand: that all of a sudden everything fails, or that more fails.
enum class Prior : std::uint8_t { all_fails, more_fails };

class IncreaseTest {
 public:
  // `settled`: how much of what came since the increase began is looked at, see Recent.
  IncreaseTest(Prior prior, Recent settled) : prior_(prior), since_(settled) {}

  // Only a comparable() one; `counted` of an arm is at most its exchanges.
  void take(const Batch& batch, SteadyTime now);

  [[nodiscard]] double evidence() const;
  // What came since the increase began, as far as one can tell; nothing where none has.
  [[nodiscard]] Batch since() const { return drift_ >= kDriftMin ? since_.sum() : Batch{}; }

 private:
  static constexpr std::size_t kRatios = 5;
  static constexpr double kDriftMin = 5;  // nats

  void follow_drift(const Batch& batch, double share, SteadyTime now);

  Prior prior_;
  std::array<double, kRatios> by_ratio_{};
  double dead_ = 0;
  double quiet_ = 0;  // exchanges since the last failure, any of which may have been the beginning
  double drift_ = 0;  // CUSUM: the logarithm of the evidence for the most likely beginning
  Recent since_;
};

}  // namespace banyan::routing::guard
