#include "proxy/comparison/comparison_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace banyan::comparison {
namespace {

using shadow::Verdict;

struct ComparisonPoolTest : ::testing::Test {
  ComparisonPoolTest() {
    config::Migration migration;
    migration.name = "orders";
    auto made = std::make_shared<config::Snapshot>();
    made->migrations.push_back(migration);
    snapshot = made;
  }

  std::unique_ptr<Job> job(std::string_view legacy, std::string_view monolith) {
    auto j = std::make_unique<Job>();
    j->snapshot = snapshot;
    j->stats = &stats;
    j->pair.method = "GET";
    j->pair.target = "/orders/1";
    j->pair.legacy.status = j->pair.monolith.status = 200;
    j->pair.legacy.body = legacy;
    j->pair.monolith.body = monolith;
    j->left = Reservation(ledger, process, {1'000, 1'000'000, 1'000'000});
    EXPECT_TRUE(j->left.grow(legacy.size()));
    return j;
  }
  std::int64_t count(Verdict verdict) const {
    const auto to_monolith = static_cast<std::size_t>(Arm::monolith);
    return stats.comparisons[to_monolith][static_cast<std::size_t>(verdict)].read();
  }
  std::int64_t all() const {
    std::int64_t sum = 0;
    for (const auto& direction : stats.comparisons) {
      for (const auto& c : direction) sum += c.read();
    }
    return sum;
  }

  std::shared_ptr<const config::Snapshot> snapshot;
  observe::MigrationStats stats;
  Ledger ledger;
  Ledger process;
  shadow::DifferenceTable table;
};

TEST_F(ComparisonPoolTest, WorksOffWhatIsQueuedBeforeItEnds) {
  {
    ComparisonPool pool(1, table);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.offer(0, job("a", i % 2 == 0 ? "a" : "b")));
  }
  EXPECT_EQ(count(Verdict::match), 50);
  EXPECT_EQ(count(Verdict::mismatch), 50);
  EXPECT_EQ(ledger.bytes, 0U);
  EXPECT_EQ(table.report().at(0).to_monolith[static_cast<std::size_t>(Verdict::match)], 50U);
}

// Offered just before the end, while the thread may be finding its rings empty.
TEST_F(ComparisonPoolTest, LosesNoPairOfferedJustBeforeTheEnd) {
  constexpr int kPools = 400;
  for (int i = 0; i < kPools; ++i) {
    ComparisonPool pool(1, table);
    for (int spin = 0; spin < i % 50 * 20; ++spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    ASSERT_TRUE(pool.offer(0, job("a", "a")));
  }
  EXPECT_EQ(all(), kPools);
}

TEST_F(ComparisonPoolTest, ASleepingThreadIsWoken) {
  ComparisonPool pool(2, table);
  for (int i = 1; i <= 200; ++i) {
    ASSERT_TRUE(pool.offer(static_cast<std::size_t>(i % 2), job("a", "a")));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (all() < i && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    ASSERT_EQ(all(), i);
  }
}

TEST_F(ComparisonPoolTest, AFullRingRefusesAndTheMemoryComesBack) {
  {
    ComparisonPool pool(1, table);
    int refused = 0;
    // Large pairs keep the thread busy.
    const std::string large(900, 'x');
    for (int i = 0; i < 200'000 && refused == 0; ++i) {
      if (!pool.offer(0, job(large, large + 'y'))) ++refused;
    }
    EXPECT_EQ(refused, 1);
    EXPECT_LE(ledger.bytes, (ComparisonPool::kRingSlots + 1) * 900);
  }
  EXPECT_EQ(ledger.bytes, 0U);
}

TEST_F(ComparisonPoolTest, WorkersOfferAtTheSameTime) {
  constexpr int kJobs = 500;
  {
    ComparisonPool pool(3, table);
    std::vector<std::thread> workers;
    for (std::size_t w = 0; w < 3; ++w) {
      workers.emplace_back([&, w] {
        for (int i = 0; i < kJobs; ++i) {
          while (!pool.offer(w, job("a", "a"))) std::this_thread::yield();
        }
      });
    }
    for (std::thread& t : workers) t.join();
  }
  EXPECT_EQ(all(), 3 * kJobs);
}

TEST_F(ComparisonPoolTest, ASettledPairIsCountedWithoutBeingCompared) {
  {
    ComparisonPool pool(1, table);
    auto settled = job("a", "these bodies are not looked at");
    settled->settled = true;
    ASSERT_TRUE(pool.offer(0, std::move(settled)));
  }
  EXPECT_EQ(count(Verdict::match), 1);
}

}  // namespace
}  // namespace banyan::comparison
