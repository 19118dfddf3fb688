// What gets a shadow, and what a shadow says, through a real worker.
#include "tests/unit/proxy/exchange/shadow_fixture.h"

namespace banyan::exchange {
namespace {

class ShadowRulesTest : public ShadowTest {
 protected:
  config::Shadow& settings() { return *snapshot.migrations[0].shadow; }
  void shadow_posts() { settings().sampling.methods = {Method::post, Method::get}; }
  // The client sends `request`, legacy answers as soon as `end` has arrived there.
  void exchange_until(std::string_view request, std::string_view end) {
    if (c == nullptr) c = client();
    c->send(request);
    if (up == nullptr) up = accepted(legacy);
    take_until(*up, end);
    up->send(response("primary"));
    take_until(*c, "primary");
  }
  bool nothing_reaches_the_monolith() {
    for (int i = 0; i < 20; ++i) test::turn(worker.loop());
    return monolith.accept() == nullptr;
  }
};

TEST_F(ShadowRulesTest, AnUnsafeMethodThatIsAskedForIsSentWithItsWholeBody) {
  shadow_posts();
  serve();
  exchange_until(post("/orders", "hello"), "hello");
  auto copy = accepted(monolith);
  const std::string got = take_until(*copy, "hello");
  EXPECT_TRUE(got.starts_with("POST /orders HTTP/1.1\r\n")) << got;
  EXPECT_NE(got.find("Content-Length: 5\r\n"), std::string::npos) << got;
  copy->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 1; }));
  expect_everything_given_back();
}

// It may never have arrived, or it has: nobody's fault, and never twice.
TEST_F(ShadowRulesTest, WhatMayNotBeRepeatedIsNotComparableWhereItsKeptConnectionWasClosed) {
  shadow_posts();
  serve();
  exchange_until(post("/orders", "hello"), "hello");
  auto copy = accepted(monolith);
  take_until(*copy, "hello");
  copy->send(response("primary"));
  expect_everything_given_back();
  exchange_until(post("/orders", "again"), "again");
  take_until(*copy, "again");
  copy->close();
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::not_comparable) == 1; }));
  expect_everything_given_back();
  EXPECT_EQ(verdicts(Verdict::mismatch), 0);
  EXPECT_TRUE(nothing_reaches_the_monolith());
}

TEST_F(ShadowRulesTest, ABodyIsSentOnlyOnceAllOfItIsThere) {
  shadow_posts();
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  up = accepted(legacy);
  take_until(*up, "abc\r\n");
  EXPECT_TRUE(nothing_reaches_the_monolith());
  c->send("2\r\nde\r\n0\r\n\r\n");
  auto copy = accepted(monolith);
  const std::string got = take_until(*copy, "0\r\n\r\n");
  EXPECT_NE(got.find("abcde"), std::string::npos) << got;
  EXPECT_NE(got.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << got;
}

TEST_F(ShadowRulesTest, ASafeMethodMayHaveABody) {
  serve();
  exchange_until("GET /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", "ab");
  auto copy = accepted(monolith);
  take_until(*copy, "ab");
}

TEST_F(ShadowRulesTest, ABodyOverTheBudgetIsNeverSentInPart) {
  shadow_posts();
  settings().budget_exchange = 1024;
  serve();
  const std::string large(2000, 'x');
  exchange_until(post("/orders", large), large);
  EXPECT_EQ(skipped(Skip::body_budget), 1);
  // Its length is not told before.
  exchange_until("POST /orders HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
                     large + "\r\n0\r\n\r\n",
                 "0\r\n\r\n");
  EXPECT_EQ(skipped(Skip::body_budget), 2);
  EXPECT_TRUE(nothing_reaches_the_monolith());
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, ABodyThatTheMigrationsBudgetCanNotHoldIsNotSentEither) {
  shadow_posts();
  settings().budget_exchange = settings().budget_migration = 4096;
  serve();
  ledger.bytes = 4095;
  exchange_until(post("/orders", "ab"), "ab");
  EXPECT_EQ(skipped(Skip::body_budget), 1);
  EXPECT_TRUE(nothing_reaches_the_monolith());
  ledger.bytes -= 4095;
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, AClientThatLeavesInItsBodyLeavesNoShadow) {
  shadow_posts();
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  up = accepted(legacy);
  take_until(*up, "ab");
  c->reset();
  EXPECT_TRUE(run_until([&] { return skipped(Skip::not_sent) == 1; }));
  EXPECT_TRUE(nothing_reaches_the_monolith());
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, AnAnswerBeforeTheBodysEndLeavesNoShadow) {
  shadow_posts();
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  up = accepted(legacy);
  take_until(*up, "ab");
  up->send(response("no", "413 Content Too Large"));
  take_until(*c, "no");
  EXPECT_TRUE(run_until([&] { return skipped(Skip::not_sent) == 1; }));
  EXPECT_TRUE(nothing_reaches_the_monolith());
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, APrimaryThatRefusesLeavesNoShadow) {
  legacy.close();
  serve();
  c = client();
  c->send(get("/orders/1"));
  take_until(*c, "connect_refused\n");
  EXPECT_EQ(skipped(Skip::not_sent), 1);
  EXPECT_TRUE(nothing_reaches_the_monolith());
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, WhatIsExcludedGetsNone) {
  routing::Route excluded;
  excluded.match = {{.path_prefix = "/orders/logout"}, {.headers = {{"x-once", "1"}}}};
  std::vector<routing::RouteTable::Tie> ties;
  settings().exclude = routing::RouteTable::build({excluded}, ties);
  serve();
  exchange(get("/orders/logout?x"));
  exchange("GET /orders/1 HTTP/1.1\r\nHost: h\r\nX-Once: 1\r\n\r\n");
  EXPECT_EQ(skipped(Skip::excluded), 2);
  EXPECT_TRUE(nothing_reaches_the_monolith());
  exchange(get("/orders/1"));
  EXPECT_NE(accepted(monolith), nullptr);
}

TEST_F(ShadowRulesTest, ADirectionThatIsNotAskedForGetsNone) {
  settings().to_monolith = false;
  serve();
  exchange(get("/orders/1"));
  EXPECT_EQ(skipped(Skip::direction), 1);
  EXPECT_TRUE(nothing_reaches_the_monolith());
  everything_to(Arm::monolith);
  serve();
  c->send(get("/orders/2"));
  auto primary = accepted(monolith);
  take_head(*primary);
  auto copy = accepted(legacy);
  EXPECT_NE(take_head(*copy).find("x-banyan-shadow: orders\r\n"), std::string::npos);
}

TEST_F(ShadowRulesTest, AfterARollbackMayGoOn) {
  settings().keep_after_rollback = true;
  latch.latched = true;
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
}

// One that waits for its connection while the rollback comes. The loop runs what is connected
// before it could be stopped, so the latch falls between launch and connect.
TEST_F(ShadowRulesTest, ARollbackStopsWhatIsQueued) {
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  latch.latched = true;
  take_head(*up);
  up->send(response("primary"));
  take_until(*c, "primary");
  EXPECT_TRUE(run_until([&] { return ledger.in_flight == 0; }));
  const auto copy = monolith.accept();
  EXPECT_EQ(copy == nullptr ? "" : copy->received(), "");
}

// One that was sent already: its connection is cut, nothing waits for its answer.
TEST_F(ShadowRulesTest, ARollbackCutsWhatIsUnderWay) {
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  latch.latched = true;
  worker.follow_latches();
  EXPECT_TRUE(run_until([&] { return copy->received(), copy->over(); }));
  EXPECT_TRUE(copy->was_reset());
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::not_comparable) == 1; }));
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, ARollbackCutsNothingThatMayGoOn) {
  settings().keep_after_rollback = true;
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  latch.latched = true;
  worker.follow_latches();
  copy->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 1; }));
}

TEST_F(ShadowRulesTest, ARollbackCutsNothingOnItsWayToLegacy) {
  everything_to(Arm::monolith);
  serve();
  c = client();
  c->send(get("/orders/1"));
  auto primary = accepted(monolith);
  take_head(*primary);
  auto copy = accepted(legacy);
  take_head(*copy);
  latch.latched = true;
  worker.follow_latches();
  copy->send(response("primary"));
  primary->send(response("primary"));
  take_until(*c, "primary");
  EXPECT_TRUE(run_until([&] {
    return compared().comparisons[static_cast<std::size_t>(Arm::legacy)][0].read() == 1;
  }));
}

TEST_F(ShadowRulesTest, ARollbackWhileTheBodyComesLeavesNoShadow) {
  shadow_posts();
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  up = accepted(legacy);
  take_until(*up, "ab");
  latch.latched = true;
  worker.follow_latches();
  c->send("cde");
  take_until(*up, "cde");
  EXPECT_TRUE(run_until([&] { return skipped(Skip::rolled_back) == 1; }));
  EXPECT_TRUE(nothing_reaches_the_monolith());
  up->send(response("primary"));
  take_until(*c, "primary");
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, ItsFieldsMayDifferAndItsParentIsItsOwn) {
  settings().headers.set = {{"x-extra", "1"}};
  settings().headers.remove = {"authorization"};
  serve();
  c = client();
  c->send(
      "GET /orders/1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\nBaggage: a=b\r\n"
      "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
  up = accepted(legacy);
  const std::string primary = take_head(*up);
  EXPECT_NE(primary.find("Authorization: Bearer x\r\n"), std::string::npos);
  EXPECT_NE(primary.find("-b7ad6b7169203331-01\r\n"), std::string::npos);
  EXPECT_EQ(primary.find("x-extra"), std::string::npos);
  auto copy = accepted(monolith);
  const std::string got = take_head(*copy);
  EXPECT_EQ(got.find("Authorization"), std::string::npos) << got;
  EXPECT_NE(got.find("x-extra: 1\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("Baggage: a=b\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("baggage: banyan-shadow=1\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("Traceparent: 00-0af7651916cd43dd8448eb211c80319c-"), std::string::npos)
      << got;
  EXPECT_EQ(got.find("b7ad6b7169203331"), std::string::npos) << got;
}

constexpr std::string_view kWithTrailers =
    "POST /orders HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2\r\nab\r\n0\r\nX-Sum: 1\r\nX-Signed: me\r\n\r\n";

TEST_F(ShadowRulesTest, TrailersOfARequestAreCopied) {
  shadow_posts();
  settings().headers.remove = {"x-signed"};
  serve();
  exchange_until(kWithTrailers, "0\r\nX-Sum: 1\r\nX-Signed: me\r\n\r\n");
  auto copy = accepted(monolith);
  EXPECT_TRUE(take_until(*copy, "X-Sum: 1\r\n\r\n").ends_with("ab\r\n0\r\nX-Sum: 1\r\n\r\n"));
  copy->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 1; }));
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, TrailersOverTheBudgetLeaveNoShadow) {
  shadow_posts();
  settings().budget_exchange = 16;
  serve();
  exchange_until(kWithTrailers, "X-Signed: me\r\n\r\n");
  EXPECT_EQ(skipped(Skip::body_budget), 1);
  EXPECT_TRUE(nothing_reaches_the_monolith());
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, TrailersOfTheAnswersAreCompared) {
  const auto answer = [](std::string_view sum) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nprimary\r\n0\r\nX-Sum: " +
           std::string(sum) + "\r\n\r\n";
  };
  serve();
  std::unique_ptr<Peer> copy;
  for (const std::string_view sum : {"1", "2"}) {
    if (c == nullptr) c = client();
    c->send(get("/orders/1"));
    if (up == nullptr) up = accepted(legacy);
    take_head(*up);
    if (copy == nullptr) copy = accepted(monolith);
    take_head(*copy);
    up->send(answer("1"));
    take_until(*c, "X-Sum: 1\r\n\r\n");
    copy->send(answer(sum));
    const Verdict verdict = sum == "1" ? Verdict::match : Verdict::mismatch;
    EXPECT_TRUE(run_until([&] { return verdicts(verdict) == 1; }));
  }
  EXPECT_TRUE(
      run_until([&] { return !differences.report({"orders"})[0].endpoints[0].places.empty(); }));
  EXPECT_EQ(differences.report({"orders"})[0].endpoints[0].places[0].path, "trailer:x-sum");
  expect_everything_given_back();
}

TEST_F(ShadowRulesTest, EachArmIsAskedInItsOwnForm) {
  routing::Rewrite& rewrite = snapshot.migrations[0].rewrite[1];
  rewrite.path_prefix = "/api/o";
  rewrite.host = "m.internal";
  rewrite.headers.set = {{"x-for", "m"}};
  serve();
  c = client();
  c->send(get("/%6Frders/1?a=%2F"));
  up = accepted(legacy);
  EXPECT_EQ(take_head(*up), "GET /%6Frders/1?a=%2F HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  auto copy = accepted(monolith);
  const std::string asked = take_head(*copy);
  EXPECT_TRUE(asked.starts_with("GET /api/o/1?a=%2F HTTP/1.1\r\nHost: m.internal\r\nx-for: m\r\n"))
      << asked;
  // The way back comes before the comparison.
  up->send("HTTP/1.1 201 Created\r\nLocation: /orders/7\r\nContent-Length: 0\r\n\r\n");
  take_head(*c);
  copy->send(
      "HTTP/1.1 201 Created\r\nLocation: http://m.internal/api/o/7\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 1; }));
  c->send(get("/orders/2"));
  take_head(*up);
  take_head(*copy);
  up->send("HTTP/1.1 201 Created\r\nLocation: /orders/7\r\nContent-Length: 0\r\n\r\n");
  take_head(*c);
  copy->send("HTTP/1.1 201 Created\r\nLocation: /api/o/7\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::match) == 2; }));
  c->send(get("/orders/3"));
  take_head(*up);
  take_head(*copy);
  up->send("HTTP/1.1 201 Created\r\nLocation: /orders/7\r\nContent-Length: 0\r\n\r\n");
  take_head(*c);
  copy->send("HTTP/1.1 201 Created\r\nLocation: /orders/7/more\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));
}

TEST_F(ShadowRulesTest, APrimarysAnswerComesBackInTheClientsForm) {
  snapshot.migrations[0].shadow.reset();
  snapshot.migrations[0].rewrite[1].path_prefix = "/api/o";
  snapshot.listeners[0].expose_arm = true;
  everything_to(Arm::monolith);
  serve();
  c = client();
  c->send(get("/orders/1"));
  auto primary = accepted(monolith);
  EXPECT_EQ(take_head(*primary), "GET /api/o/1 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  primary->send("HTTP/1.1 103 Early Hints\r\nLink: </api/o/a.css>; rel=preload\r\n\r\n");
  EXPECT_EQ(take_head(*c),
            "HTTP/1.1 103 Early Hints\r\nLink: </orders/a.css>; rel=preload\r\n\r\n");
  primary->send(
      "HTTP/1.1 200 OK\r\nContent-Location: http://127.0.0.1:" + std::to_string(monolith.port()) +
      "/api/o/1\r\nX-Banyan-Arm: mine\r\nSet-Cookie: a=b; Path=/api/o\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(take_head(*c),
            "HTTP/1.1 200 OK\r\nContent-Location: http://shop.test/orders/1\r\n"
            "Set-Cookie: a=b; Path=/orders\r\nx-banyan-arm: monolith\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace banyan::exchange
