#include "proxy/comparison/cpu_budget.h"

#include <gtest/gtest.h>

namespace banyan::comparison {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{100s};

TEST(CpuBudget, IsFullAtFirstAndFillsWithTime) {
  CpuBudget budget;
  EXPECT_TRUE(budget.has_some(0.2, kStart));
  budget.spend(1999ms);
  EXPECT_TRUE(budget.has_some(0.2, kStart));
  budget.spend(1ms);
  EXPECT_FALSE(budget.has_some(0.2, kStart));
  EXPECT_TRUE(budget.has_some(0.2, kStart + 5ms));
}

TEST(CpuBudget, WhatWasOverIsPaidBackFirst) {
  CpuBudget budget;
  EXPECT_TRUE(budget.has_some(0.2, kStart));
  budget.spend(3s);
  EXPECT_FALSE(budget.has_some(0.2, kStart + 4999ms));
  EXPECT_TRUE(budget.has_some(0.2, kStart + 5001ms));
}

TEST(CpuBudget, NoMoreIsSavedThanForItsTime) {
  CpuBudget budget;
  EXPECT_TRUE(budget.has_some(0.5, kStart));
  EXPECT_TRUE(budget.has_some(0.5, kStart + 1h));
  budget.spend(5s);
  EXPECT_FALSE(budget.has_some(0.5, kStart + 1h));
}

TEST(CpuBudget, ASmallerShareTakesWhatWasSavedForALargerOne) {
  CpuBudget budget;
  EXPECT_TRUE(budget.has_some(1, kStart));
  EXPECT_TRUE(budget.has_some(0.1, kStart));
  budget.spend(1s);
  EXPECT_FALSE(budget.has_some(0.1, kStart));
}

TEST(CpuBudget, NothingIsNothing) {
  CpuBudget budget;
  EXPECT_FALSE(budget.has_some(0, kStart));
  EXPECT_FALSE(budget.has_some(0, kStart + 1h));
}

// A thread that works all the time and may do so.
TEST(CpuBudget, AWholeCoreIsNeverUsedUp) {
  CpuBudget budget;
  for (auto now = kStart; now < kStart + 100s; now += 1s) {
    ASSERT_TRUE(budget.has_some(1, now));
    budget.spend(1s);
  }
}

std::chrono::nanoseconds used{0};
int asked = 0;

struct CpuMeterTest : ::testing::Test {
  CpuMeterTest() {
    used = 0ns;
    asked = 0;
  }
  CpuMeter meter{[] {
    ++asked;
    return used;
  }};
};

TEST_F(CpuMeterTest, SharesOutWhatABatchUsedByHowLongEachTook) {
  ASSERT_TRUE(meter.may_work_for("a", 0.2, kStart));
  ASSERT_TRUE(meter.may_work_for("b", 0.2, kStart));
  meter.begin();
  meter.worked_for("a", kStart, kStart + 3ms);
  meter.begin();
  meter.worked_for("b", kStart + 3ms, kStart + 4ms);
  used = 4s;  // of which a has 3 and b 1
  meter.settle();
  EXPECT_EQ(asked, 2);
  EXPECT_FALSE(meter.may_work_for("a", 0.2, kStart));
  EXPECT_TRUE(meter.may_work_for("b", 0.2, kStart));
}

TEST_F(CpuMeterTest, TimeInWhichTheThreadDidNotRunCostsNothing) {
  ASSERT_TRUE(meter.may_work_for("a", 0.2, kStart));
  meter.begin();
  meter.worked_for("a", kStart, kStart + 1h);
  EXPECT_TRUE(meter.may_work_for("a", 0.2, kStart));
}

TEST_F(CpuMeterTest, ALongBatchIsSettledInBetween) {
  ASSERT_TRUE(meter.may_work_for("a", 0.2, kStart));
  for (int i = 0; i < 10; ++i) {
    meter.begin();
    meter.worked_for("a", kStart, kStart + 1ms);
    used += 1s;
  }
  EXPECT_EQ(asked, 4);
  EXPECT_FALSE(meter.may_work_for("a", 0.2, kStart));
}

TEST_F(CpuMeterTest, NothingIsAskedWhereNothingWasDone) {
  meter.settle();
  meter.settle();
  EXPECT_EQ(asked, 0);
}

TEST(ThreadCpuTime, Grows) {
  const auto before = thread_cpu_time();
  while (thread_cpu_time() == before) {
  }
  EXPECT_GT(thread_cpu_time(), before);
}

}  // namespace
}  // namespace banyan::comparison
