// One exchange through a real worker, between a scripted client and scripted upstreams.
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

class ExchangeTest : public test::ProxyTest {
 protected:
  // The client's next response is a local error with this status and this reason word.
  void expect_error(Peer& from, ErrorCode code) {
    const std::string got = take_until(from, std::string(reason_of(code)) + "\n");
    EXPECT_NE(got.find("HTTP/1.1 " + std::to_string(status_of(code))), std::string::npos) << got;
    EXPECT_EQ(errors(code), 1);
    EXPECT_EQ(requests(Arm::legacy, status_of(code)), 1);
  }
};

// ---- what goes right --------------------------------------------------------------------------

TEST_F(ExchangeTest, CarriesARequestAndItsAnswer) {
  serve();
  auto c = client();
  c->send(post("/orders/1?a=b", "hello"));
  auto up = accepted(legacy);
  EXPECT_EQ(take_until(*up, "hello"),
            "POST /orders/1?a=b HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\n\r\nhello");
  up->send("HTTP/1.1 201 Made\r\nX-A: 1\r\nContent-Length: 4\r\n\r\ndone");
  EXPECT_EQ(take_until(*c, "done"), "HTTP/1.1 201 Made\r\nX-A: 1\r\nContent-Length: 4\r\n\r\ndone");
  EXPECT_EQ(requests(Arm::legacy, 201), 1);
}

TEST_F(ExchangeTest, GoesToTheArmThatTheFlagSays) {
  everything_to(Arm::monolith);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(monolith);
  take_head(*up);
  up->send(response("m"));
  take_until(*c, "m");
  EXPECT_EQ(requests(Arm::monolith, 200), 1);
}

TEST_F(ExchangeTest, WithoutAMigrationAndADefaultIs404) {
  serve();
  auto c = client();
  c->send(get("/elsewhere"));
  take_until(*c, "no_route\n");
  EXPECT_EQ(stats.worker(0).migration(0).of(Arm::legacy, Role::primary).requests[3].read(), 1);
}

TEST_F(ExchangeTest, InformationalAnswersArePassedOn) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(take_head(*c), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  up->send(response("x"));
  take_until(*c, "x");
}

TEST_F(ExchangeTest, Rfc9112Section712TrailersPassInBothDirections) {
  serve();
  auto c = client();
  c->send(
      "POST /orders HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\nCookie: a\r\n\r\n");
  auto up = accepted(legacy);
  EXPECT_TRUE(
      take_until(*up, "X-Sum: 1\r\n\r\n").ends_with("\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"));
  up->send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Time: 5\r\n\r\n");
  EXPECT_TRUE(
      take_until(*c, "X-Time: 5\r\n\r\n").ends_with("\r\n\r\n2\r\nok\r\n0\r\nX-Time: 5\r\n\r\n"));
}

TEST_F(ExchangeTest, Rfc9110Section762OptionsThatMayGoNoFurtherAreAnsweredHere) {
  serve();
  auto c = client();
  c->send("OPTIONS /orders HTTP/1.1\r\nHost: shop.test\r\nMax-Forwards: 0\r\n\r\n");
  const std::string got = take_head(*c);
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\nallow: ")) << got;
  EXPECT_EQ(legacy.accept(), nullptr);
  EXPECT_EQ(requests(Arm::legacy, 200), 1);
}

TEST_F(ExchangeTest, Rfc9110Section1011WhoWaitsFor100IsNotTheOneWhoIsSlow) {
  snapshot.timeouts.request = Milliseconds(30);
  snapshot.timeouts.response = Milliseconds(60);
  serve();
  auto c = client();
  const std::string ask =
      "POST /orders HTTP/1.1\r\nHost: shop.test\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n";
  c->send(ask);
  expect_error(*c, ErrorCode::response_timeout);
  // Told to go on, it owes its body.
  auto again = client();
  again->send(ask);
  (void)accepted(legacy);  // of the first one
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(take_head(*again), "HTTP/1.1 100 Continue\r\n\r\n");
  expect_error(*again, ErrorCode::request_timeout);
}

TEST_F(ExchangeTest, AnUpstreamConnectionIsUsedAgain) {
  serve();
  auto c = client();
  std::unique_ptr<Peer> up;
  for (int i = 0; i < 20; ++i) {
    c->send(get("/orders/1"));
    if (up == nullptr) up = accepted(legacy);
    take_head(*up);
    up->send(response("x"));
    take_until(*c, "x");
  }
  EXPECT_EQ(upstream(0).connections_opened.read(), 1);
}

// ---- each stage, and each way to fail ---------------------------------------------------------

TEST_F(ExchangeTest, AnUpstreamThatRefusesIs503AfterASecondAttempt) {
  legacy.close();
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  expect_error(*c, ErrorCode::connect_refused);
  EXPECT_EQ(upstream(0).retries.read(), 1);
}

TEST_F(ExchangeTest, AConnectThatHangsIs503AfterTheTimeout) {
  const test::Listening full(0);
  std::vector<std::unique_ptr<Peer>> waiting;
  for (int i = 0; i < 2; ++i) {  // nobody accepts them
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in to = test::loopback(full.port());
    (void)::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    waiting.push_back(std::make_unique<Peer>(fd));
  }
  snapshot.upstreams[0].endpoints[0].port = full.port();
  snapshot.timeouts.connect = Milliseconds(50);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  expect_error(*c, ErrorCode::connect_timeout);
}

TEST_F(ExchangeTest, AnUpstreamsOwnTimeoutsTakeThePlaceOfTheProcesss) {
  snapshot.timeouts.response = Milliseconds(60'000);
  snapshot.upstreams[0].timeouts.response = Milliseconds(60);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  expect_error(*c, ErrorCode::response_timeout);
}

TEST_F(ExchangeTest, TheTimeoutsOfAnotherUpstreamDoNotCount) {
  snapshot.upstreams[1].timeouts.response = Milliseconds(20);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  run_for(Milliseconds(100));
  up->send(response("late"));
  take_until(*c, "late");
}

struct Fault {
  const char* name;
  const char* before;  // what the upstream sends first
  void (*then)(Peer&);
  ErrorCode code;
};
void PrintTo(const Fault& f, std::ostream* out) { *out << f.name; }

void closes(Peer& up) { up.close(); }
void finishes(Peer& up) { up.finish(); }
void resets(Peer& up) { up.reset(); }
void stalls(Peer&) {}

class BeforeTheHead : public ExchangeTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(BeforeTheHead, IsALocalErrorAndTheClientMayGoOn) {
  snapshot.timeouts.response = Milliseconds(60);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send(GetParam().before);
  turn();  // seen before the rest happens
  GetParam().then(*up);
  expect_error(*c, GetParam().code);
  EXPECT_EQ(upstream(0).retries.read(), 0);

  c->send(get("/orders/2"));
  auto next = accepted(legacy);
  take_head(*next);
  next->send(response("fine"));
  EXPECT_TRUE(take_until(*c, "fine").starts_with("HTTP/1.1 200"));
}

INSTANTIATE_TEST_SUITE_P(
    Exchange, BeforeTheHead,
    ::testing::Values(
        Fault{"closes", "", closes, ErrorCode::upstream_reset},
        Fault{"finishes", "", finishes, ErrorCode::upstream_reset},
        Fault{"resets", "", resets, ErrorCode::upstream_reset},
        Fault{"stalls", "", stalls, ErrorCode::response_timeout},
        Fault{"half_a_head_and_closes", "HTTP/1.1 200 O", closes, ErrorCode::upstream_reset},
        Fault{"half_a_head_and_resets", "HTTP/1.1 200 O", resets, ErrorCode::upstream_reset},
        Fault{"half_a_head_and_stalls", "HTTP/1.1 200 O", stalls, ErrorCode::response_timeout},
        Fault{"after_103_closes", "HTTP/1.1 103 E\r\n\r\n", closes, ErrorCode::upstream_reset},
        Fault{"garbage", "\x16\x03\x01 no HTTP\r\n\r\n", stalls, ErrorCode::upstream_malformed},
        Fault{"two_lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
              stalls, ErrorCode::upstream_malformed}),
    [](const auto& fault) { return std::string(fault.param.name); });

class InTheBody : public ExchangeTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(InTheBody, TheClientSeesThatTheAnswerIsNotWhole) {
  snapshot.timeouts.idle = Milliseconds(60);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send(GetParam().before);
  ASSERT_TRUE(run_until([&] { return c->received().ends_with("part"); }));
  GetParam().then(*up);
  ASSERT_TRUE(run_until([&] { return c->received(), c->over(); }));
  EXPECT_TRUE(c->was_reset());
  EXPECT_EQ(errors(GetParam().code), 1);
  EXPECT_EQ(requests(Arm::legacy, 200), 1);
  EXPECT_EQ(all_requests(), 1);
}

constexpr const char* kCounted = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";

INSTANTIATE_TEST_SUITE_P(
    Exchange, InTheBody,
    ::testing::Values(Fault{"closes", kCounted, closes, ErrorCode::upstream_cut_off},
                      Fault{"resets", kCounted, resets, ErrorCode::upstream_cut_off},
                      Fault{"stalls", kCounted, stalls, ErrorCode::idle_timeout}),
    [](const auto& fault) { return std::string(fault.param.name); });

TEST_F(ExchangeTest, GarbageBetweenChunksCutsTheAnswerOff) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
  take_until(*c, "part\r\n");
  up->send("zz\r\n");
  ASSERT_TRUE(run_until([&] { return c->received(), c->over(); }));
  EXPECT_TRUE(c->was_reset());
  EXPECT_EQ(errors(ErrorCode::upstream_malformed), 1);
}

TEST_F(ExchangeTest, AClientThatLeavesIsNoStatusAndTheUpstreamIsReset) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  c->reset();
  ASSERT_TRUE(run_until([&] { return up->received(), up->over(); }));
  EXPECT_TRUE(up->was_reset());
  EXPECT_EQ(errors(ErrorCode::client_closed), 1);
  EXPECT_EQ(all_requests(), 1);
}

TEST_F(ExchangeTest, ABodyThatSaysItIsTooLargeIs413BeforeAnybodyIsAsked) {
  snapshot.limits.body_bytes = 10;
  serve();
  auto c = client();
  c->send(post("/orders", "eleven byte"));
  EXPECT_TRUE(take_until(*c, "body_too_large\n").starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(errors(ErrorCode::body_too_large), 1);
  EXPECT_EQ(legacy.accept(), nullptr);
}

TEST_F(ExchangeTest, ABodyThatTurnsOutTooLargeIs413AndTheUpstreamSeesItCutOff) {
  snapshot.limits.body_bytes = 10;
  serve();
  auto c = client();
  c->send(
      "POST /orders HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\nfour\r\n");
  auto up = accepted(legacy);
  take_until(*up, "four\r\n");
  c->send("8\r\nand more\r\n0\r\n\r\n");
  expect_error(*c, ErrorCode::body_too_large);
  ASSERT_TRUE(run_until([&] { return up->received(), up->over(); }));
  EXPECT_TRUE(up->was_reset());
}

TEST_F(ExchangeTest, AClientThatStopsInItsBodyIs408) {
  snapshot.timeouts.request = Milliseconds(60);
  serve();
  auto c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10\r\n\r\nhalf");
  auto up = accepted(legacy);
  expect_error(*c, ErrorCode::request_timeout);
  ASSERT_TRUE(run_until([&] { return up->received(), up->over(); }));
  EXPECT_TRUE(up->was_reset());
}

// An upstream that closes before it has read the request resets the connection: that a write fails
// is noticed before what it had to say is read.
TEST_F(ExchangeTest, AnAnswerBeforeAFailedWriteIsRead) {
  serve();
  auto c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 900000\r\n\r\nfirst");
  auto up = accepted(legacy);
  turn();
  for (int i = 0; i < 3; ++i) c->send(std::string(1'000, 'x'));  // to be written in one turn with …
  up->send(response("too much", "413 Content Too Large"));       // … what is to be read
  up->close();
  EXPECT_TRUE(take_until(*c, "too much").starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(errors(ErrorCode::upstream_reset), 0);
}

// ---- retry ------------------------------------------------------------------------------------

class KeptConnection : public ExchangeTest {
 protected:
  void SetUp() override {
    serve();
    c = client();
    c->send(get("/orders/1"));
    up = accepted(legacy);
    take_head(*up);
    up->send(response("first"));
    take_until(*c, "first");
  }
  std::unique_ptr<Peer> c, up;
};

TEST_F(KeptConnection, Rfc9112Section931ThatClosesWithoutAByteIsTriedAgainOnANewOne) {
  for (void (*how)(Peer&) : {closes, resets}) {
    c->send(get("/orders/2"));
    take_head(*up);
    how(*up);
    up = accepted(legacy);
    EXPECT_TRUE(take_head(*up).starts_with("GET /orders/2 "));
    up->send(response("second"));
    EXPECT_TRUE(take_until(*c, "second").starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ(upstream(0).retries.read(), 2);
  EXPECT_EQ(requests(Arm::legacy, 200), 3);
}

TEST_F(KeptConnection, ThatClosesUnderAPostIsNotTriedAgain) {
  c->send(post("/orders", "x"));
  take_until(*up, "x");
  up->close();
  expect_error(*c, ErrorCode::upstream_reset);
  EXPECT_EQ(upstream(0).retries.read(), 0);
}

TEST_F(KeptConnection, ThatClosesAfterAByteIsNotTriedAgain) {
  c->send(get("/orders/2"));
  take_head(*up);
  up->send("H");
  up->close();
  expect_error(*c, ErrorCode::upstream_reset);
}

// ---- rollback ---------------------------------------------------------------------------------

TEST_F(ExchangeTest, ALatchSetBeforeAByteWasSentLeadsToLegacy) {
  everything_to(Arm::monolith);
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  std::unique_ptr<Peer> decided;
  for (int i = 0; i < 1'000 && decided == nullptr; ++i) {
    test::turn(worker.loop());
    decided = monolith.accept();  // the kernel did; the loop has not seen it yet
  }
  ASSERT_NE(decided, nullptr);
  latch.latched = true;
  auto up = accepted(legacy);
  take_head(*up);
  up->send(response("legacy"));
  take_until(*c, "legacy");
  EXPECT_EQ(decided->received(), "");
  EXPECT_EQ(requests(Arm::legacy, 200), 1);
  EXPECT_EQ(requests(Arm::monolith, 200), 0);
}

// ---- backpressure -----------------------------------------------------------------------------

TEST_F(ExchangeTest, ASlowUpstreamHoldsTheUploadBack) {
  serve();
  auto c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 100000000\r\n\r\n");
  auto up = accepted(legacy);
  const std::string some(100'000, 'x');
  std::size_t sent = 0;
  int idle = 0;
  while (idle < 50 && sent < 90'000'000) {
    const std::size_t n = c->send_some(some);
    sent += n;
    idle = n == 0 ? idle + 1 : 0;
    turn();
  }
  EXPECT_LT(sent, 60'000'000U);  // what two pairs of socket buffers hold
  ASSERT_TRUE(run_until([&] {
    (void)up->take();
    if (sent < 100'000'000) {
      sent += c->send_some(std::string_view(some).substr(0, 100'000'000 - sent));
    }
    return sent == 100'000'000;
  }));
  ASSERT_TRUE(run_until([&] {
    const std::string got = up->take();
    return got.empty();
  }));
  up->send(response("all of it"));
  take_until(*c, "all of it");
}

TEST_F(ExchangeTest, ASlowClientHoldsTheAnswerBack) {
  serve();
  auto c = Peer::connected_to(port, 262'144);
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n");
  const std::string some(100'000, 'x');
  std::size_t sent = 0;
  int idle = 0;
  while (idle < 50 && sent < 60'000'000) {
    const std::size_t n = up->send_some(std::string_view(some).substr(0, 60'000'000 - sent));
    sent += n;
    idle = n == 0 ? idle + 1 : 0;
    turn();
  }
  EXPECT_LT(sent, 40'000'000U);
  const std::size_t sent_before = sent;
  std::size_t got = 0;
  ASSERT_TRUE(run_until([&] {
    got += c->take().size();
    sent += up->send_some(std::string_view(some).substr(0, 60'000'000 - sent));
    return got > sent_before;
  }));
  EXPECT_GT(sent, sent_before);
}

}  // namespace
}  // namespace banyan::exchange
