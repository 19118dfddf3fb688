// routing/guard/ceiling_test.h: does something happen more often than it may? Pure.
//
// As IncreaseTest, for one count against a fixed rate: whatever the true rate is below the ceiling,
// it is certain of an excess at most once in kCertain of what is counted.
#pragma once

#include <array>

#include "routing/guard/increase_test.h"
#include "routing/guard/tally.h"

namespace banyan::routing::guard {

class CeilingTest {
 public:
  explicit CeilingTest(double ceiling) : ceiling_(ceiling) {}  // above 0, below 1

  void take(const Tally& tally);
  [[nodiscard]] double evidence() const;

 private:
  static constexpr std::size_t kRates = 3;
  double ceiling_;
  std::array<double, kRates> by_rate_{};
};

}  // namespace banyan::routing::guard
