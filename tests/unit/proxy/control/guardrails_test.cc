#include "proxy/control/guardrails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace banyan::control {
namespace {

using observe::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GuardrailsTest : public testing::Test {
 protected:
  GuardrailsTest() {
    snapshot_.upstreams.resize(2);
    snapshot_.upstreams[0].name = "legacy";
    snapshot_.upstreams[1].name = "monolith";
    add("orders", "shop");
    add("cart", "shop");
    add("search", "search");
    guardrails_.adopt(snapshot_, now_);
  }

  void add(const std::string& name, const std::string& flag) {
    config::Migration& made = snapshot_.migrations.emplace_back();
    made.name = name;
    made.flag = flag;
    made.monolith = 1;
  }

  observe::MigrationStats& stats(const std::string& name, std::size_t worker = 0) {
    return stats_.worker(worker).migration(stats_.migration_slot(name));
  }
  void serve(const std::string& name, Arm arm, int exchanges, int failures,
             std::size_t worker = 0) {
    observe::MigrationStats& counts = stats(name, worker);
    for (int i = 0; i < exchanges; ++i) {
      const bool failed = i < failures;
      counts.of(arm, Role::primary).requests[observe::code_class(failed ? 500 : 200)].add();
      counts.of(arm, Role::primary).duration.observe(std::chrono::milliseconds(5));
      if (failed) counts.failures.count(arm, Failure::answer, ++key_, 1);
    }
  }
  std::vector<Guardrails::Trip> look() {
    return guardrails_.look([this](const std::string& name) { return latched_.contains(name); },
                            now_ += kGuardrailPause);
  }
  std::string outcome(const std::string& name) { return guardrails_.shown(name)["outcome"]; }
  std::vector<Guardrails::Trip> until_it_trips(const std::string& name) {
    for (int i = 0; i < 100; ++i) {
      serve(name, Arm::monolith, 20, 10, static_cast<std::size_t>(i % 2));
      serve(name, Arm::legacy, 180, 1, static_cast<std::size_t>(i % 2));
      if (auto trips = look(); !trips.empty()) return trips;
    }
    return {};
  }

  observe::StatsRegistry stats_{2};
  Guardrails guardrails_{stats_};
  config::Snapshot snapshot_;
  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
  std::set<std::string> latched_;
  std::uint32_t key_ = 0;
};

TEST_F(GuardrailsTest, AddsUpTheCountersOfAllWorkersAndSaysWhatToTakeBack) {
  const auto trips = until_it_trips("orders");
  ASSERT_EQ(trips.size(), 1U);
  EXPECT_EQ(trips[0].migration, "orders");
  EXPECT_THAT(trips[0].migrations, ElementsAre("orders", "cart"));
  EXPECT_THAT(trips[0].reason, HasSubstr("orders: failures: 5"));
  EXPECT_EQ(trips[0].evidence["cause"], "errors");
  EXPECT_EQ(outcome("orders"), "roll_back");
  EXPECT_EQ(outcome("cart"), "inconclusive");
}

TEST_F(GuardrailsTest, OneThatTakesBackItselfAloneNamesNobodyElse) {
  snapshot_.migrations[0].guardrail->on_trip = routing::guard::OnTrip::migration;
  guardrails_.adopt(snapshot_, now_);
  const auto trips = until_it_trips("orders");
  ASSERT_EQ(trips.size(), 1U);
  EXPECT_THAT(trips[0].migrations, ElementsAre("orders"));
}

TEST_F(GuardrailsTest, OneThatIsOffIsNotLookedAt) {
  snapshot_.migrations[0].guardrail.reset();
  guardrails_.adopt(snapshot_, now_);
  EXPECT_THAT(until_it_trips("orders"), IsEmpty());
  EXPECT_TRUE(guardrails_.shown("orders").is_null());
}

TEST_F(GuardrailsTest, TellsATripOnceAndBeginsAfreshWhenItIsRearmed) {
  ASSERT_EQ(until_it_trips("orders").size(), 1U);
  latched_.insert("orders");
  EXPECT_THAT(until_it_trips("orders"), IsEmpty());
  latched_.clear();
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(outcome("orders"), "inconclusive");
  EXPECT_EQ(until_it_trips("orders").size(), 1U);
}

TEST_F(GuardrailsTest, WhatWasCountedBeforeItBeganIsNotItsOwn) {
  serve("late", Arm::monolith, 1'000, 1'000);
  serve("late", Arm::legacy, 1'000, 0);
  add("late", "late");
  guardrails_.adopt(snapshot_, now_);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(outcome("late"), "inconclusive");
}

TEST_F(GuardrailsTest, AReloadThatChangesNothingOfItLetsItGoOn) {
  serve("orders", Arm::monolith, 500, 0);
  serve("orders", Arm::legacy, 500, 0);
  look();
  ASSERT_EQ(outcome("orders"), "hold");
  guardrails_.adopt(snapshot_, now_);
  EXPECT_EQ(outcome("orders"), "hold");
  snapshot_.migrations[0].epoch = "2";
  guardrails_.adopt(snapshot_, now_);
  EXPECT_EQ(outcome("orders"), "inconclusive");
}

TEST_F(GuardrailsTest, SleepsWithoutTrafficUntilAnExchangeWakesIt) {
  look();
  EXPECT_FALSE(stats("orders").unwatched);
  for (int i = 0; i < kQuietLooks; ++i) look();
  EXPECT_FALSE(guardrails_.due());
  EXPECT_TRUE(stats("orders", 0).unwatched);
  EXPECT_TRUE(stats("search", 1).unwatched);
  guardrails_.wake(now_);
  EXPECT_TRUE(guardrails_.due());
  EXPECT_FALSE(stats("orders", 0).unwatched);
  EXPECT_FALSE(stats("search", 1).unwatched);
}

TEST_F(GuardrailsTest, DoesNotSleepWhileSomethingIsServed) {
  for (int i = 0; i < 5 * kQuietLooks; ++i) {
    serve("cart", Arm::legacy, 1, 0);
    look();
  }
  EXPECT_TRUE(guardrails_.due());
}

TEST_F(GuardrailsTest, WithoutAGuardrailThereIsNothingToLookAt) {
  for (config::Migration& m : snapshot_.migrations) m.guardrail.reset();
  guardrails_.adopt(snapshot_, now_);
  EXPECT_FALSE(guardrails_.due());
  guardrails_.wake(now_);
  EXPECT_FALSE(guardrails_.due());
}

TEST_F(GuardrailsTest, CopiesThatLegacyAnsweredStandInWhereItServesNobody) {
  for (int i = 0; i < 100; ++i) {
    serve("orders", Arm::monolith, 20, i < 50 ? 0 : 10);
    auto& copies = stats("orders").of(Arm::legacy, Role::shadow);
    for (int n = 0; n < 20; ++n) copies.requests[observe::code_class(200)].add();
    if (look().empty()) continue;
    EXPECT_GE(i, 50);
    return;
  }
  FAIL() << "it did not trip";
}

TEST_F(GuardrailsTest, SlownessIsSeenInTheCountersOfDurations) {
  snapshot_.migrations[0].guardrail->window = Milliseconds(1'000);
  guardrails_.adopt(snapshot_, now_);
  for (int i = 0; i < 400; ++i) {
    serve("orders", Arm::monolith, 20, 0);
    serve("orders", Arm::legacy, 180, 0);
    if (i >= 100) {
      auto& monolith = stats("orders").of(Arm::monolith, Role::primary);
      for (int n = 0; n < 20; ++n) {
        monolith.requests[observe::code_class(200)].add();
        monolith.duration.observe(std::chrono::milliseconds(50));
      }
    }
    if (const auto trips = look(); !trips.empty()) {
      EXPECT_EQ(trips[0].evidence["cause"], "latency");
      EXPECT_THAT(trips[0].reason, HasSubstr("slower than"));
      return;
    }
  }
  FAIL() << "it did not trip";
}

TEST_F(GuardrailsTest, MismatchesAreCountedInTheirDirection) {
  const auto mismatch = static_cast<std::size_t>(shadow::Verdict::mismatch);
  for (int i = 0; i < 200; ++i) {
    serve("orders", Arm::monolith, 20, 0);
    serve("orders", Arm::legacy, 180, 0);
    auto& counts = stats_.comparison().migration(stats_.migration_slot("orders"));
    counts.comparisons[static_cast<std::size_t>(Arm::legacy)][mismatch].add(10);
    if (i >= 100) counts.comparisons[static_cast<std::size_t>(Arm::monolith)][mismatch].add(10);
    if (const auto trips = look(); !trips.empty()) {
      EXPECT_GE(i, 100);
      EXPECT_EQ(trips[0].evidence["cause"], "mismatches");
      return;
    }
  }
  FAIL() << "it did not trip";
}

}  // namespace
}  // namespace banyan::control
