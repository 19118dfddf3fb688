// A client's connection through a real worker.
#include "proxy/downstream/downstream_connection.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/proxy_fixture.h"

namespace banyan::downstream {
namespace {

using test::get;
using test::Peer;
using test::post;
using test::response;
using Clock = std::chrono::steady_clock;

class DownstreamConnectionTest : public test::ProxyTest {
 protected:
  // Answers the next request on the upstream connection.
  std::string serve_one(std::string_view body) {
    if (up == nullptr) up = accepted(legacy);
    const std::string head = take_head(*up);
    up->send(response(body));
    return head.substr(0, head.find('\r'));
  }
  std::unique_ptr<Peer> c, up;
};

// ---- pipelining -------------------------------------------------------------------------------

TEST_F(DownstreamConnectionTest, Rfc9112Section932PipelinedRequestsAreAnsweredInTheirOrder) {
  serve();
  c = client();
  c->send(get("/orders/1") + get("/nowhere") + get("/orders/2") + get("/orders/3"));
  EXPECT_EQ(serve_one("one"), "GET /orders/1 HTTP/1.1");
  EXPECT_EQ(serve_one("two"), "GET /orders/2 HTTP/1.1");
  EXPECT_EQ(serve_one("three"), "GET /orders/3 HTTP/1.1");
  const std::string all = take_until(*c, "three");
  std::size_t at = 0;
  for (const char* body : {"one", "no_route", "two", "three"}) {
    at = all.find(body, at);
    ASSERT_NE(at, std::string::npos) << body << " in " << all;
  }
}

TEST_F(DownstreamConnectionTest, ThousandsOfPipelinedRequestsAreAllAnswered) {
  serve();
  c = client();
  c->send(get("/nowhere"));
  const std::size_t answer_bytes = take_until(*c, "no_route\n").size();
  constexpr std::size_t kRequests = 3'000;
  std::string ask;
  for (std::size_t i = 0; i < kRequests; ++i) ask += get("/nowhere");
  std::size_t got = 0;
  ASSERT_TRUE(run_until([&] {
    ask.erase(0, c->send_some(ask));
    got += c->take().size();
    return got >= kRequests * answer_bytes;
  })) << got;
}

// The body of a request that had to wait its turn is still in the socket when the turn comes.
TEST_F(DownstreamConnectionTest, APipelinedUploadIsReadToItsEnd) {
  serve();
  c = client();
  const std::string body(300'000, 'b');
  c->send(get("/orders/1") +
          "POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 300000\r\n\r\n" +
          body.substr(0, 10));
  up = accepted(legacy);
  take_head(*up);
  std::string rest = body.substr(10);
  for (int i = 0; i < 20; ++i) {  // more arrives while it waits
    rest.erase(0, c->send_some(std::string_view(rest).substr(0, 5'000)));
    turn();
  }
  up->send(response("one"));
  ASSERT_TRUE(run_until([&] {
    rest.erase(0, c->send_some(rest));
    return up->received().size() > body.size();
  }));
  EXPECT_TRUE(up->received().ends_with(body));
  up->send(response("two"));
  take_until(*c, "two");
}

TEST_F(DownstreamConnectionTest, APipelinedUploadThatIsCutOffIsNotWaitedFor) {
  serve();
  c = client();
  c->send(get("/orders/1") +
          "POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 9\r\n\r\nhalf");
  c->finish();
  serve_one("one");
  take_until(*c, "one");
  ASSERT_TRUE(run_until([&] { return errors(ErrorCode::client_closed) == 1; }));
  ASSERT_TRUE(run_until([&] { return up->received(), up->over(); }));
}

// A client that asks and asks and reads nothing: what waits for it stays bounded.
TEST_F(DownstreamConnectionTest, NoFurtherRequestBeginsWhileTheClientDoesNotRead) {
  serve();
  c = Peer::connected_to(port, 262'144);
  constexpr int kRequests = 300;
  std::string ask;
  for (int i = 0; i < kRequests; ++i) ask += get("/orders/1");
  c->send(ask);
  up = accepted(legacy);
  const std::string answer = response(std::string(100'000, 'x'));
  int served = 0;
  std::string left;
  int idle = 0;
  while (idle < 100 && served < kRequests) {
    if (left.empty() && up->take().ends_with("\r\n\r\n")) {
      left = answer;
      ++served;
    }
    const std::size_t n = up->send_some(left);
    left.erase(0, n);
    idle = n == 0 ? idle + 1 : 0;
    turn();
  }
  EXPECT_LT(served, 150);  // 15 MB: what socket buffers hold, and some
  std::size_t got = 0;
  ASSERT_TRUE(run_until([&] {
    if (left.empty() && up->take().ends_with("\r\n\r\n")) {
      left = answer;
      ++served;
    }
    left.erase(0, up->send_some(left));
    got += c->take().size();
    return got >= kRequests * answer.size();
  })) << served
      << " served, " << got << " bytes";
}

TEST_F(DownstreamConnectionTest, AClientThatOnlyAsksAndNeverReadsIsNotReadEither) {
  serve();
  c = Peer::connected_to(port, 262'144);
  std::string ask;
  for (int i = 0; i < 2'000; ++i) ask += get("/nowhere");
  constexpr std::size_t kMuch = 20'000'000;  // more than the socket buffers of both directions
  std::string left;
  std::size_t sent = 0;
  for (int idle = 0; idle < 50 && sent < kMuch;) {
    if (left.empty()) left = ask;
    const std::size_t n = c->send_some(left);
    left.erase(0, n);
    sent += n;
    idle = n == 0 ? idle + 1 : 0;
    turn();
  }
  EXPECT_LT(sent, kMuch);
  std::size_t got = 0;
  ASSERT_TRUE(run_until([&] { return (got += c->take().size()) > 10'000'000; })) << got;
}

// A client that asks and reads nothing, and an upstream whose every answer arrives in one piece: so
// the client is found to be slow in the turn in which an exchange is over and the next one begins.
class SlowClient : public DownstreamConnectionTest {
 protected:
  static constexpr int kRequests = 400;

  // Answers what arrives until nothing does any more; how many that were.
  int serve_until_nothing_moves(const std::string& ask) {
    c = Peer::connected_to(port, 262'144);
    std::string all;
    for (int i = 0; i < kRequests; ++i) all += ask;
    c->send(all);
    up = accepted(legacy);
    int served = 0;
    for (int idle = 0; idle < 200; ++idle) {
      if (up->take().ends_with("\r\n\r\n")) {
        up->send(response(std::string(50'000, 'x')));
        ++served;
        idle = 0;
      }
      turn();
    }
    return served;
  }
};

TEST_F(SlowClient, IsGivenUpOnInTheExchangeAfterTheOneThatItDoesNotRead) {
  snapshot.timeouts.response = Milliseconds(300);
  snapshot.timeouts.idle = Milliseconds(600);
  serve();
  const int served = serve_until_nothing_moves(get("/orders/1"));
  ASSERT_LT(served, kRequests);
  ASSERT_TRUE(run_until([&] { return connections() == 0; }));
  EXPECT_EQ(requests(Arm::legacy, 200), served - 1);
  EXPECT_EQ(all_requests(), served);
  EXPECT_EQ(errors(ErrorCode::idle_timeout), 1);
  EXPECT_EQ(errors(ErrorCode::response_timeout), 0);
  (void)c->take();
  EXPECT_TRUE(c->was_reset());
}

// An exchange that fails by itself while its client takes nothing makes no room for the next one.
TEST_F(SlowClient, GetsNoFurtherExchangeBehindOneThatFails) {
  monolith.close();
  snapshot.default_upstream = 1;
  serve();
  const int served = serve_until_nothing_moves(get("/orders/1") + get("/elsewhere"));
  EXPECT_LT(served, kRequests);
  std::size_t got = 0;
  int more = 0;
  ASSERT_TRUE(run_until([&] {
    if (up->take().ends_with("\r\n\r\n")) {
      up->send(response(std::string(50'000, 'x')));
      ++more;
    }
    got += c->take().size();
    return served + more == kRequests && got > std::size_t{50'000} * kRequests;
  })) << served
      << " and " << more;
}

// ---- the request's end and the connection's ---------------------------------------------------

TEST_F(DownstreamConnectionTest, AHalfClosedClientGetsItsAnswerAndTheEnd) {
  serve();
  c = client();
  c->send(get("/orders/1"));
  c->finish();
  serve_one("answer");
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  EXPECT_TRUE(c->received().ends_with("answer"));
  const auto begin = Clock::now();
  ASSERT_TRUE(run_until([&] { return connections() == 0; }));
  EXPECT_LT(Clock::now() - begin, Milliseconds(1'000));
}

TEST_F(DownstreamConnectionTest, AnEarlyAnswerReachesAClientInTheMiddleOfItsUpload) {
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 900000\r\n\r\n");
  up = accepted(legacy);
  take_head(*up);
  up->send(response("too much", "413 Content Too Large"));
  const std::string some(10'000, 'x');
  for (int i = 0; i < 50; ++i) {  // it goes on, and what it sends is read
    c->send(some);
    turn();
  }
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  EXPECT_TRUE(c->received().ends_with("too much"));
  EXPECT_FALSE(c->was_reset());
}

TEST_F(DownstreamConnectionTest, Rfc9112Section96LingersForATimeAndNotLonger) {
  serve();
  c = client();
  c->send("GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  const auto begin = Clock::now();
  ASSERT_TRUE(run_until([&] { return connections() == 0; }));
  EXPECT_GE(Clock::now() - begin, DownstreamConnection::kLingerMax - Milliseconds(500));
  EXPECT_LE(Clock::now() - begin, DownstreamConnection::kLingerMax + Milliseconds(2'000));
}

TEST_F(DownstreamConnectionTest, LingersForABoundedAmount) {
  serve();
  c = client();
  c->send("GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  const std::string some(100'000, 'x');
  ASSERT_TRUE(run_until([&] {
    c->send_some(some);
    return connections() == 0;
  }));
}

TEST_F(DownstreamConnectionTest, AnIdleConnectionIsClosed) {
  snapshot.timeouts.idle = Milliseconds(50);
  serve();
  c = client();
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  EXPECT_EQ(c->received(), "");
}

TEST_F(DownstreamConnectionTest, ASlowHeadIs408CountedFromItsFirstByte) {
  snapshot.timeouts.header = Milliseconds(150);
  serve();
  c = client();
  c->send("GET /orders/1 HTTP/1.1\r\n");
  ASSERT_TRUE(run_until([&] {
    c->send_some("a");  // never silent for long
    return c->received().ends_with("request_timeout\n");
  }));
  EXPECT_TRUE(c->received().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(errors(ErrorCode::request_timeout), 1);
}

TEST_F(DownstreamConnectionTest, AResetInTheMiddleOfAHeadIsAClientThatLeft) {
  serve();
  c = client();
  c->send(get("/nowhere") + "GET /orders/1 HT");
  take_until(*c, "no_route\n");
  c->reset();
  ASSERT_TRUE(run_until([&] { return connections() == 0; }));
  EXPECT_EQ(errors(ErrorCode::client_closed), 1);
}

TEST_F(DownstreamConnectionTest, AMalformedRequestIsRefusedAndNothingAfterItIsServed) {
  serve();
  c = client();
  c->send("GET / HTTP/1.1\r\nHost : a\r\n\r\n" + get("/orders/1"));
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  EXPECT_TRUE(c->received().starts_with("HTTP/1.1 400 ")) << c->received();
  EXPECT_EQ(c->received().find("HTTP/1.1", 1), std::string::npos);
  EXPECT_EQ(legacy.accept(), nullptr);
}

TEST_F(DownstreamConnectionTest, OverTheLimitOfConnectionsIs503) {
  snapshot.limits.connections = 2;
  serve();
  auto a = client();
  auto b = client();
  ASSERT_TRUE(run_until([&] { return connections() == 2; }));
  c = client();
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  EXPECT_TRUE(c->received().ends_with("too_many_connections\n")) << c->received();
  EXPECT_TRUE(c->received().starts_with("HTTP/1.1 503 "));
}

// ---- drain and cut ----------------------------------------------------------------------------

TEST_F(DownstreamConnectionTest, FinishClosesIdleOnesAndWaitsForBusyOnes) {
  serve();
  auto idle = client();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  bool done = false;
  worker.finish([&] { done = true; });
  ASSERT_TRUE(run_until([&] { return idle->ended(); }));
  EXPECT_FALSE(done);
  idle->close();
  up->send(response("last"));
  EXPECT_NE(take_until(*c, "last").find("Connection: close\r\n"), std::string::npos);
  ASSERT_TRUE(run_until([&] { return c->ended(); }));
  c->close();
  EXPECT_TRUE(run_until([&] { return done; }));
}

TEST_F(DownstreamConnectionTest, CutEndsEveryExchangeOnceAndBeginsNone) {
  serve();
  c = client();
  c->send(get("/orders/1") + get("/orders/2") + get("/orders/3"));
  up = accepted(legacy);
  take_head(*up);
  EXPECT_EQ(worker.cut(), 1U);
  turn();
  ASSERT_TRUE(run_until([&] { return c->received(), c->over(); }));
  EXPECT_TRUE(c->was_reset());
  EXPECT_EQ(all_requests(), 1);
  EXPECT_EQ(errors(ErrorCode::draining), 1);
  EXPECT_EQ(connections(), 0);
}

TEST_F(DownstreamConnectionTest, CutInTheMiddleOfAnAnswerIsSeenAsSuch) {
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
  ASSERT_TRUE(run_until([&] { return c->received().ends_with("part"); }));
  EXPECT_EQ(worker.cut(), 1U);
  turn();
  ASSERT_TRUE(run_until([&] { return c->received(), c->over(); }));
  EXPECT_TRUE(c->was_reset());
  EXPECT_EQ(all_requests(), 1);
}

}  // namespace
}  // namespace banyan::downstream
