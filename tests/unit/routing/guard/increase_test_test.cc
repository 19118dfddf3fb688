#include "routing/guard/increase_test.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace banyan::routing::guard {
namespace {

class Increase : public testing::Test {
 protected:
  void take(Batch batch) { test_.take(batch, now_ += Milliseconds(100)); }
  SteadyTime now_{};
  IncreaseTest test_{Prior::more_fails, Recent(Milliseconds(120'000), 1'000)};
};

TEST_F(Increase, TheSameRateOnBothArmsIsNone) {
  for (int i = 0; i < 10'000; ++i) {
    take({{100, 30}, {900, 270}});
    ASSERT_LT(test_.evidence(), kSuspicious);
  }
}

TEST_F(Increase, FailuresOfLegacyAloneAreNone) {
  for (int i = 0; i < 1'000; ++i) take({{50, 0}, {950, 40}});
  EXPECT_LT(test_.evidence(), kSuspicious);
}

TEST_F(Increase, FailuresOfTheMonolithAloneAre) {
  for (int i = 0; i < 20; ++i) take({{50, 1}, {950, 0}});
  EXPECT_GE(test_.evidence(), kCertain);
}

TEST_F(Increase, MayBeginAfterAnyTime) {
  for (int i = 0; i < 10'000; ++i) take({{50, 1}, {950, 19}});
  ASSERT_LT(test_.evidence(), kSuspicious);
  int batches = 0;
  while (test_.evidence() < kCertain && batches < 1'000) {
    take({{50, 3}, {950, 19}});
    ++batches;
  }
  EXPECT_LT(batches, 40);
}

TEST_F(Increase, AfterAMillionQuietExchangesOneFailureIsNotSuspicious) {
  for (int i = 0; i < 1'000; ++i) take({{50, 0}, {950, 0}});
  take({{50, 1}, {950, 0}});
  EXPECT_LT(test_.evidence(), kSuspicious);
}

TEST_F(Increase, IsForgottenWhenItIsOver) {
  for (int i = 0; i < 100; ++i) take({{50, 5}, {950, 0}});
  ASSERT_GE(test_.evidence(), kCertain);
  for (int i = 0; i < 3'000; ++i) take({{50, 1}, {950, 19}});
  EXPECT_LT(test_.evidence(), kSuspicious);
}

TEST_F(Increase, ItsSizeIsThatSinceItBegan) {
  for (int i = 0; i < 10'000; ++i) take({{500, 2}, {500, 3}});
  for (int i = 0; i < 10; ++i) take({{500, 15}, {500, 3}});
  EXPECT_NEAR(test_.since().monolith.rate(), 0.03, 0.003);
  EXPECT_NEAR(test_.since().legacy.rate(), 0.006, 0.003);
}

// By chance a few more failures came before; they must not make the increase look small.
TEST_F(Increase, ItsSizeIsNotThatOfAnEarlierStreakOfChance) {
  for (int i = 0; i < 1'000; ++i) take({{500, 2}, {500, 2}});
  for (int i = 0; i < 40; ++i) take({{500, 4}, {500, 2}});
  for (int i = 0; i < 8; ++i) take({{500, 2}, {500, 2}});
  for (int i = 0; i < 5; ++i) take({{500, 15}, {500, 2}});
  EXPECT_GE(test_.since().monolith.rate(), 0.025);
}

TEST_F(Increase, WithoutOneThereIsNoBeginning) {
  for (int i = 0; i < 100; ++i) take({{500, 3}, {500, 3}});
  EXPECT_FALSE(test_.since().comparable());
}

TEST(IncreaseOfHardFailures, FiveOfFiveAtAShareOfATwentiethAreEnough) {
  IncreaseTest test(Prior::all_fails, Recent(Milliseconds(120'000), 1'000));
  SteadyTime now{};
  for (int i = 0; i < 5; ++i) test.take({{1, 1}, {19, 0}}, now += Milliseconds(100));
  EXPECT_GE(test.evidence(), kCertain);
}

TEST(IncreaseOfHardFailures, WithLegacyDownAsWellAreNone) {
  IncreaseTest test(Prior::all_fails, Recent(Milliseconds(120'000), 1'000));
  SteadyTime now{};
  for (int i = 0; i < 1'000; ++i) test.take({{1, 1}, {19, 19}}, now += Milliseconds(100));
  EXPECT_LT(test.evidence(), kSuspicious);
}

TEST(Recent, HoldsOneToTwoGenerations) {
  Recent recent(Milliseconds(1'000), 100);
  SteadyTime now{};
  std::uint64_t largest = 0;
  for (int i = 0; i < 1'000; ++i) {
    recent.add({{10, 1}, {10, 0}}, now += Milliseconds(50));
    largest = std::max(largest, recent.sum().monolith.exchanges);
    if (i > 100) {
      EXPECT_GE(recent.sum().monolith.exchanges, 200U);
    }
  }
  EXPECT_LE(largest, 420U);
}

TEST(Recent, KeepsWhatCameUntilThereIsEnough) {
  Recent recent(Milliseconds(1'000), 100);
  SteadyTime now{};
  for (int i = 0; i < 99; ++i) recent.add({{1, 0}, {1, 0}}, now += Milliseconds(60'000));
  EXPECT_EQ(recent.sum().monolith.exchanges, 99U);
}

}  // namespace
}  // namespace banyan::routing::guard
