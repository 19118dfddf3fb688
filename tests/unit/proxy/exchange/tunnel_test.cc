// A tunnel through a real worker, between a scripted client and scripted upstreams.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {
namespace {

using test::get;
using test::Peer;
using test::response;

std::string upgrade(std::string_view fields = "Upgrade: websocket\r\n",
                    std::string_view method = "GET") {
  return std::string(method) + " /orders/1 HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\n" +
         std::string(fields) + "\r\n";
}
constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
constexpr std::string_view kSwitched =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: upgrade\r\n\r\n";

class TunnelTest : public test::ProxyTest {
 protected:
  // Asks, and takes the request at legacy.
  void ask(const std::string& request = upgrade()) {
    serve();
    c = client();
    c->send(request);
    up = accepted(legacy);
    asked = take_head(*up);
  }
  void open() {
    ask();
    up->send(kSwitch);
    EXPECT_EQ(take_until(*c, "\r\n\r\n"), kSwitched);
    EXPECT_EQ(tunnels(), 1);
  }
  void expect_bytes(Peer& from, std::string_view bytes) {
    ASSERT_TRUE(run_until([&] { return from.received().size() >= bytes.size() || from.over(); }));
    EXPECT_EQ(from.take(), bytes);
  }
  void expect_over(Peer& peer) {
    EXPECT_TRUE(run_until([&] { return peer.received(), peer.over(); }));
  }
  void expect_no_tunnel() {
    EXPECT_TRUE(run_until([&] { return tunnels() == 0; }));
    EXPECT_TRUE(run_until([&] { return all_requests() == 1; }));
  }
  [[nodiscard]] std::int64_t tunnels() { return stats.worker(0).tunnels.read(); }
  [[nodiscard]] std::int64_t skipped(shadow::Skip why) {
    const auto s = static_cast<std::size_t>(why);
    return orders().shadow_skipped[0][s].read() + orders().shadow_skipped[1][s].read();
  }
  std::unique_ptr<Peer> c, up;
  std::string asked;
};

// ---- what goes right --------------------------------------------------------------------------

TEST_F(TunnelTest, Rfc9110Section78CarriesBytesBothWays) {
  open();
  EXPECT_EQ(asked,
            "GET /orders/1 HTTP/1.1\r\nHost: shop.test\r\nupgrade: websocket\r\n"
            "Connection: upgrade\r\n\r\n");
  c->send("GET / HTTP/1.1\r\n\r\n");  // whatever it looks like
  expect_bytes(*up, "GET / HTTP/1.1\r\n\r\n");
  up->send("HTTP/1.1 200 OK\r\n\r\n");
  expect_bytes(*c, "HTTP/1.1 200 OK\r\n\r\n");
  up->finish();
  expect_over(*c);
  c->finish();
  expect_over(*up);
  EXPECT_TRUE(c->ended());
  EXPECT_TRUE(up->ended());
  expect_no_tunnel();
  EXPECT_EQ(requests(Arm::legacy, 101), 1);
  EXPECT_TRUE(run_until([&] { return connections() == 0; }));
}

TEST_F(TunnelTest, FollowsTheFlag) {
  everything_to(Arm::monolith);
  serve();
  c = client();
  c->send(upgrade());
  up = accepted(monolith);
  take_head(*up);
  up->send(kSwitch);
  take_until(*c, "\r\n\r\n");
  c->reset();
  expect_over(*up);
  EXPECT_TRUE(run_until([&] { return requests(Arm::monolith, 101) == 1; }));
}

TEST_F(TunnelTest, EachSideMayEndWhileTheOtherGoesOn) {
  open();
  c->finish();
  ASSERT_TRUE(run_until([&] { return up->ended(); }));
  up->send("still here");
  expect_bytes(*c, "still here");
  EXPECT_EQ(tunnels(), 1);
  up->finish();
  expect_over(*c);
  expect_no_tunnel();
}

TEST_F(TunnelTest, BytesBesideThe101AreTheTunnels) {
  ask();
  up->send(std::string(kSwitch) + "first");
  expect_bytes(*c, std::string(kSwitched) + "first");
}

TEST_F(TunnelTest, BytesThatTheClientSendsBeforeThe101AreTheTunnels) {
  ask(upgrade() + get("/orders/2"));
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(up->received(), "");
  up->send(kSwitch);
  expect_bytes(*up, get("/orders/2"));
  c->send("more");
  expect_bytes(*up, "more");
  EXPECT_EQ(all_requests(), 0);
}

TEST_F(TunnelTest, AClientThatEndedBeforeThe101HasEnded) {
  ask(upgrade() + "all");
  c->finish();
  for (int i = 0; i < 5; ++i) turn();
  up->send(std::string(kSwitch) + "answer");
  expect_bytes(*up, "all");
  ASSERT_TRUE(run_until([&] { return up->ended(); }));
  up->finish();
  expect_bytes(*c, std::string(kSwitched) + "answer");
  expect_no_tunnel();
}

TEST_F(TunnelTest, InformationalHeadsMayComeFirst) {
  ask();
  up->send("HTTP/1.1 103 Early Hints\r\n\r\n" + std::string(kSwitch));
  expect_bytes(*c, "HTTP/1.1 103 Early Hints\r\n\r\n" + std::string(kSwitched));
}

TEST_F(TunnelTest, GetsNoShadowWhichIsCounted) {
  shadow_everything();
  open();
  EXPECT_EQ(skipped(shadow::Skip::upgrade), 1);
  EXPECT_EQ(monolith.accept(), nullptr);
}

// ---- backpressure -----------------------------------------------------------------------------

TEST_F(TunnelTest, ASlowReaderStopsTheOtherSide) {
  for (const bool from_client : {true, false}) {
    open();
    Peer& from = from_client ? *c : *up;
    Peer& to = from_client ? *up : *c;
    const std::string piece(64 * 1024, 'x');
    std::size_t sent = 0;
    int idle = 0;
    while (idle < 100) {  // until nothing more fits anywhere
      const std::size_t n = from.send_some(piece);
      sent += n;
      idle = n == 0 ? idle + 1 : 0;
      turn();
    }
    EXPECT_LT(sent, 64U * 1024 * 1024);
    std::size_t got = 0;
    ASSERT_TRUE(run_until([&] { return (got += to.take().size()) == sent; })) << got << sent;
    from.reset();
    expect_over(to);
    EXPECT_TRUE(run_until([&] { return tunnels() == 0; }));
  }
}

// ---- the other answers ------------------------------------------------------------------------

TEST_F(TunnelTest, AnotherAnswerIsAnAnswerAndEndsTheConnection) {
  ask(upgrade() + get("/orders/smuggled"));
  up->send(response("no", "403 Forbidden"));
  const std::string got = take_until(*c, "no");
  EXPECT_EQ(got, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  c->send(get("/orders/smuggled"));
  expect_over(*c);
  EXPECT_EQ(c->received(), "");
  expect_over(*up);  // what stands behind it may take the connection for a tunnel
  EXPECT_EQ(all_requests(), 1);
  EXPECT_EQ(legacy.accept(), nullptr);
}

TEST_F(TunnelTest, ALocalErrorEndsTheConnectionToo) {
  serve();
  c = client();
  c->send("GET /nowhere HTTP/1.1\r\nHost: shop.test\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n" +
          get("/orders/smuggled"));
  take_until(*c, "no_route\n");
  expect_over(*c);
  EXPECT_EQ(legacy.accept(), nullptr);
}

TEST_F(TunnelTest, UpgradesToHttpItselfAreNotPassedOn) {
  ask(upgrade("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
  EXPECT_EQ(asked.find("pgrade"), std::string::npos) << asked;
  up->send(response("one"));
  EXPECT_EQ(take_until(*c, "one").find("close"), std::string::npos);
  c->send(get("/orders/2"));  // an exchange like any other
  take_head(*up);
  up->send(response("two"));
  take_until(*c, "two");
}

TEST_F(TunnelTest, A101ThatWasNotAskedForIsMalformed) {
  ask(upgrade("Upgrade: h2c\r\n"));
  up->send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
  take_until(*c, "upstream_malformed\n");
  expect_over(*up);
}

TEST_F(TunnelTest, Rfc9110Section78A101ToAnotherProtocolIsMalformed) {
  for (const char* fields : {"Upgrade: h2c\r\n", "", "Upgrade: websocket, tcp\r\n"}) {
    ask();
    up->send("HTTP/1.1 101 Switching Protocols\r\n" + std::string(fields) +
             "Connection: Upgrade\r\n\r\n");
    take_until(*c, "upstream_malformed\n");
    expect_over(*c);
    expect_over(*up);
    EXPECT_EQ(tunnels(), 0);
  }
}

// ---- what goes wrong, by stage ----------------------------------------------------------------

TEST_F(TunnelTest, BeforeThe101TheUpstreamCloses) {
  ask();
  up->close();
  take_until(*c, "upstream_reset\n");
  expect_over(*c);
}

TEST_F(TunnelTest, BeforeThe101TheUpstreamTalksGarbage) {
  ask();
  up->send("\x81\x05hello\r\n\r\n");
  take_until(*c, "upstream_malformed\n");
  expect_over(*c);
}

TEST_F(TunnelTest, BeforeThe101TheUpstreamStalls) {
  snapshot.timeouts.response = Milliseconds(50);
  ask();
  take_until(*c, "response_timeout\n");
  expect_over(*c);
  expect_over(*up);
}

TEST_F(TunnelTest, BeforeThe101TheClientIsReset) {
  ask();
  c->reset();
  expect_over(*up);
  EXPECT_TRUE(run_until([&] { return errors(ErrorCode::client_closed) == 1; }));
}

TEST_F(TunnelTest, InTheTunnelTheUpstreamIsReset) {
  open();
  up->reset();
  expect_over(*c);
  EXPECT_TRUE(c->was_reset());
  expect_no_tunnel();
  EXPECT_EQ(errors(ErrorCode::upstream_cut_off), 1);
}

TEST_F(TunnelTest, InTheTunnelTheClientIsReset) {
  open();
  c->reset();
  expect_over(*up);
  EXPECT_TRUE(up->was_reset());
  expect_no_tunnel();
  EXPECT_EQ(errors(ErrorCode::client_closed), 1);
}

TEST_F(TunnelTest, InTheTunnelNobodySaysAnything) {
  snapshot.timeouts.idle = Milliseconds(50);
  open();
  expect_over(*c);
  expect_over(*up);
  expect_no_tunnel();
  EXPECT_EQ(errors(ErrorCode::idle_timeout), 1);
}

TEST_F(TunnelTest, BytesInOneDirectionKeepItOpen) {
  snapshot.timeouts.idle = Milliseconds(200);
  open();
  const auto end = std::chrono::steady_clock::now() + Milliseconds(600);
  while (std::chrono::steady_clock::now() < end) {
    up->send("x");
    run_for(Milliseconds(20));
  }
  EXPECT_EQ(tunnels(), 1);
}

TEST_F(TunnelTest, AHalfThatNeverEndsIsCutWhenItIsIdle) {
  snapshot.timeouts.idle = Milliseconds(50);
  open();
  c->finish();
  ASSERT_TRUE(run_until([&] { return up->ended(); }));
  expect_no_tunnel();
  EXPECT_EQ(errors(ErrorCode::idle_timeout), 1);
}

// The last bytes of a client still reach an upstream that has ended its own side and reads slowly.
TEST_F(TunnelTest, TheLastBytesAreNotLost) {
  open();
  up->finish();
  expect_over(*c);
  const std::string piece(64 * 1024, 'x');
  std::size_t sent = 0;
  for (int idle = 0; idle < 100; turn()) {
    const std::size_t n = c->send_some(piece);
    sent += n;
    idle = n == 0 ? idle + 1 : 0;
  }
  c->finish();
  std::size_t got = 0;
  ASSERT_TRUE(run_until([&] { return got += up->take().size(), up->over(); }));
  EXPECT_EQ(got, sent);
  EXPECT_TRUE(up->ended());
  expect_no_tunnel();
}

TEST_F(TunnelTest, AtTheEndOfADrainItIsCutAndCounted) {
  open();
  bool done = false;
  worker.finish([&] { done = true; });
  for (int i = 0; i < 5; ++i) turn();
  c->send("x");
  expect_bytes(*up, "x");  // until then it goes on
  EXPECT_FALSE(done);
  EXPECT_EQ(worker.cut(), 1U);
  expect_over(*c);
  expect_over(*up);
  expect_no_tunnel();
  EXPECT_EQ(errors(ErrorCode::draining), 1);
}

}  // namespace
}  // namespace banyan::exchange
