#include "routing/guard/ceiling_test.h"

#include <gtest/gtest.h>

namespace banyan::routing::guard {
namespace {

TEST(CeilingTest, IsSureOfWhatIsFarAbove) {
  CeilingTest test(0.005);
  for (int i = 0; i < 20; ++i) test.take({100, 5});
  EXPECT_GE(test.evidence(), kCertain);
}

TEST(CeilingTest, IsNeverSureOfWhatIsBelowOrAtTheCeiling) {
  CeilingTest test(0.005);
  for (int i = 0; i < 100'000; ++i) {
    test.take({200, 1});
    ASSERT_LT(test.evidence(), kSuspicious);
  }
}

TEST(CeilingTest, ForgetsALongQuietTime) {
  CeilingTest quiet(0.005);
  for (int i = 0; i < 100'000; ++i) quiet.take({1'000, 0});
  CeilingTest fresh(0.005);
  quiet.take({10, 1});
  fresh.take({10, 1});
  EXPECT_LT(quiet.evidence(), 100 * fresh.evidence());
}

TEST(CeilingTest, AHighCeilingCanBePassed) {
  CeilingTest test(0.9);
  for (int i = 0; i < 100; ++i) test.take({100, 100});
  EXPECT_GE(test.evidence(), kCertain);
}

}  // namespace
}  // namespace banyan::routing::guard
