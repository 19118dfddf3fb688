// Shadows through a real worker: what they may do to a client is nothing.
#include "tests/unit/proxy/exchange/shadow_fixture.h"

namespace banyan::exchange {
namespace {

TEST_F(ShadowTest, TheOtherArmGetsAMarkedCopyAndTheAnswersAreCompared) {
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  EXPECT_EQ(take_head(*copy),
            "GET /orders/1 HTTP/1.1\r\nHost: shop.test\r\nx-banyan-shadow: orders\r\n"
            "baggage: banyan-shadow=1\r\n\r\n");
  copy->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 1; }));
  exchange(get("/orders/2"));
  take_head(*copy);
  copy->send(response("different"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));
  EXPECT_EQ(requests(Arm::monolith, 200, Role::shadow), 2);
  expect_everything_given_back();
}

TEST_F(ShadowTest, StartsOnlyAfterThePrimarysBytesLeft) {
  serve();
  auto client_ = client();
  client_->send(get("/orders/1"));
  std::unique_ptr<Peer> copy;
  for (int i = 0; i < 1'000 && copy == nullptr; ++i) {
    test::turn(worker.loop());
    copy = monolith.accept();
  }
  ASSERT_NE(copy, nullptr);
  auto primary = legacy.accept();
  ASSERT_NE(primary, nullptr);
  EXPECT_TRUE(primary->received().ends_with("\r\n\r\n"));
}

// The kept connection breaks while the request is on its way to it: what counts is the attempt
// that went through.
TEST_F(ShadowTest, StartsOnlyAfterTheBytesOfARetryLeft) {
  for (const bool orderly : {true, false}) {
    c.reset();
    up.reset();
    legacy.accept();
    if (orderly) serve();
    exchange(get("/orders/1"));
    EXPECT_NE(accepted(monolith), nullptr);
    c->send(get("/orders/2"));
    orderly ? up->close() : up->reset();
    std::unique_ptr<Peer> copy;
    for (int i = 0; i < 1'000 && copy == nullptr; ++i) {
      test::turn(worker.loop());
      copy = monolith.accept();
    }
    ASSERT_NE(copy, nullptr);
    auto primary = legacy.accept();
    ASSERT_NE(primary, nullptr);
    EXPECT_TRUE(primary->received().ends_with("\r\n\r\n"));
    primary->send(response("second"));
    take_until(*c, "second");
  }
}

// It may never have arrived. What can be repeated is sent once more, on a connection of its own.
TEST_F(ShadowTest, OnAKeptConnectionThatWasJustClosedIsSentOnceMore) {
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  for (const bool orderly : {true, false}) {
    take_head(*copy);
    copy->send(response("primary"));
    expect_everything_given_back();
    exchange(get("/orders/2"));
    const std::string sent = take_head(*copy);
    orderly ? copy->close() : copy->reset();
    copy = accepted(monolith);
    EXPECT_EQ(take_head(*copy), sent);
    copy->send(response("primary"));
    expect_everything_given_back();
    exchange(get("/orders/3"));
  }
  EXPECT_EQ(verdicts(Verdict::match), 4);
  EXPECT_EQ(requests(Arm::monolith, 200, Role::shadow), 4);
  EXPECT_EQ(requests(Arm::monolith, 0, Role::shadow), 0);
  EXPECT_EQ(upstream(1).retries.read(), 2);
}

TEST_F(ShadowTest, ThatIsClosedOnItsNewConnectionTooIsTheArmsFailure) {
  auto copy = kept_copy();
  exchange(get("/orders/2"));
  take_head(*copy);
  copy->close();
  auto fresh = accepted(monolith);
  take_head(*fresh);
  fresh->close();
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));
  expect_everything_given_back();
  EXPECT_EQ(monolith.accept(), nullptr);
}

TEST_F(ShadowTest, OnAKeptConnectionThatBreaksInItsAnswerIsAMismatch) {
  auto copy = kept_copy();
  exchange(get("/orders/2"));
  take_head(*copy);
  copy->send("HTTP/1.1 200");
  turn();
  copy->close();
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));
}

TEST_F(ShadowTest, KeepsAwayFromAConnectionThatIdledForLong) {
  const auto copy = kept_copy();
  run_for(Milliseconds(1'100));
  exchange(get("/orders/2"));
  auto fresh = accepted(monolith);
  take_head(*fresh);
}

TEST_F(ShadowTest, ThatIsRefusedChangesNothing) {
  monolith.close();
  serve();
  exchange(get("/orders/1"));
  expect_everything_given_back();
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));
  EXPECT_EQ(requests(Arm::monolith, 0, Role::shadow), 1);
}

TEST_F(ShadowTest, ThatHangsEndsWithItsTimeout) {
  snapshot.migrations[0].shadow->timeout = Milliseconds(60);
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  EXPECT_EQ(ledger.in_flight, 1U);
  ASSERT_TRUE(run_until([&] { return copy->received(), copy->over(); }));
  EXPECT_TRUE(copy->was_reset());
  expect_everything_given_back();
}

TEST_F(ShadowTest, ThatResetsOrSpeaksGarbageChangesNothing) {
  serve();
  int n = 0;
  for (const char* says : {"", "HTTP/1.1 200 OK\r\n", "no HTTP\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nx"}) {
    exchange(get("/orders/" + std::to_string(++n)));
    auto copy = accepted(monolith);
    take_head(*copy);
    copy->send(says);
    turn();
    copy->reset();
    expect_everything_given_back();
  }
}

TEST_F(ShadowTest, ThatSendsMoreThanTheBudgetIsCutOff) {
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  copy->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  std::string left;
  ASSERT_TRUE(run_until([&] {
    if (left.empty()) left = chunk;
    left.erase(0, copy->send_some(left));
    return copy->received(), copy->over();
  }));
  expect_everything_given_back();
  exchange(get("/orders/2"));
}

TEST_F(ShadowTest, ThePrimarysAnswerIsPassedOnWhateverItsSize) {
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  const std::string large(1'000'000, 'p');
  std::string left = response(large);
  ASSERT_TRUE(run_until([&] {
    left.erase(0, up->send_some(left));
    return c->received().size() > large.size();
  }));
  EXPECT_TRUE(c->received().ends_with(large));
  // There is nothing to compare with: its shadow is not waited for.
  auto copy = accepted(monolith);
  ASSERT_TRUE(run_until([&] { return copy->received(), copy->over(); }));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::not_comparable) == 1; }));
  expect_everything_given_back();
}

TEST_F(ShadowTest, WritesAreNotShadowed) {
  serve();
  auto client_ = client();
  client_->send(post("/orders", "x"));
  auto primary = accepted(legacy);
  take_until(*primary, "x");
  primary->send(response("made"));
  take_until(*client_, "made");
  EXPECT_EQ(skipped(Skip::method), 1);
  EXPECT_EQ(monolith.accept(), nullptr);
}

TEST_F(ShadowTest, ALatchedMigrationSendsNothingToTheMonolith) {
  latch.latched = true;
  serve();
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::rolled_back), 1);
  turn();
  EXPECT_EQ(monolith.accept(), nullptr);
}

TEST_F(ShadowTest, OverMaxInFlightIsSkippedAndCounted) {
  snapshot.migrations[0].shadow->max_in_flight = 2;
  serve();
  for (int i = 0; i < 5; ++i) exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::in_flight), 3);
  EXPECT_EQ(ledger.in_flight, 2U);
}

TEST_F(ShadowTest, ADrainEndsWhatRunsAndStartsNothing) {
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  worker.start_drain();
  c->send(get("/orders/2"));
  take_head(*up);
  up->send(response("last"));
  EXPECT_NE(take_until(*c, "last").find("Connection: close"), std::string::npos);
  EXPECT_EQ(skipped(Skip::draining), 1);
  bool done = false;
  worker.finish([&] { done = true; });
  c->close();
  EXPECT_TRUE(run_until([&] { return done; }));
  expect_everything_given_back();
}

}  // namespace
}  // namespace banyan::exchange
