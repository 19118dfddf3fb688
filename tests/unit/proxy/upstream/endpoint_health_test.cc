#include "proxy/upstream/endpoint_health.h"

#include <gtest/gtest.h>

namespace banyan::upstream {
namespace {

const SteadyTime kNow{Milliseconds(1'000'000)};

void fail(EndpointHealth& health, int times) {
  for (int i = 0; i < times; ++i) health.on_connect_failed(kNow);
}

TEST(EndpointHealth, FiveFailuresInARowTakeAnEndpointOut) {
  EndpointHealth health;
  fail(health, 4);
  EXPECT_TRUE(health.healthy());
  EXPECT_TRUE(health.may_try(kNow));
  fail(health, 1);
  EXPECT_FALSE(health.healthy());
  EXPECT_FALSE(health.may_try(kNow + Milliseconds(999)));
  EXPECT_TRUE(health.may_try(kNow + Milliseconds(1'000)));
}

TEST(EndpointHealth, ASuccessInBetweenStartsTheCountAnew) {
  EndpointHealth health;
  fail(health, 4);
  health.on_connected();
  fail(health, 4);
  EXPECT_TRUE(health.healthy());
}

TEST(EndpointHealth, TheTimeUntilTheNextTryDoublesUpToThirtySeconds) {
  EndpointHealth health;
  fail(health, 4);
  SteadyTime now = kNow;
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30, 30}) {
    health.on_connect_failed(now);
    EXPECT_EQ(health.retry_at(), now + Milliseconds(seconds * 1'000));
    now = health.retry_at();
  }
}

TEST(EndpointHealth, ConnectsThatWereUnderWayDoNotProlongTheTimeOut) {
  EndpointHealth health;
  fail(health, 10);
  EXPECT_EQ(health.retry_at(), kNow + Milliseconds(1'000));
}

TEST(EndpointHealth, TheRuleIsTheUpstreams) {
  EndpointHealth health(config::PassiveHealth{
      .unhealthy_after = 2, .retry_after = Milliseconds(50), .retry_after_max = Milliseconds(70)});
  fail(health, 1);
  EXPECT_TRUE(health.healthy());
  SteadyTime now = kNow;
  for (const int wait : {50, 70, 70}) {
    health.on_connect_failed(now);
    EXPECT_FALSE(health.healthy());
    EXPECT_EQ(health.retry_at(), now + Milliseconds(wait));
    now = health.retry_at();
  }
}

TEST(EndpointHealth, AReloadedRuleCountsFromTheNextFailure) {
  EndpointHealth health;
  fail(health, 3);
  health.set_rule(
      {.unhealthy_after = 4, .retry_after = Milliseconds(20), .retry_after_max = Milliseconds(20)});
  EXPECT_TRUE(health.healthy());
  fail(health, 1);
  EXPECT_FALSE(health.healthy());
  EXPECT_EQ(health.retry_at(), kNow + Milliseconds(20));
}

TEST(EndpointHealth, ARecoveredEndpointBeginsAgainWithOneSecond) {
  EndpointHealth health;
  fail(health, 9);
  health.on_connected();
  EXPECT_TRUE(health.healthy());
  EXPECT_TRUE(health.may_try(kNow));
  fail(health, 5);
  EXPECT_EQ(health.retry_at(), kNow + Milliseconds(1'000));
}

}  // namespace
}  // namespace banyan::upstream
