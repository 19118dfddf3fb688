#include "shadow/noise/reask_budget.h"

#include <gtest/gtest.h>

namespace banyan::shadow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ReaskBudgetTest : ::testing::Test {
  int taken(Need need, SteadyTime at, std::uint64_t exchanges) {
    int count = 0;
    while (budget.take(need, at, exchanges)) ++count;
    return count;
  }
  ReaskBudget budget{{.per_second = 5, .share = 0.01}};
  SteadyTime start{seconds(100)};
};

TEST_F(ReaskBudgetTest, BothPursesAreFullAtFirst) { EXPECT_EQ(taken(Need::decides, start, 0), 10); }

TEST_F(ReaskBudgetTest, TimeAloneDoesNotFillIt) {
  EXPECT_EQ(taken(Need::decides, start, 0), 10);
  EXPECT_EQ(taken(Need::decides, start + seconds(60), 0), 0);
  EXPECT_EQ(taken(Need::decides, start + seconds(60), 100), 1);
  EXPECT_EQ(taken(Need::decides, start + seconds(60), 100'000), 9);
}

TEST_F(ReaskBudgetTest, ExchangesAloneDoNotFillIt) {
  EXPECT_EQ(taken(Need::decides, start, 0), 10);
  EXPECT_EQ(taken(Need::decides, start, 100'000), 0);
  EXPECT_EQ(taken(Need::decides, start + milliseconds(400), 100'000), 2);
}

TEST_F(ReaskBudgetTest, WhoNeedsItLessLeavesSomething) {
  EXPECT_EQ(taken(Need::refreshes, start, 0), 2);
  EXPECT_EQ(taken(Need::confirms, start, 0), 3);
  EXPECT_EQ(taken(Need::decides, start, 0), 5);
}

TEST_F(ReaskBudgetTest, NothingIsAskedWhereEitherIsZero) {
  budget = ReaskBudget({.per_second = 0, .share = 1});
  EXPECT_EQ(taken(Need::decides, start, 1'000), 0);
  budget = ReaskBudget({.per_second = 5, .share = 0});
  EXPECT_EQ(taken(Need::decides, start, 1'000), 0);
}

TEST_F(ReaskBudgetTest, ASlowRateStillHasOne) {
  budget = ReaskBudget({.per_second = 1.0 / 3'600, .share = 1});
  EXPECT_EQ(taken(Need::decides, start, 0), 1);
  EXPECT_EQ(taken(Need::decides, start + std::chrono::minutes(59), 9), 0);
  EXPECT_EQ(taken(Need::decides, start + std::chrono::minutes(61), 9), 1);
}

}  // namespace
}  // namespace banyan::shadow
