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
  IncreaseTest(Prior prior, Recent settled)
      : prior_(prior), began_{Beginning{settled}, Beginning{settled}} {}

  // Only a comparable() one; `counted` of an arm is at most its exchanges.
  void take(const Batch& batch, SteadyTime now);

  [[nodiscard]] double evidence() const;
  // What came since the increase began, as far as one can tell; nothing where none has.
  [[nodiscard]] Batch since() const;

 private:
  static constexpr std::size_t kRatios = 5;

  // When it began, if the monolith fails so much more often since: at the most likely beginning
  // (CUSUM).
  struct Beginning {
    explicit Beginning(Recent settled) : since(settled) {}
    double drift = 0;  // the logarithm of the evidence for it
    Recent since;
  };

  Prior prior_;
  std::array<double, kRatios> by_ratio_{};
  double dead_ = 0;
  double quiet_ = 0;  // exchanges since the last failure, any of which may have been the beginning
  std::array<Beginning, 2> began_;  // by kDriftRatios
};

}  // namespace banyan::routing::guard
