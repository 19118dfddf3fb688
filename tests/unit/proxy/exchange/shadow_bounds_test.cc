// What keeps a shadow away, and that there is never more than one.
#include "tests/unit/proxy/exchange/shadow_fixture.h"

namespace banyan::exchange {
namespace {

class ShadowBoundsTest : public ShadowTest {
 protected:
  config::Shadow& settings() { return *snapshot.migrations[0].shadow; }
  bool nothing_reaches(test::Listening& server) {
    for (int i = 0; i < 20; ++i) test::turn(worker.loop());
    return server.accept() == nullptr;
  }
  // A client of its own is sent to the monolith, which refuses: legacy serves it.
  void fail_at_the_monolith() {
    monolith.close();
    everything_to(Arm::monolith);
    serve();
    auto other = client();
    other->send(get("/orders/other"));
    auto primary = accepted(legacy);
    take_head(*primary);
    primary->send(response("primary"));
    take_until(*other, "primary");
    everything_to(Arm::legacy);
    serve();
  }
};

TEST_F(ShadowBoundsTest, WhatAsksForLessIsSkippedByItsReason) {
  serve();
  exchange("GET /orders/1 HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\n\r\n");
  EXPECT_EQ(skipped(Skip::range), 1);
  exchange("GET /orders/1 HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"a\"\r\n\r\n");
  EXPECT_EQ(skipped(Skip::conditional), 1);
  EXPECT_TRUE(nothing_reaches(monolith));
}

TEST_F(ShadowBoundsTest, TheWayToLegacyMayBeClosed) {
  settings().to_legacy = false;
  everything_to(Arm::monolith);
  serve();
  c = client();
  c->send(get("/orders/1"));
  auto primary = accepted(monolith);
  take_head(*primary);
  primary->send(response("primary"));
  take_until(*c, "primary");
  EXPECT_EQ(skipped(Skip::direction), 1);
  EXPECT_TRUE(nothing_reaches(legacy));
}

TEST_F(ShadowBoundsTest, ABudgetThatIsUsedUpIsOneForAll) {
  serve();
  ledger.bytes = settings().budget_migration;
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::budget), 1);
  ledger.bytes = 0;
  process_ledger.bytes = snapshot.shadow_budget;
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::budget), 2);
  EXPECT_TRUE(nothing_reaches(monolith));
  process_ledger.bytes = 0;
  exchange(get("/orders/1"));
  EXPECT_NE(accepted(monolith), nullptr);
}

// Of the process, in the middle of an answer.
TEST_F(ShadowBoundsTest, AnAnswerThatDoesNotFitIsNotComparable) {
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  const std::uint64_t others = snapshot.shadow_budget - process_ledger.bytes;
  process_ledger.bytes += others;
  copy->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::not_comparable) == 1; }));
  process_ledger.bytes -= others;
  expect_everything_given_back();
}

TEST_F(ShadowBoundsTest, OverMaxConnectionsIsSkippedAndCounted) {
  settings().max_connections = 2;
  serve();
  for (int i = 0; i < 5; ++i) exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::connections), 3);
  EXPECT_EQ(ledger.connections, 2U);
}

// Those that idle somewhere else count as well.
TEST_F(ShadowBoundsTest, ConnectionsOfOthersLeaveNoRoom) {
  settings().max_connections = 2;
  serve();
  ledger.connections = 2;
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::connections), 1);
  EXPECT_TRUE(nothing_reaches(monolith));
  expect_everything_given_back();
  EXPECT_EQ(requests(Arm::monolith, 0, Role::shadow), 0);
  ledger.connections = 1;
  exchange(get("/orders/1"));
  EXPECT_NE(accepted(monolith), nullptr);
}

// ---- one shadow, whatever the retries ---------------------------------------------------------

TEST_F(ShadowBoundsTest, ARetryAfterItWasLaunchedBringsNoSecondOne) {
  auto copy = kept_copy();
  c->send(get("/orders/2"));
  take_head(*up);
  take_head(*copy);  // it is launched
  up->close();
  auto again = accepted(legacy);
  take_head(*again);
  again->send(response("primary"));
  take_until(*c, "primary");
  EXPECT_EQ(upstream(0).retries.read(), 1);
  copy->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 2; }));
  EXPECT_EQ(copy->received(), "");
  EXPECT_TRUE(nothing_reaches(monolith));
  expect_everything_given_back();
}

TEST_F(ShadowBoundsTest, AFallbackBringsNone) {
  monolith.close();
  everything_to(Arm::monolith);
  serve();
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::not_sent), 1);
  EXPECT_TRUE(nothing_reaches(legacy));
  expect_everything_given_back();
}

// ---- the users of the other arm come first ----------------------------------------------------

TEST_F(ShadowBoundsTest, AnUpstreamThatFailsItsUsersGetsNone) {
  serve();
  fail_at_the_monolith();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  EXPECT_EQ(skipped(Skip::strained), 1);
  up->send(response("primary"));
  take_until(*c, "primary");
  run_for(upstream::Cluster::kStrainedFor + Milliseconds(100));
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::strained), 1);
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));  // it still refuses
}

TEST_F(ShadowBoundsTest, WhatWasAdmittedBeforeIsNotLaunchedEither) {
  settings().sampling.methods = {Method::post};
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  up = accepted(legacy);
  take_until(*up, "ab");
  EXPECT_EQ(ledger.in_flight, 1U);
  fail_at_the_monolith();
  c->send("cde");
  take_until(*up, "cde");
  EXPECT_TRUE(run_until([&] { return skipped(Skip::strained) == 1; }));
  up->send(response("primary"));
  take_until(*c, "primary");
  expect_everything_given_back();
}

}  // namespace
}  // namespace banyan::exchange
