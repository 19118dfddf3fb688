#include "routing/ramp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

RampSettings settings() { return {{Share{1'000}, Share{5'000}, kEverybody}, Milliseconds(1'000)}; }

// Nothing speaks against the next step.
RampFacts good() {
  RampFacts facts;
  facts.ready = facts.passed = true;
  return facts;
}

Wait wait_at(Share at, Milliseconds held, const RampFacts& facts) {
  return wait_of({at, held}, settings(), facts);
}

constexpr Milliseconds kHeld{1'000};
constexpr Share kFirst{1'000};

TEST(Ramp, BeginsAtNobodyAndWaitsForReadinessAlone) {
  RampFacts facts = good();
  facts.passed = false;
  EXPECT_EQ(wait_at(kNobody, {}, facts), Wait::nothing);
  facts.ready = false;
  EXPECT_EQ(wait_at(kNobody, {}, facts), Wait::readiness);
}

TEST(Ramp, WaitsForTheHoldThenTheGuardrailThenReadinessThenTheDisk) {
  RampFacts facts;
  facts.durable = false;
  EXPECT_EQ(wait_at(kFirst, kHeld - Milliseconds(1), facts), Wait::hold);
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::guardrail);
  facts.passed = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::readiness);
  facts.ready = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::disk);
  facts.durable = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::nothing);
}

TEST(Ramp, IsStoppedByAPauseAValueSetAtRunTimeADisabledFlagAndARollback) {
  RampFacts facts = good();
  facts.paused = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::paused);
  facts.overridden = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::overridden);
  facts.disabled = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::disabled);
  EXPECT_EQ(wait_at(kNobody, {}, facts), Wait::disabled);
  facts.latched = true;
  EXPECT_EQ(wait_at(kFirst, kHeld, facts), Wait::latched);
  EXPECT_EQ(wait_at(kNobody, {}, facts), Wait::latched);
}

TEST(Ramp, StaysInItsLastStep) {
  EXPECT_EQ(wait_at(kEverybody, kHeld, good()), Wait::finished);
  EXPECT_EQ(next_step(settings(), kEverybody), std::nullopt);
  EXPECT_EQ(step_at(settings(), kEverybody), 3U);
}

TEST(Ramp, GoesThroughItsStepsOneByOne) {
  Share at = kNobody;
  std::size_t step = 0;
  EXPECT_EQ(step_at(settings(), at), step);
  while (const auto next = next_step(settings(), at)) {
    at = *next;
    EXPECT_EQ(step_at(settings(), at), ++step);
    EXPECT_EQ(at, settings().steps[step - 1]);
  }
  EXPECT_EQ(step, 3U);
}

TEST(Ramp, OtherStepsMoveNobodyBackUnlessTheyEndLower) {
  EXPECT_EQ(within(settings(), Share{2'000}), Share{2'000});
  EXPECT_EQ(step_at(settings(), Share{2'000}), 1U);
  EXPECT_EQ(next_step(settings(), Share{2'000}), Share{5'000});
  const RampSettings lower{{Share{1'000}, Share{5'000}}, kHeld};
  EXPECT_EQ(within(lower, kEverybody), Share{5'000});
  EXPECT_EQ(within(lower, Share{5'000}), Share{5'000});
  EXPECT_EQ(within(lower, kNobody), kNobody);
}

TEST(Ramp, EveryWordIsAnother) {
  for (std::size_t a = 0; a < kWaitCount; ++a) {
    EXPECT_NE(to_string(static_cast<Wait>(a)), "unknown");
    for (std::size_t b = 0; b < a; ++b) {
      EXPECT_NE(to_string(static_cast<Wait>(a)), to_string(static_cast<Wait>(b)));
    }
  }
}

// Six standard deviations of a binomial distribution for each of a thousand steps: wrong once in
// 500,000 runs.
TEST(Ramp, From0To100By0_1MovesNoneOfAHundredThousandKeysBackAndTakesTheStatedShare) {
  constexpr int kKeys = 100'000;
  std::mt19937_64 random = test::seeded_random();
  std::vector<std::uint32_t> buckets;
  const std::uint64_t first = random();
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "user-" + std::to_string(first + static_cast<std::uint64_t>(i));
    buckets.push_back(bucket_of("orders", key));
  }
  RampSettings fine{{}, kHeld};
  for (std::uint32_t step = 100; step <= kBuckets; step += 100) fine.steps.push_back(Share{step});
  ASSERT_EQ(fine.steps.size(), kRampStepsMax);

  std::vector<bool> was_on_the_monolith(kKeys, false);
  RampState state;
  while (wait_of({state.at, kHeld}, fine, good()) == Wait::nothing) {
    state.at = *next_step(fine, state.at);
    int monolith = 0, back = 0;
    for (int i = 0; i < kKeys; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const bool is_on_it = arm_of(buckets[k], state.at) == Arm::monolith;
      back += was_on_the_monolith[k] && !is_on_it ? 1 : 0;
      monolith += is_on_it ? 1 : 0;
      was_on_the_monolith[k] = is_on_it;
    }
    const double p = state.at.millipercent / static_cast<double>(kBuckets);
    ASSERT_EQ(back, 0) << "at " << state.at.millipercent;
    ASSERT_NEAR(monolith, kKeys * p, 6 * std::sqrt(kKeys * p * (1 - p))) << state.at.millipercent;
  }
  EXPECT_EQ(state.at, kEverybody);
  EXPECT_EQ(std::count(was_on_the_monolith.begin(), was_on_the_monolith.end(), false), 0);
}

}  // namespace
}  // namespace banyan::routing
