#include "routing/guard/guardrail.h"

#include <gtest/gtest.h>

#include <limits>

namespace banyan::routing::guard {
namespace {

class GuardrailTest : public testing::Test {
 protected:
  void look(ArmLook monolith, ArmLook legacy, Tally shadow = {}, Tally mismatches = {}) {
    guardrail_->take({now_ += Milliseconds(100), monolith, legacy, shadow, mismatches});
  }
  void repeat(int times, ArmLook monolith, ArmLook legacy) {
    for (int i = 0; i < times; ++i) look(monolith, legacy);
  }
  void with(const Settings& settings) { guardrail_.emplace(settings); }
  Cause cause() const { return guardrail_->trip().value().cause; }

  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
  std::optional<Guardrail> guardrail_{Settings{}};
};

constexpr ArmLook kHealthy10{10, 0, 0, 0};
constexpr ArmLook kHealthy190{190, 0, 0, 0};

TEST_F(GuardrailTest, IsInconclusiveUntilTheMonolithServedEnough) {
  EXPECT_EQ(guardrail_->outcome(), Outcome::inconclusive);
  repeat(19, kHealthy10, kHealthy190);
  EXPECT_EQ(guardrail_->outcome(), Outcome::inconclusive);
  look(kHealthy10, kHealthy190);
  EXPECT_EQ(guardrail_->outcome(), Outcome::hold);
}

TEST_F(GuardrailTest, IsInconclusiveAgainAfterAWindowWithoutTheMonolith) {
  repeat(30, kHealthy10, kHealthy190);
  ASSERT_EQ(guardrail_->outcome(), Outcome::hold);
  repeat(400, {}, kHealthy190);
  look(kHealthy10, kHealthy190);
  EXPECT_EQ(guardrail_->outcome(), Outcome::inconclusive);
}

TEST_F(GuardrailTest, RollsBackForErrors) {
  repeat(50, kHealthy10, kHealthy190);
  repeat(30, {10, 5, 5, 0}, kHealthy190);
  EXPECT_EQ(guardrail_->outcome(), Outcome::roll_back);
  EXPECT_EQ(cause(), Cause::errors);
  EXPECT_GT(guardrail_->trip()->counts.monolith.rate(), 0.4);
  EXPECT_GE(guardrail_->trip()->evidence, certainty_of(Cause::errors));
}

TEST_F(GuardrailTest, ErrorsWaitForMinRequestsHardFailuresDoNot) {
  repeat(15, {10, 5, 5, 0}, kHealthy190);
  EXPECT_FALSE(guardrail_->trip());
  with(Settings{});
  repeat(8, {1, 1, 1, 1}, {19, 0, 0, 0});
  ASSERT_TRUE(guardrail_->trip());
  EXPECT_EQ(cause(), Cause::hard_failures);
}

TEST_F(GuardrailTest, AllCausesTogetherAreWrongOnceInAHundredMillionExchanges) {
  double per_exchange = 0;
  for (const Cause cause :
       {Cause::hard_failures, Cause::errors, Cause::latency, Cause::mismatches}) {
    per_exchange += 1 / certainty_of(cause);
  }
  EXPECT_LE(per_exchange, 1e-8);
}

TEST_F(GuardrailTest, StaysTripped) {
  repeat(8, {1, 1, 1, 1}, {19, 0, 0, 0});
  ASSERT_TRUE(guardrail_->trip());
  repeat(10'000, kHealthy10, kHealthy190);
  EXPECT_EQ(guardrail_->outcome(), Outcome::roll_back);
}

TEST_F(GuardrailTest, AnOutageOfBothTripsNothing) {
  repeat(200, kHealthy10, kHealthy190);
  repeat(2'000, {10, 3, 3, 1}, {190, 57, 57, 19});
  repeat(2'000, {10, 10, 10, 10}, {190, 190, 190, 190});
  EXPECT_EQ(guardrail_->outcome(), Outcome::hold);
}

TEST_F(GuardrailTest, OneKeysErrorsAreNotEnough) {
  repeat(50, kHealthy10, kHealthy190);
  // It fails all the time, but counts once in a window of 300 looks.
  for (int i = 0; i < 3'000; ++i) look({10, 2, i % 300 == 0 ? 1U : 0U, 0}, kHealthy190);
  EXPECT_FALSE(guardrail_->trip());
}

// One heavy key on legacy and many light ones on the monolith: once per key is no fair count
// either.
TEST_F(GuardrailTest, MoreKeysThatFailAreNotEnoughWhileTheArmsFailEquallyOften) {
  repeat(50, kHealthy10, kHealthy190);
  repeat(3'000, {10, 3, 3, 0}, {190, 57, 1, 0});
  EXPECT_FALSE(guardrail_->trip());
}

TEST_F(GuardrailTest, AnIncreaseBelowTheMarginHolds) {
  repeat(50, {200, 0, 0, 0}, {200, 0, 0, 0});
  // 0.75 % over 0.25 %, without chance.
  for (int i = 0; i < 4'000; ++i) {
    look({200, i % 2 == 0 ? 1U : 2U, i % 2 == 0 ? 1U : 2U, 0}, {200, i % 2 == 0 ? 1U : 0U, 0, 0});
  }
  EXPECT_FALSE(guardrail_->trip());
  EXPECT_EQ(guardrail_->outcome(), Outcome::hold);
}

TEST_F(GuardrailTest, TheMonolithAloneIsHeldAgainstLegacysCopies) {
  for (int i = 0; i < 30; ++i) look({100, 0, 0, 0}, {}, {50, 0});
  EXPECT_EQ(guardrail_->outcome(), Outcome::hold);
  for (int i = 0; i < 30; ++i) look({100, 20, 20, 0}, {}, {50, 0});
  EXPECT_EQ(guardrail_->outcome(), Outcome::roll_back);
}

TEST_F(GuardrailTest, TheMonolithAloneWithoutCopiesSaysNothing) {
  for (int i = 0; i < 1'000; ++i) look({100, 100, 100, 100}, {});
  EXPECT_EQ(guardrail_->outcome(), Outcome::inconclusive);
}

TEST_F(GuardrailTest, RollsBackForMismatches) {
  repeat(30, kHealthy10, kHealthy190);
  for (int i = 0; i < 100; ++i) look(kHealthy10, kHealthy190, {}, {100, 3});
  EXPECT_EQ(guardrail_->outcome(), Outcome::roll_back);
  EXPECT_EQ(cause(), Cause::mismatches);
}

TEST_F(GuardrailTest, MismatchesUpToTheRateHold) {
  repeat(30, kHealthy10, kHealthy190);
  for (int i = 0; i < 1'000; ++i) look(kHealthy10, kHealthy190, {}, {200, 1});
  EXPECT_EQ(guardrail_->outcome(), Outcome::hold);
}

TEST_F(GuardrailTest, MismatchesWhileTheMonolithServesNobodyTakeNothingBack) {
  for (int i = 0; i < 1'000; ++i) look({}, kHealthy190, {}, {100, 100});
  EXPECT_FALSE(guardrail_->trip());
}

class GuardrailLatency : public GuardrailTest {
 protected:
  // A second of both arms: most take 10 ms, some 100 ms.
  void second(std::uint32_t slow_of_monolith, std::uint32_t slow_of_legacy) {
    repeat(10, {20, 0, 0, 0}, {80, 0, 0, 0});
    Durations monolith{}, legacy{};
    monolith[duration_step(10'000)] = 200 - slow_of_monolith;
    monolith[duration_step(100'000)] = slow_of_monolith;
    legacy[duration_step(10'000)] = 800 - slow_of_legacy;
    legacy[duration_step(100'000)] = slow_of_legacy;
    guardrail_->take(monolith, legacy, now_);
  }
};

TEST_F(GuardrailLatency, RollsBackForASlowerMonolith) {
  for (int i = 0; i < 35; ++i) second(0, 1);
  ASSERT_EQ(guardrail_->outcome(), Outcome::hold);
  for (int i = 0; i < 35; ++i) second(10, 1);
  ASSERT_EQ(guardrail_->outcome(), Outcome::roll_back);
  EXPECT_EQ(cause(), Cause::latency);
  EXPECT_GE(guardrail_->trip()->slow, std::chrono::microseconds(15'000));
}

TEST_F(GuardrailLatency, BothSlowIsNoReason) {
  for (int i = 0; i < 35; ++i) second(0, 1);
  for (int i = 0; i < 100; ++i) second(100, 400);
  EXPECT_FALSE(guardrail_->trip());
}

TEST_F(GuardrailLatency, OneShortPauseIsNoReason) {
  for (int i = 0; i < 60; ++i) second(0, 1);
  second(40, 1);
  for (int i = 0; i < 60; ++i) second(0, 1);
  EXPECT_FALSE(guardrail_->trip());
}

TEST_F(GuardrailTest, AStepHasPassedAfterEnoughExchangesOfItsOwn) {
  repeat(100, kHealthy10, kHealthy190);
  guardrail_->begin_step();
  EXPECT_FALSE(guardrail_->step_passed());
  repeat(20, kHealthy10, kHealthy190);
  EXPECT_TRUE(guardrail_->step_passed());
}

// A few refusals, long ago: not forgotten by the test, which looks at failures alone, but over.
TEST_F(GuardrailTest, AStepPassesWhenWhatWasSuspiciousIsOver) {
  repeat(10, {1, 0, 0, 0}, {99, 0, 0, 0});
  for (int i = 0; i < 3; ++i) {
    look({1, 1, 1, 1}, {99, 0, 0, 0});
    repeat(20, {1, 0, 0, 0}, {99, 0, 0, 0});
  }
  ASSERT_FALSE(guardrail_->trip());
  ASSERT_GE(guardrail_->nearest().evidence, kSuspicious);
  guardrail_->begin_step();
  repeat(200, {1, 0, 0, 0}, {99, 0, 0, 0});
  EXPECT_FALSE(guardrail_->step_passed()) << "3 of 273 are too many";
  ASSERT_TRUE(guardrail_->suspicion());
  EXPECT_EQ(guardrail_->suspicion()->cause, Cause::hard_failures);
  repeat(600, {1, 0, 0, 0}, {99, 0, 0, 0});
  ASSERT_GE(guardrail_->nearest().evidence, kSuspicious);
  EXPECT_TRUE(guardrail_->step_passed());
  EXPECT_FALSE(guardrail_->suspicion());
}

TEST_F(GuardrailTest, AStepPassesWithAnIncreaseThatIsAllowed) {
  repeat(50, {200, 0, 0, 0}, {200, 0, 0, 0});
  guardrail_->begin_step();
  // 0.75 % over 0.25 %, without chance.
  for (int i = 0; i < 4'000; ++i) {
    look({200, i % 2 == 0 ? 1U : 2U, i % 2 == 0 ? 1U : 2U, 0}, {200, i % 2 == 0 ? 1U : 0U, 0, 0});
  }
  ASSERT_GE(guardrail_->nearest().evidence, kSuspicious);
  EXPECT_TRUE(guardrail_->step_passed());
  Settings strict;
  strict.max_error_rate_increase = Share{100};
  strict.min_requests = 1'000'000;  // too few to trip
  with(strict);
  repeat(50, {200, 0, 0, 0}, {200, 0, 0, 0});
  for (int i = 0; i < 4'000; ++i) {
    look({200, i % 2 == 0 ? 1U : 2U, i % 2 == 0 ? 1U : 2U, 0}, {200, i % 2 == 0 ? 1U : 0U, 0, 0});
  }
  ASSERT_TRUE(guardrail_->suspicion());
  EXPECT_EQ(guardrail_->suspicion()->cause, Cause::errors);
}

TEST_F(GuardrailTest, CountsThatNoTrafficHasDoNoHarm) {
  const std::uint64_t max = std::numeric_limits<std::uint64_t>::max() / 4;
  look({1, max, max, max}, {1, 0, 0, 0});
  look({max, 0, 0, 0}, {1, max, max, max});
  look({0, 5, 5, 5}, {0, 5, 5, 5});
  repeat(100, kHealthy10, kHealthy190);
  EXPECT_NE(guardrail_->outcome(), Outcome::inconclusive);
}

}  // namespace
}  // namespace banyan::routing::guard
