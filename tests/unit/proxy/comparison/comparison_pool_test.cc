#include "proxy/comparison/comparison_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace banyan::comparison {
namespace {

using shadow::Verdict;

shadow::EndpointTemplates endpoints(std::initializer_list<std::string_view> texts) {
  shadow::EndpointTemplates templates;
  for (const std::string_view text : texts) {
    shadow::EndpointTemplate made;
    std::string error;
    EXPECT_TRUE(shadow::EndpointTemplate::parse(text, made, error)) << error;
    EXPECT_TRUE(add_template(templates, std::move(made)));
  }
  return templates;
}

struct ComparisonPoolTest : ::testing::Test {
  ComparisonPoolTest() {
    set([](config::Migration&) {});
  }
  // A configuration that is the usual one but for what `change` does to its migration.
  void set(auto change) {
    config::Migration migration;
    migration.name = "orders";
    migration.comparing.cpu_millipercent = 100'000;
    change(migration);
    auto made = std::make_shared<config::Snapshot>();
    made->migrations.push_back(std::move(migration));
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

// Of one migration, by several threads: what they count adds up, and they keep out of each other's
// way.
TEST_F(ComparisonPoolTest, SeveralThreadsCountWhatOneWould) {
  constexpr int kJobs = 600;
  set([](config::Migration& migration) {
    migration.comparing = {.threads = 4, .cpu_millipercent = 100'000};
    migration.compare.endpoints = endpoints({"/orders/{name}"});
  });
  {
    ComparisonPool pool(2, table);
    pool.make_room_for(*snapshot);
    std::vector<std::thread> workers;
    for (std::size_t w = 0; w < 2; ++w) {
      workers.emplace_back([&, w] {
        for (int i = 0; i < kJobs; ++i) {
          const auto made = [&] {
            return job(R"({"a":1,"b":[1,2,3]})",
                       i % 3 == 0 ? R"({"a":2,"b":[1,2,3]})" : R"({"b":[1,2,3],"a":1})");
          };
          while (!pool.offer(w, made())) std::this_thread::yield();
        }
      });
    }
    for (std::thread& t : workers) t.join();
  }
  EXPECT_EQ(count(Verdict::mismatch), 2 * kJobs / 3);
  EXPECT_EQ(count(Verdict::match), 4 * kJobs / 3);
  EXPECT_EQ(ledger.bytes, 0U);
  const auto report = table.report();
  ASSERT_EQ(report.at(0).endpoints.size(), 1U);
  EXPECT_EQ(report[0].endpoints[0].endpoint, "GET /orders/{name}");
  ASSERT_EQ(report[0].endpoints[0].places.size(), 1U);
  EXPECT_EQ(report[0].endpoints[0].places[0].path, "$.a");
  EXPECT_EQ(report[0].endpoints[0].places[0].count, 2U * kJobs / 3);
}

TEST_F(ComparisonPoolTest, AReloadAddsThreads) {
  ComparisonPool pool(1, table);
  ASSERT_TRUE(pool.offer(0, job("a", "a")));
  set([](config::Migration& migration) { migration.comparing.threads = 3; });
  pool.make_room_for(*snapshot);
  pool.make_room_for(*snapshot);
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(pool.offer(0, job("a", "a")));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (all() < 10 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(count(Verdict::match), 10);
}

// Equal pairs alone would make a mismatch rate that is too low, and a readiness that is wrong.
TEST_F(ComparisonPoolTest, OverTheBudgetNoPairIsLookedAtEqualOrNotAndAllAreCounted) {
  set([](config::Migration& migration) { migration.comparing.cpu_millipercent = 0; });
  {
    ComparisonPool pool(1, table);
    ASSERT_TRUE(pool.offer(0, job("a", "b")));
    ASSERT_TRUE(pool.offer(0, job("a", "a")));
    auto settled = job("a", "a");
    settled->settled = true;
    ASSERT_TRUE(pool.offer(0, std::move(settled)));
    auto control = job("a", "a");
    control->control = true;
    ASSERT_TRUE(pool.offer(0, std::move(control)));
  }
  EXPECT_EQ(count(Verdict::not_comparable), 3);
  EXPECT_EQ(count(Verdict::match), 0);
  EXPECT_EQ(stats.reask_skipped[static_cast<std::size_t>(shadow::Skip::cpu_budget)].read(), 4);
  const auto report = table.report();
  const auto& reasons =
      report.at(0).endpoints.at(0).tally.reasons[static_cast<std::size_t>(Arm::legacy)];
  EXPECT_EQ(reasons.at("cpu_budget"), 3U);
  EXPECT_TRUE(report[0].endpoints[0].places.empty());
  EXPECT_EQ(ledger.bytes, 0U);
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
