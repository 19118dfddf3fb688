// Legacy serves what the monolith can not be reached for, through a real worker.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {
namespace {

using test::get;
using test::Peer;
using test::post;
using test::response;

class FallbackTest : public test::ProxyTest {
 protected:
  void SetUp() override { everything_to(Arm::monolith); }

  void expect_served_by_legacy(std::string_view request, std::string_view begins) {
    auto c = client();
    c->send(request);
    expect_served_by_legacy(*c, begins);
  }
  void expect_served_by_legacy(Peer& c, std::string_view begins) {
    auto up = accepted(legacy);
    ASSERT_TRUE(run_until([&] { return up->received().find("\r\n\r\n") != std::string::npos; }));
    EXPECT_TRUE(up->received().starts_with(begins)) << up->received();
    up->send(response("from legacy"));
    take_until(c, "from legacy");
    EXPECT_EQ(orders().fallbacks.read(), 1);
    EXPECT_EQ(requests(Arm::legacy, 200), 1);
    // The monolith's failure is counted as one, and no answer of Banyan's own was given.
    EXPECT_EQ(requests(Arm::monolith, 503), 1);
    for (std::size_t e = 0; e < kErrorCodeCount; ++e) {
      EXPECT_EQ(errors(static_cast<ErrorCode>(e)), 0) << reason_of(static_cast<ErrorCode>(e));
    }
  }
  void expect_no_fallback(Peer& c, ErrorCode code) {
    take_until(c, std::string(reason_of(code)) + "\n");
    expect_nothing_at_legacy(code);
  }
  void expect_nothing_at_legacy(ErrorCode code) {
    EXPECT_EQ(errors(code), 1);
    turn();
    EXPECT_EQ(legacy.accept(), nullptr);
    EXPECT_EQ(orders().fallbacks.read(), 0);
    EXPECT_EQ(requests(Arm::legacy, 200), 0);
  }
  // The client, and the monolith's end after it got the whole head of `request`.
  struct Asked {
    std::unique_ptr<Peer> client, up;
  };
  Asked asked(std::string_view request) {
    Asked a{client(), nullptr};
    a.client->send(request);
    a.up = accepted(monolith);
    EXPECT_TRUE(run_until([&] { return a.up->received().find("\r\n\r\n") != std::string::npos; }));
    return a;
  }
};

TEST_F(FallbackTest, OfARefusedConnectIsForAnyMethod) {
  monolith.close();
  serve();
  expect_served_by_legacy(get("/orders/1"), "GET /orders/1 HTTP/1.1\r\n");
}

TEST_F(FallbackTest, OfARefusedConnectTakesTheBodyAlong) {
  monolith.close();
  serve();
  auto c = client();
  c->send(post("/orders", "hello"));
  auto up = accepted(legacy);
  EXPECT_EQ(take_until(*up, "hello"),
            "POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\n\r\nhello");
  up->send(response("made", "201 Made"));
  take_until(*c, "made");
  EXPECT_EQ(orders().fallbacks.read(), 1);
}

TEST_F(FallbackTest, OfAConnectThatTimedOut) {
  const test::Listening full(0);
  std::vector<std::unique_ptr<Peer>> waiting;
  for (int i = 0; i < 2; ++i) {  // nobody accepts them
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in to = test::loopback(full.port());
    (void)::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    waiting.push_back(std::make_unique<Peer>(fd));
  }
  snapshot.upstreams[1].endpoints[0].port = full.port();
  snapshot.upstreams[1].timeouts.connect = Milliseconds(50);
  snapshot.upstreams[1].timeouts.response = Milliseconds(20);  // counts from the sending
  serve();
  expect_served_by_legacy(get("/orders/1"), "GET ");
}

TEST_F(FallbackTest, OfAnUpstreamWithoutAnAddress) {
  snapshot.upstreams[1].endpoints.clear();
  serve();
  expect_served_by_legacy(get("/orders/1"), "GET ");
}

struct Ending {
  const char* name;
  const char* before;
  void (*then)(Peer&);
};
void PrintTo(const Ending& e, std::ostream* out) { *out << e.name; }
void closes(Peer& up) { up.close(); }
void resets(Peer& up) { up.reset(); }

class WithoutAHead : public FallbackTest, public ::testing::WithParamInterface<Ending> {};

TEST_P(WithoutAHead, ASafeRequestGoesToLegacy) {
  serve();
  auto [c, up] = asked(get("/orders/1"));
  up->send(GetParam().before);
  turn();
  GetParam().then(*up);
  expect_served_by_legacy(*c, "GET /orders/1 HTTP/1.1\r\n");
}

TEST_P(WithoutAHead, WhatMayHaveHadAnEffectDoesNot) {
  for (const char* method : {"PUT", "DELETE", "POST", "PATCH"}) {
    serve();
    auto [c, up] =
        asked(std::string(method) + " /orders/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    up->send(GetParam().before);
    turn();
    GetParam().then(*up);
    take_until(*c, "upstream_reset\n");
    EXPECT_EQ(legacy.accept(), nullptr) << method;
  }
  EXPECT_EQ(orders().fallbacks.read(), 0);
  EXPECT_EQ(errors(ErrorCode::upstream_reset), 4);
}

INSTANTIATE_TEST_SUITE_P(Fallback, WithoutAHead,
                         ::testing::Values(Ending{"closes", "", closes},
                                           Ending{"resets", "", resets},
                                           Ending{"half_a_head", "HTTP/1.1 200 O", closes}),
                         [](const auto& e) { return std::string(e.param.name); });

TEST_F(FallbackTest, AGetWithABodyThatWasSentIsNotRepeated) {
  serve();
  auto [c, up] = asked("GET /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  up->close();
  expect_no_fallback(*c, ErrorCode::upstream_reset);
}

TEST_F(FallbackTest, IsNotForAResponseThatIsLate) {
  snapshot.timeouts.response = Milliseconds(60);
  serve();
  auto [c, up] = asked(get("/orders/1"));
  expect_no_fallback(*c, ErrorCode::response_timeout);
}

TEST_F(FallbackTest, IsNotForAnAnswerOfAnyKind) {
  serve();
  for (const char* status : {"500 Broken", "503 Busy", "404 No"}) {
    auto [c, up] = asked(get("/orders/1"));
    up->send(response("monolith", status));
    take_until(*c, "monolith");
  }
  EXPECT_EQ(legacy.accept(), nullptr);
  EXPECT_EQ(orders().fallbacks.read(), 0);
}

TEST_F(FallbackTest, IsNotForGarbage) {
  serve();
  auto [c, up] = asked(get("/orders/1"));
  up->send("\x16\x03\x01 no HTTP\r\n\r\n");
  expect_no_fallback(*c, ErrorCode::upstream_malformed);
}

TEST_F(FallbackTest, IsNotAfterTheHeadOfAnAnswer) {
  serve();
  auto [c, up] = asked(get("/orders/1"));
  up->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  take_head(*c);
  up->close();
  ASSERT_TRUE(run_until([&] { return c->was_reset(); }));
  expect_nothing_at_legacy(ErrorCode::upstream_cut_off);
}

TEST_F(FallbackTest, IsNotAfterAnInformationalAnswer) {
  serve();
  auto [c, up] = asked(get("/orders/1"));
  up->send("HTTP/1.1 103 E\r\n\r\n");
  take_head(*c);
  up->close();
  expect_no_fallback(*c, ErrorCode::upstream_reset);
}

TEST_F(FallbackTest, IsOnceAndLegacysOwnFailureIsTold) {
  monolith.close();
  legacy.close();
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  take_until(*c, "connect_refused\n");
  EXPECT_EQ(orders().fallbacks.read(), 1);
  EXPECT_EQ(errors(ErrorCode::connect_refused), 1);
  EXPECT_EQ(requests(Arm::legacy, 503), 1);
  EXPECT_EQ(requests(Arm::monolith, 503), 1);
}

TEST_F(FallbackTest, AKeptConnectionThatClosedIsTriedAgainAtTheMonolithFirst) {
  serve();
  auto [c, up] = asked(get("/orders/1"));
  up->send(response("first"));
  take_until(*c, "first");
  c->send(get("/orders/2"));
  (void)up->take();
  ASSERT_TRUE(run_until([&] { return !up->received().empty(); }));
  up->close();
  auto next = accepted(monolith);
  take_head(*next);
  next->send(response("second"));
  take_until(*c, "second");
  EXPECT_EQ(orders().fallbacks.read(), 0);
  EXPECT_EQ(upstream(1).retries.read(), 1);
}

TEST_F(FallbackTest, IsNotCompared) {
  shadow_everything();
  serve();
  auto [c, up] = asked(get("/orders/1"));
  auto copy = accepted(legacy);  // the shadow of what the monolith was to serve
  take_head(*copy);
  up->close();
  ASSERT_TRUE(run_until([&] { return copy->received(), copy->over(); }));
  auto real = accepted(legacy);
  EXPECT_EQ(take_head(*real).find("x-banyan-shadow"), std::string::npos);
  real->send(response("from legacy"));
  take_until(*c, "from legacy");
  EXPECT_TRUE(run_until([&] {
    return compared()
               .comparisons[static_cast<std::size_t>(Arm::legacy)]
                           [static_cast<std::size_t>(shadow::Verdict::not_comparable)]
               .read() == 1;
  }));
  EXPECT_TRUE(run_until([&] { return ledger.in_flight == 0 && ledger.bytes == 0; }));
}

}  // namespace
}  // namespace banyan::exchange
