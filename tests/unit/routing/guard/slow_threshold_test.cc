#include "routing/guard/slow_threshold.h"

#include <gtest/gtest.h>

namespace banyan::routing::guard {
namespace {

using std::chrono::microseconds;

Durations of(std::uint64_t us, std::uint32_t count) {
  Durations durations{};
  durations[duration_step(us)] = count;
  return durations;
}

SteadyTime at(int seconds) { return SteadyTime{} + std::chrono::seconds(1'000 + seconds); }

TEST(DurationScale, AStepBeginsWhereTheOneBeforeEnds) {
  for (std::size_t step = 1; step < kDurationSteps; ++step) {
    const auto begin = static_cast<std::uint64_t>(step_begin(step).count());
    EXPECT_EQ(duration_step(begin), step);
    EXPECT_EQ(duration_step(begin - 1), step - 1);
  }
  EXPECT_EQ(duration_step(0), 0U);
  EXPECT_EQ(duration_step(~std::uint64_t{0}), kDurationSteps - 1);
}

TEST(SlowThreshold, IsNotKnownBeforeAWholeWindowOfEnoughExchanges) {
  SlowThreshold threshold(Milliseconds(30'000), 1'500);
  threshold.take(of(10'000, 10'000), at(0));
  EXPECT_FALSE(threshold.step());
  threshold.take(of(10'000, 1), at(29));
  EXPECT_FALSE(threshold.step());
  threshold.take(of(10'000, 1), at(30));
  EXPECT_TRUE(threshold.step());

  SlowThreshold few(Milliseconds(30'000), 1'500);
  few.take(of(10'000, 100), at(0));
  few.take(of(10'000, 99), at(60));
  EXPECT_FALSE(few.step());
  few.take(of(10'000, 1), at(61));
  EXPECT_TRUE(few.step());
}

TEST(SlowThreshold, IsTheRatioOfTheP99AndAtMostAFewStepsAbove) {
  SlowThreshold threshold(Milliseconds(1'000), 1'500);
  Durations durations = of(10'000, 990);
  durations[duration_step(2'000'000)] = 10;  // beyond the p99
  threshold.take({}, at(0));
  threshold.take(durations, at(1));
  ASSERT_TRUE(threshold.step());
  EXPECT_GE(step_begin(*threshold.step()), microseconds(15'000));
  EXPECT_LE(step_begin(*threshold.step()), microseconds(19'000));
}

TEST(SlowThreshold, IsNeverBelowAMillisecond) {
  SlowThreshold threshold(Milliseconds(1'000), 1'500);
  threshold.take({}, at(0));
  threshold.take(of(100, 1'000), at(1));
  ASSERT_TRUE(threshold.step());
  EXPECT_GE(step_begin(*threshold.step()), kSlowMin);
}

TEST(SlowThreshold, FollowsLegacyWindowByWindow) {
  SlowThreshold threshold(Milliseconds(1'000), 1'000);
  threshold.take({}, at(0));
  threshold.take(of(10'000, 1'000), at(1));
  const auto first = threshold.step();
  threshold.take(of(100'000, 1'000), at(2));
  EXPECT_GT(threshold.step(), first);
}

TEST(SlowOnes, AreThoseFromAStepOn) {
  Durations durations = of(1'000, 3);
  durations[duration_step(50'000)] = 4;
  EXPECT_EQ(slow_ones(durations, 0), 7U);
  EXPECT_EQ(slow_ones(durations, duration_step(50'000)), 4U);
  EXPECT_EQ(slow_ones(durations, duration_step(50'000) + 1), 0U);
}

}  // namespace
}  // namespace banyan::routing::guard
