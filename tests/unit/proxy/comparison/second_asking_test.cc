// Pairs that go back to their worker: here an asker that answers at once.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "proxy/comparison/comparison_pool.h"

namespace banyan::comparison {
namespace {

using shadow::Outcome;
using shadow::Verdict;

struct SecondAskingTest : ::testing::Test {
  SecondAskingTest() {
    config::Migration migration;
    migration.name = "orders";
    migration.asking_again = {.reasks_per_second = 1'000, .reask_millipercent = 100'000};
    auto made = std::make_shared<config::Snapshot>();
    made->migrations.push_back(migration);
    snapshot = made;
  }

  std::unique_ptr<Job> job(std::string legacy, std::string monolith) {
    auto j = std::make_unique<Job>();
    j->snapshot = snapshot;
    j->stats = &stats;
    j->served = &served;
    j->pair.method = "GET";
    j->pair.target = "/orders/1";
    j->pair.legacy.status = j->pair.monolith.status = 200;
    j->pair.legacy.body = std::move(legacy);
    j->pair.monolith.body = std::move(monolith);
    j->repeatable = std::make_shared<Repeatable>();
    return j;
  }
  // Answers in place of a worker, on the comparison thread, as a worker's ring has one writer.
  ComparisonPool::Asker answering(std::string legacy, std::string monolith,
                                  Outcome outcome = Outcome::answered) {
    return [=, this](std::unique_ptr<Job> asked) {
      ++askings;
      asked->second->asked = true;
      asked->second->legacy.status = asked->second->monolith.status = 200;
      asked->second->legacy.body = legacy;
      asked->second->monolith.body = monolith;
      asked->second->legacy.outcome = outcome;
      std::ignore = pool->offer(1, std::move(asked));
    };
  }
  std::int64_t count(Verdict verdict) const {
    const auto to_monolith = static_cast<std::size_t>(Arm::monolith);
    return stats.comparisons[to_monolith][static_cast<std::size_t>(verdict)].read();
  }
  void compare(std::unique_ptr<Job> one) {
    ASSERT_TRUE(pool->offer(0, std::move(one)));
    const auto all = [this] {
      std::int64_t sum = 0;
      for (std::size_t v = 0; v < shadow::kVerdictCount; ++v)
        sum += count(Verdict{static_cast<std::uint8_t>(v)});
      return sum;
    };
    ++expected;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (all() < expected && std::chrono::steady_clock::now() < give_up)
      std::this_thread::yield();
    ASSERT_EQ(all(), expected);
  }

  std::shared_ptr<const config::Snapshot> snapshot;
  observe::MigrationStats stats, served;
  shadow::DifferenceTable table;
  std::atomic<int> askings = 0;
  std::int64_t expected = 0;
  std::unique_ptr<ComparisonPool> pool = std::make_unique<ComparisonPool>(2, table);
};

TEST_F(SecondAskingTest, APairThatDiffersGetsItsVerdictFromTheSecondAnswers) {
  pool->ask_through(0, answering("c", "d"));
  compare(job("a", "b"));
  EXPECT_EQ(count(Verdict::noise), 1);
  pool->ask_through(0, answering("a", "b"));
  auto other = job("a", "b");
  other->pair.target = "/carts/1";
  compare(std::move(other));
  EXPECT_EQ(count(Verdict::mismatch), 1);
  EXPECT_EQ(askings, 2);
}

TEST_F(SecondAskingTest, AnEqualPairIsNotAskedForAgain) {
  pool->ask_through(0, answering("c", "d"));
  compare(job("a", "a"));
  EXPECT_EQ(count(Verdict::match), 1);
  EXPECT_EQ(askings, 0);
}

TEST_F(SecondAskingTest, WhatMayNotBeRepeatedIsNotAskedForAgain) {
  pool->ask_through(0, answering("c", "d"));
  auto unsafe = job("a", "b");
  unsafe->repeatable.reset();
  compare(std::move(unsafe));
  EXPECT_EQ(count(Verdict::mismatch), 1);
  EXPECT_EQ(askings, 0);
}

TEST_F(SecondAskingTest, AnAnswerThatTheMonolithOwesIsAMismatchAtOnce) {
  pool->ask_through(0, answering("c", "d"));
  auto owed = job("a", "");
  owed->pair.monolith.outcome = Outcome::timed_out;
  compare(std::move(owed));
  EXPECT_EQ(count(Verdict::mismatch), 1);
  EXPECT_EQ(askings, 0);
}

TEST_F(SecondAskingTest, WithoutLegacysSecondAnswerNothingCanBeSaid) {
  pool->ask_through(0, answering("c", "d", Outcome::timed_out));
  compare(job("a", "b"));
  EXPECT_EQ(count(Verdict::not_comparable), 1);
}

TEST_F(SecondAskingTest, OnceNobodyAsksWhatDiffersCounts) {
  pool->ask_through(0, answering("c", "d"));
  pool->ask_no_more();
  compare(job("a", "b"));
  EXPECT_EQ(count(Verdict::mismatch), 1);
}

TEST_F(SecondAskingTest, AControlTeachesNoiseAndCountsNothing) {
  for (int i = 0; i < 2; ++i) {
    auto control = job("a", "b");
    control->control = true;
    control->second = std::make_unique<SecondAnswers>();
    control->second->asked = true;
    control->second->legacy.status = 200;
    control->second->legacy.body = "c";
    ASSERT_TRUE(pool->offer(0, std::move(control)));
  }
  compare(job("a", "b"));  // behind them in the ring
  EXPECT_EQ(count(Verdict::noise), 1);
}

}  // namespace
}  // namespace banyan::comparison
