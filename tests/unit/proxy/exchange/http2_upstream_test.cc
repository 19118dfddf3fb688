// Exchanges of HTTP/1.1 clients through a real worker to upstreams that speak HTTP/2.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "proxy/codec/http2_client_codec.h"
#include "tests/support/http2_peer.h"
#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {
namespace {

namespace h2 = test::http2;
using test::get;
using test::Http2Peer;
using test::Peer;
using test::post;
using test::response;

class Http2UpstreamTest : public test::ProxyTest {
 protected:
  Http2UpstreamTest() {
    everything_to(Arm::monolith);
    snapshot.upstreams[1].protocol = config::Protocol::http2;
  }
  std::unique_ptr<Http2Peer> accepted2(test::Listening& at,
                                       const std::string& hello = h2::settings() +
                                                                  h2::settings_ack()) {
    auto peer = std::make_unique<Http2Peer>(accepted(at));
    peer->say(hello);
    return peer;
  }
  bool asked(Http2Peer& peer, std::size_t count) {
    return run_until([&] { return peer.asked().size() == count; });
  }
  bool ended(Http2Peer& peer, std::uint32_t stream) {
    return run_until([&] {
      (void)peer.asked();
      return std::ranges::find(peer.ended, stream) != peer.ended.end();
    });
  }
};

TEST_F(Http2UpstreamTest, CarriesARequestAndItsAnswer) {
  serve();
  auto c = client();
  c->send(
      "POST /orders/1?a=b HTTP/1.1\r\nHost: shop.test\r\nX-User: 7\r\nConnection: close, x-hop\r\n"
      "X-Hop: 1\r\nContent-Length: 5\r\n\r\nhello");
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  const h2::Fields want{
      {":method", "POST"},        {":scheme", "http"}, {":authority", "shop.test"},
      {":path", "/orders/1?a=b"}, {"x-user", "7"},     {"content-length", "5"}};
  EXPECT_EQ(up->heads[1], want);
  EXPECT_EQ(up->body[1], "hello");
  up->say(h2::headers(1, {{":status", "201"}, {"x-a", "1"}, {"content-length", "4"}}) +
          h2::data(1, "done", h2::kEndStream));
  const std::string got = take_until(*c, "done");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 201 ")) << got;
  EXPECT_NE(got.find("x-a: 1\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("Content-Length: 4\r\n"), std::string::npos) << got;
  EXPECT_EQ(requests(Arm::monolith, 201), 1);
}

TEST_F(Http2UpstreamTest, ExchangesAtOnceShareAConnection) {
  serve();
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(client());
    clients.back()->send(get("/orders/" + std::to_string(i)));
  }
  auto up = accepted2(monolith);
  ASSERT_TRUE(asked(*up, 10));
  while (!up->open.empty()) {
    const std::uint32_t stream = up->open.back();
    up->answer(stream, "it is " + up->field(stream, ":path") + "!");
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_NE(take_until(*clients[i], "!").find("it is /orders/" + std::to_string(i)),
              std::string::npos);
  }
  EXPECT_EQ(upstream(1).connections_opened.read(), 1);
}

TEST_F(Http2UpstreamTest, AnAnswerOfUnknownLengthIsChunkedAndKeepsItsTrailers) {
  serve();
  auto c = client();
  c->send(get("/orders"));
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  up->say(h2::headers(1, {{":status", "103"}}) + h2::headers(1, {{":status", "200"}}) +
          h2::data(1, "ok") + h2::headers(1, {{"x-time", "5"}}, h2::kEndStream));
  const std::string got = take_until(*c, "x-time: 5\r\n\r\n");
  EXPECT_NE(got.find("HTTP/1.1 103 "), std::string::npos) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\n2\r\nok\r\n0\r\nx-time: 5\r\n\r\n")) << got;
}

TEST_F(Http2UpstreamTest, TrailersOfARequestPass) {
  serve();
  auto c = client();
  c->send(
      "POST /orders HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  EXPECT_EQ(up->body[1], "abc");
  EXPECT_EQ(up->trailers[1], (h2::Fields{{"x-sum", "1"}}));
}

TEST_F(Http2UpstreamTest, AnAnswerToHeadHasNoBody) {
  serve();
  auto c = client();
  c->send("HEAD /orders HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  up->say(h2::headers(1, {{":status", "200"}, {"content-length", "9"}}, h2::kEndStream));
  EXPECT_NE(take_head(*c).find("Content-Length: 9\r\n"), std::string::npos);
  c->send(get("/orders"));
  ASSERT_TRUE(ended(*up, 3));
}

// ---- what was not processed -------------------------------------------------------------------

TEST_F(Http2UpstreamTest, Rfc9113_8_7_ARefusedRequestIsAskedAgainWhateverItsMethod) {
  serve();
  auto c = client();
  c->send("DELETE /orders/1 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  up->say(h2::rst_stream(1, h2::kRefusedStream));
  auto second = accepted2(monolith);
  ASSERT_TRUE(ended(*second, 1));
  EXPECT_EQ(second->field(1, ":method"), "DELETE");
  second->answer(1, "gone");
  take_until(*c, "gone");
  EXPECT_EQ(upstream(1).retries.read(), 1);
  EXPECT_EQ(requests(Arm::monolith, 200), 1);
}

TEST_F(Http2UpstreamTest, Rfc9113_6_8_WhatIsAboveAGoawayIsAskedAgainAndTheRestFinishes) {
  serve();
  auto a = client(), b = client();
  a->send(get("/orders/a"));
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  b->send("DELETE /orders/b HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  ASSERT_TRUE(ended(*up, 3));
  up->say(h2::goaway(1));
  auto second = accepted2(monolith);
  ASSERT_TRUE(ended(*second, 1));
  second->answer(1, "from the second");
  take_until(*b, "from the second");
  up->answer(1, "from the first");
  take_until(*a, "from the first");
  EXPECT_TRUE(run_until([&] { return up->peer->ended(); }));
  EXPECT_EQ(orders().fallbacks.read(), 0);
}

TEST_F(Http2UpstreamTest, ABodyThatWasSentIsNotSentAgain) {
  serve();
  auto c = client();
  c->send(post("/orders", "hello"));
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  up->say(h2::rst_stream(1, h2::kRefusedStream));
  take_until(*c, "upstream_reset\n");
  EXPECT_EQ(upstream(1).retries.read(), 0);
}

TEST_F(Http2UpstreamTest, OtherResetsAreNotRepeatedAndMayFallBack) {
  serve();
  auto c = client();
  c->send("DELETE /orders/1 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  up->say(h2::rst_stream(1, h2::kInternalError));
  take_until(*c, "upstream_reset\n");
  c->send(get("/orders/1"));
  ASSERT_TRUE(ended(*up, 3));
  up->say(h2::rst_stream(3, h2::kInternalError));
  auto old = accepted(legacy);
  take_head(*old);
  old->send(response("from legacy"));
  take_until(*c, "from legacy");
  EXPECT_EQ(orders().fallbacks.read(), 1);
}

TEST_F(Http2UpstreamTest, WhoSpeaksNoHttp2RefusesAndLegacyServes) {
  serve();
  auto c = client();
  c->send(post("/orders", "hello"));
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto up = accepted(monolith);
    up->send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  }
  auto old = accepted(legacy);
  take_until(*old, "hello");
  old->send(response("from legacy"));
  take_until(*c, "from legacy");
}

// ---- what breaks ------------------------------------------------------------------------------

TEST_F(Http2UpstreamTest, AnAnswerThatIsCutOffIsNotWhole) {
  for (const bool by_reset : {true, false}) {
    const auto before = errors(ErrorCode::upstream_cut_off);
    if (port == 0) serve();
    auto c = client();
    c->send(get("/orders"));
    auto up = accepted2(monolith);
    ASSERT_TRUE(asked(*up, 1));
    const std::uint32_t stream = up->open.front();
    up->say(h2::headers(stream, {{":status", "200"}, {"content-length", "100"}}) +
            h2::data(stream, "half"));
    take_until(*c, "half");
    by_reset ? up->say(h2::rst_stream(stream, h2::kInternalError)) : up->peer->close();
    EXPECT_TRUE(run_until([&] { return c->received(), c->over(); }));
    EXPECT_EQ(errors(ErrorCode::upstream_cut_off), before + 1);
    if (by_reset) {
      up->say(h2::goaway(stream));
      EXPECT_TRUE(run_until([&] { return up->peer->ended(); }));
    }
  }
}

TEST_F(Http2UpstreamTest, AClientThatLeavesResetsItsStreamAndNoOther) {
  serve();
  auto a = client(), b = client();
  a->send(get("/orders/a"));
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  b->send(get("/orders/b"));
  ASSERT_TRUE(ended(*up, 3));
  a->reset();
  EXPECT_TRUE(run_until([&] { return up->asked(), up->resets == std::vector<std::uint32_t>{1}; }));
  up->answer(3, "for b");
  take_until(*b, "for b");
}

TEST_F(Http2UpstreamTest, AResponseTimeoutEndsTheStreamAndNotTheConnection) {
  snapshot.timeouts.response = Milliseconds(60);
  serve();
  auto c = client();
  c->send(get("/orders"));
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  take_until(*c, "response_timeout\n");
  EXPECT_TRUE(run_until([&] { return up->asked(), up->resets == std::vector<std::uint32_t>{1}; }));
  c->send(get("/orders"));
  ASSERT_TRUE(ended(*up, 3));
  up->answer(3, "in time");
  take_until(*c, "in time");
}

// ---- backpressure -----------------------------------------------------------------------------

TEST_F(Http2UpstreamTest, ASlowClientStopsItsStreamAlone) {
  serve();
  auto slow = Peer::connected_to(port, 4096);
  slow->send(get("/orders/slow"));
  auto up = accepted2(monolith);
  ASSERT_TRUE(ended(*up, 1));
  up->say(h2::headers(1, {{":status", "200"}}));
  // As a server would: no more than the windows allow. Nobody reads at the other end.
  std::uint64_t window = codec::Http2ClientCodec::kStreamWindow;
  std::uint64_t all = codec::Http2ClientCodec::kConnectionWindow;
  std::uint64_t sent = 0;
  const std::string piece(16'384, 'x');
  for (int quiet = 0; quiet < 50;) {
    for (const h2::Frame& f : up->reader.read(up->peer->take())) {
      if (f.type != h2::kWindowUpdate) continue;
      (f.stream == 1 ? window : all) += f.number_at(0);
    }
    if (window >= piece.size() && all >= piece.size()) {
      up->say(h2::data(1, piece));
      window -= piece.size();
      all -= piece.size();
      sent += piece.size();
      quiet = 0;
    } else {
      ++quiet;
    }
    turn();
    ASSERT_LT(sent, std::uint64_t{64} << 20);
  }
  EXPECT_GE(all, codec::Http2ClientCodec::kConnectionWindow / 2);
  auto c = client();
  c->send(get("/orders/fast"));
  ASSERT_TRUE(run_until([&] {
    const auto& open = up->asked();
    return std::ranges::find(open, 3U) != open.end();
  }));
  up->answer(3, "at once");
  take_until(*c, "at once");
  EXPECT_EQ(upstream(1).connections_opened.read(), 1);
}

TEST_F(Http2UpstreamTest, AWindowThatIsClosedPausesTheClient) {
  serve();
  auto c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 67108864\r\n\r\n");
  auto up = accepted2(monolith);
  ASSERT_TRUE(asked(*up, 1));
  const std::string piece(65'536, 'x');
  std::size_t sent = 0;
  for (int quiet = 0; quiet < 50;) {
    const std::size_t some = c->send_some(piece);
    sent += some;
    quiet = some > 0 ? 0 : quiet + 1;
    turn();
    ASSERT_LT(sent, std::size_t{32} << 20);
  }
  (void)up->asked();
  EXPECT_EQ(up->body[1].size(), 65'535U);  // its window
  up->say(h2::window_update(1, 1 << 20) + h2::window_update(0, 1 << 20));
  EXPECT_TRUE(run_until([&] { return up->asked(), up->body[1].size() > 65'535U; }));
}

// ---- shadows ----------------------------------------------------------------------------------

class Http2ShadowTest : public Http2UpstreamTest {
 protected:
  Http2ShadowTest() {
    snapshot.upstreams[0].protocol = config::Protocol::http2;
    shadow_everything();
  }
};

TEST_F(Http2ShadowTest, GoesOverAConnectionOfItsOwn) {
  snapshot.migrations[0].shadow->max_connections = 1;
  everything_to(Arm::legacy);
  serve();
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(client());
    clients.back()->send(get("/orders"));
  }
  auto primary = accepted2(legacy);
  ASSERT_TRUE(asked(*primary, 5));
  auto shadow = accepted2(monolith);
  ASSERT_TRUE(asked(*shadow, 5));
  EXPECT_EQ(shadow->field(1, "x-banyan-shadow"), "orders");
  for (const std::uint32_t s : {1U, 3U, 5U, 7U, 9U}) {
    primary->answer(s, "same");
    shadow->answer(s, "same");
  }
  for (auto& c : clients) take_until(*c, "same");
  EXPECT_TRUE(run_until([&] { return upstream(1).connections[1].read() == 1; }));
  EXPECT_EQ(upstream(1).connections_opened.read(), 1);
}

TEST_F(Http2ShadowTest, ThatTheUpstreamHasNoRoomForIsNotComparable) {
  snapshot.migrations[0].shadow->max_connections = 1;
  everything_to(Arm::legacy);
  serve();
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(client());
    clients.back()->send(get("/orders"));
  }
  auto primary = accepted2(legacy);
  ASSERT_TRUE(asked(*primary, 3));
  auto shadow =
      accepted2(monolith, h2::settings({{h2::kMaxConcurrentStreams, 1}}) + h2::settings_ack());
  ASSERT_TRUE(asked(*shadow, 1));
  for (const std::uint32_t s : {1U, 3U, 5U}) primary->answer(s, "same");
  for (auto& c : clients) take_until(*c, "same");
  shadow->answer(1, "same");
  const auto verdicts = [&](shadow::Verdict verdict) {
    return compared()
        .comparisons[static_cast<std::size_t>(Arm::monolith)][static_cast<std::size_t>(verdict)]
        .read();
  };
  EXPECT_TRUE(run_until([&] {
    return verdicts(shadow::Verdict::match) == 1 && verdicts(shadow::Verdict::not_comparable) == 2;
  }));
}

}  // namespace
}  // namespace banyan::exchange
