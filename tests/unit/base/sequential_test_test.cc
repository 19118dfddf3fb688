#include "base/sequential_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/support/seed.h"

namespace banyan {
namespace {

constexpr double kGoal = 0.001;
constexpr double kAlpha = 0.05;
constexpr int kRuns = 1'000;
constexpr std::uint64_t kLook = 100;  // requests between two looks
constexpr std::uint64_t kRunMax = 100'000;

TEST(SequentialTest, WithoutTrialsNothingIsKnown) {
  const SequentialTest test(kGoal, kAlpha);
  EXPECT_EQ(test.judge({}), Readiness::inconclusive);
  EXPECT_EQ(test.upper({}), 1);
  EXPECT_EQ(test.lower({}), 0);
}

TEST(SequentialTest, CleanTrialsBecomeReadyAtTheStatedCount) {
  for (const double goal : {0.00001, 0.001, 0.005, 0.1, 0.5}) {
    const SequentialTest test(goal, kAlpha);
    const auto more = test.more_clean({});
    ASSERT_TRUE(more.has_value());
    EXPECT_EQ(test.judge({0, *more - 1}), Readiness::inconclusive) << goal;
    EXPECT_EQ(test.judge({0, *more}), Readiness::ready) << goal;
    EXPECT_EQ(test.more_clean({0, *more}), 0U);
    EXPECT_EQ(test.more_clean({0, *more / 2}), *more - *more / 2);
  }
  // As docs/reports.md has it.
  EXPECT_EQ(SequentialTest(kGoal, kAlpha).more_clean({}), 4'543U);
}

TEST(SequentialTest, AfterEventsTheStatedCountHoldsToo) {
  const SequentialTest test(kGoal, kAlpha);
  for (const std::uint64_t events : {1U, 2U, 10U, 1'000U}) {
    const auto more = test.more_clean({events, 2'000});
    ASSERT_TRUE(more.has_value()) << events;
    EXPECT_NE(test.judge({events, 2'000 + *more - 1}), Readiness::ready) << events;
    EXPECT_EQ(test.judge({events, 2'000 + *more}), Readiness::ready) << events;
  }
}

TEST(SequentialTest, TheIntervalAgreesWithTheJudgement) {
  const SequentialTest test(kGoal, kAlpha);
  for (std::uint64_t trials = 1; trials < 1'000'000'000; trials = trials * 3 + 1) {
    for (std::uint64_t events = 0; events <= trials; events = events * 2 + 1) {
      const RateCounts counts{events, trials};
      const double lower = test.lower(counts), upper = test.upper(counts);
      const double share = static_cast<double>(events) / static_cast<double>(trials);
      EXPECT_LE(lower, share);
      EXPECT_GE(upper, share);
      const Readiness expected = upper < kGoal   ? Readiness::ready
                                 : lower > kGoal ? Readiness::not_ready
                                                 : Readiness::inconclusive;
      EXPECT_EQ(test.judge(counts), expected) << events << " of " << trials;
    }
  }
}

TEST(SequentialTest, StaysFiniteForCountsThatNobodyReaches) {
  const SequentialTest test(kGoal, kAlpha);
  constexpr std::uint64_t kMany = 1'000'000'000'000;
  EXPECT_EQ(test.judge({kMany / 2'000, kMany}), Readiness::ready);
  EXPECT_EQ(test.judge({kMany / 500, kMany}), Readiness::not_ready);
  EXPECT_EQ(test.judge({kMany, kMany}), Readiness::not_ready);
  EXPECT_NEAR(test.upper({kMany / 2'000, kMany}), 0.0005, 0.000001);
}

TEST(SequentialTest, AMonolithThatHangsOnThreePercentIsSoonNotReady) {
  std::mt19937_64 random = test::seeded_random();
  std::bernoulli_distribution hangs(0.03);
  const SequentialTest test(kGoal, kAlpha);
  for (int run = 0; run < kRuns; ++run) {
    RateCounts counts;
    while (counts.trials < 3'000) {
      counts.events += hangs(random) ? 1U : 0U;
      ++counts.trials;
    }
    EXPECT_EQ(test.judge(counts), Readiness::not_ready) << counts.events;
  }
}

// How many of kRuns ever say `wanted` where the true rate is `rate`.
int ever(Readiness wanted, double rate, std::mt19937_64& random) {
  std::binomial_distribution<std::uint64_t> events(kLook, rate);
  const SequentialTest test(kGoal, kAlpha);
  int runs = 0;
  for (int run = 0; run < kRuns; ++run) {
    RateCounts counts;
    bool seen = false;
    while (!seen && counts.trials < kRunMax) {
      counts.events += events(random);
      counts.trials += kLook;
      seen = test.judge(counts) == wanted;
    }
    runs += seen ? 1 : 0;
  }
  return runs;
}

TEST(SequentialTest, AtATrueRateEqualToTheGoalAtMostOneRunInTwentyEverPasses) {
  std::mt19937_64 random = test::seeded_random();
  const int passed = ever(Readiness::ready, kGoal, random);
  const int failed = ever(Readiness::not_ready, kGoal, random);
  std::cout << passed << " of " << kRuns << " passed, " << failed << " failed\n";
  EXPECT_LE(passed, kRuns / 20);
  EXPECT_LE(failed, kRuns / 20);
}

TEST(SequentialTest, BelowTheGoalMostRunsPassAndAboveMostDoNot) {
  std::mt19937_64 random = test::seeded_random();
  const int passed = ever(Readiness::ready, kGoal / 2, random);
  const int failed = ever(Readiness::not_ready, kGoal * 2, random);
  std::cout << passed << " of " << kRuns << " passed at half the goal, " << failed
            << " failed at twice the goal\n";
  EXPECT_GT(passed, kRuns * 9 / 10);
  EXPECT_GT(failed, kRuns * 9 / 10);
}

TEST(ClopperPearson, IsTheRuleOfThreeWithoutEvents) {
  EXPECT_NEAR(clopper_pearson_upper({0, 1'000}, 0.05), 1 - std::pow(0.05, 0.001), 1e-9);
  EXPECT_EQ(clopper_pearson_upper({}, 0.05), 1);
  EXPECT_EQ(clopper_pearson_upper({7, 7}, 0.05), 1);
}

TEST(ClopperPearson, AgreesWithTables) {
  // R: qbeta(0.95, 6, 95) and qbeta(0.95, 2, 9)
  EXPECT_NEAR(clopper_pearson_upper({5, 100}, 0.05), 0.1022535, 1e-6);
  EXPECT_NEAR(clopper_pearson_upper({1, 10}, 0.05), 0.3941633, 1e-6);
}

}  // namespace
}  // namespace banyan
