#include "proxy/upstream/http2_connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http2_frames.h"
#include "tests/unit/proxy/upstream/cluster_fixture.h"

namespace banyan::upstream {
namespace {

namespace h2 = test::http2;

// The server's end of one connection.
struct Http2Peer {
  explicit Http2Peer(std::unique_ptr<Peer> connected) : peer(std::move(connected)) {}

  // Streams that were asked for and not answered or reset, in order.
  const std::vector<std::uint32_t>& asked() {
    for (h2::Frame& f : reader.read(peer->take())) {
      if (f.type == h2::kHeaders && f.stream > last) open.push_back(last = f.stream);
      if (f.type == h2::kRstStream) resets.push_back(f.stream);
      if (f.type == h2::kData) body[f.stream].append(f.payload);
      if (f.type == h2::kGoaway) ++goodbyes;
    }
    return open;
  }
  void say(std::string_view frames) { peer->send(frames); }
  void answer(std::uint32_t stream, const char* status = "204") {
    std::erase(open, stream);
    say(h2::headers(stream, {{":status", status}}, h2::kEndStream));
  }

  std::unique_ptr<Peer> peer;
  h2::Reader reader;
  std::vector<std::uint32_t> open;
  std::vector<std::uint32_t> resets;
  std::map<std::uint32_t, std::string> body;
  std::uint32_t last = 0;
  int goodbyes = 0;
};

class Http2ConnectionTest : public ClusterTest {
 protected:
  Http2ConnectionTest() { settings.upstream.protocol = config::Protocol::http2; }

  std::unique_ptr<Http2Peer> accept(const std::string& hello = h2::settings()) {
    std::unique_ptr<Peer> peer;
    EXPECT_TRUE(run_until([&] { return (peer = server.accept()) != nullptr; }));
    auto made = std::make_unique<Http2Peer>(std::move(peer));
    made->say(hello);
    return made;
  }
  void expect_no_other_connection() {
    turn();
    EXPECT_EQ(server.accept(), nullptr);
  }
  bool ready(Stream& s) {
    return run_until([&] { return s.error || (s.lease && s.lease->ready()); });
  }
  Stream& ask_on_new() {
    Stream& s = lease();
    EXPECT_TRUE(ready(s));
    ask(s);
    return s;
  }
  bool asked(Http2Peer& peer, std::size_t count) {
    return run_until([&] { return peer.asked().size() == count; });
  }
  bool over(Stream& s) {
    return run_until([&] { return s.ended || s.error; });
  }
  // A connection that answered one request and idles.
  std::unique_ptr<Http2Peer> idle_one(const std::string& hello = h2::settings()) {
    Stream& s = lease({.fresh = true});
    auto peer = accept(hello);
    EXPECT_TRUE(ready(s));
    ask(s);
    EXPECT_TRUE(asked(*peer, 1));
    peer->answer(peer->open.front());
    EXPECT_TRUE(over(s));
    return peer;
  }
};

TEST_F(Http2ConnectionTest, ALeaseIsReadyWhenTheSettingsAreThere) {
  make();
  Stream& s = lease();
  auto peer = accept("");
  ASSERT_TRUE(run_until([&] { return !peer->peer->received().empty(); }));
  EXPECT_FALSE(s.lease->ready());
  EXPECT_EQ(lane().waiting(), 1U);
  peer->say(h2::settings());
  ASSERT_TRUE(ready(s));
  EXPECT_EQ(s.ready, 1);
  EXPECT_EQ(lane().waiting(), 0U);
}

TEST_F(Http2ConnectionTest, ManyLeasesShareOneConnection) {
  make();
  Stream &a = lease(), &b = lease(), &c = lease();
  auto peer = accept();
  for (Stream* s : {&a, &b, &c}) {
    ASSERT_TRUE(ready(*s));
    ask(*s);
  }
  ASSERT_TRUE(asked(*peer, 3));
  expect_no_other_connection();
  peer->answer(5, "202");
  ASSERT_TRUE(over(c));
  EXPECT_EQ(c.status, 202);
  EXPECT_FALSE(a.ended || b.ended);
  peer->answer(1);
  peer->answer(3);
  ASSERT_TRUE(over(a) && over(b));
  EXPECT_EQ(open(), 1);
  EXPECT_TRUE(lease().lease->ready());
}

TEST_F(Http2ConnectionTest, MoreStreamsThanTheUpstreamTakesOpenAnotherConnection) {
  make();
  auto first = idle_one(h2::settings({{h2::kMaxConcurrentStreams, 2}}));
  for (int i = 0; i < 2; ++i) ask_on_new();
  ASSERT_TRUE(asked(*first, 2));
  Stream& third = lease();
  EXPECT_FALSE(third.lease->ready());
  Stream& fourth = lease();
  auto second = accept();
  ASSERT_TRUE(ready(third) && ready(fourth));
  expect_no_other_connection();
  EXPECT_EQ(open(), 2);
}

// Nobody knew how many it takes: what is too much was not sent and asks again.
TEST_F(Http2ConnectionTest, WhatWaitsForMoreThanTheUpstreamTakesMayAskAgain) {
  make();
  Stream &a = lease(), &b = lease(), &c = lease();
  auto peer = accept(h2::settings({{h2::kMaxConcurrentStreams, 1}}));
  ASSERT_TRUE(over(b) && over(c));
  EXPECT_EQ(a.ready, 1);
  for (Stream* s : {&b, &c}) {
    EXPECT_EQ(s->error->code, ErrorCode::upstream_reset);
    EXPECT_EQ(s->error->retry, Retry::unprocessed);
  }
  Stream &d = lease({.fresh = true}), &e = lease({.fresh = true});
  auto second = accept(h2::settings({{h2::kMaxConcurrentStreams, 1}}));
  auto third = accept(h2::settings({{h2::kMaxConcurrentStreams, 1}}));
  EXPECT_TRUE(ready(d) && ready(e));
  EXPECT_FALSE(d.error || e.error);
}

TEST_F(Http2ConnectionTest, ALowerLimitCountsFromThenOn) {
  make();
  auto peer = idle_one();
  Stream& a = ask_on_new();
  ASSERT_TRUE(asked(*peer, 1));
  peer->say(h2::settings({{h2::kMaxConcurrentStreams, 1}}) + h2::ping());
  ASSERT_TRUE(run_until([&] {
    return std::ranges::any_of(peer->reader.read(peer->peer->take()),
                               [](const h2::Frame& f) { return f.type == h2::kPing; });
  }));
  EXPECT_FALSE(lease().lease->ready());
  peer->answer(3);
  ASSERT_TRUE(over(a));
}

TEST_F(Http2ConnectionTest, EachEndpointGetsItsConnection) {
  test::Listening other;
  settings.upstream.endpoints = {{"127.0.0.1", server.port()}, {"127.0.0.1", other.port()}};
  make();
  for (int i = 0; i < 6; ++i) (void)lease();
  EXPECT_EQ(lane().connections(), 2U);
  std::unique_ptr<Peer> a, b;
  ASSERT_TRUE(run_until([&] { return (a = server.accept()) != nullptr; }));
  ASSERT_TRUE(run_until([&] { return (b = other.accept()) != nullptr; }));
}

TEST_F(Http2ConnectionTest, TheLanesShareNoConnection) {
  make();
  auto kept = idle_one();
  EXPECT_FALSE(lease({}, Role::shadow).lease->ready());
  EXPECT_EQ(open(Role::primary), 1);
  EXPECT_EQ(open(Role::shadow), 1);
}

// ---- the end of streams -----------------------------------------------------------------------

TEST_F(Http2ConnectionTest, AnUnfinishedStreamIsResetAndTheOthersGoOn) {
  make();
  auto peer = idle_one();
  Stream &a = ask_on_new(), &b = ask_on_new();
  ASSERT_TRUE(asked(*peer, 2));
  a.lease.reset();
  ASSERT_TRUE(run_until([&] { return peer->asked(), !peer->resets.empty(); }));
  EXPECT_EQ(peer->resets.front(), 3U);
  peer->answer(5);
  ASSERT_TRUE(over(b));
  EXPECT_EQ(b.status, 204);
  EXPECT_EQ(open(), 1);
}

TEST_F(Http2ConnectionTest, AGoawayLetsItsStreamsFinishAndTheNextGoElsewhere) {
  make();
  auto peer = idle_one();
  Stream &a = ask_on_new(), &b = ask_on_new();
  ASSERT_TRUE(asked(*peer, 2));
  peer->say(h2::goaway(3));
  ASSERT_TRUE(over(b));
  EXPECT_EQ(b.error->retry, Retry::unprocessed);
  Stream& next = lease();
  EXPECT_FALSE(next.lease->ready());
  auto second = accept();
  peer->answer(3);
  ASSERT_TRUE(over(a));
  EXPECT_EQ(a.status, 204);
  ASSERT_TRUE(run_until([&] { return peer->peer->ended(); }));
  EXPECT_EQ(open(), 1);
}

TEST_F(Http2ConnectionTest, AnIdleConnectionThatGetsAGoawayIsClosed) {
  make();
  auto peer = idle_one();
  peer->say(h2::goaway(1));
  ASSERT_TRUE(run_until([&] { return peer->peer->ended(); }));
  EXPECT_EQ(open(), 0);
}

TEST_F(Http2ConnectionTest, ARefusedStreamIsNotAskedForOnTheSameConnectionAtOnce) {
  make();
  auto peer = idle_one();
  Stream &a = ask_on_new(), &b = ask_on_new();
  ASSERT_TRUE(asked(*peer, 2));
  peer->say(h2::rst_stream(5, h2::kRefusedStream));
  ASSERT_TRUE(over(b));
  EXPECT_EQ(b.error->retry, Retry::unprocessed);
  EXPECT_FALSE(lease({.fresh = true}).lease->ready());
  peer->answer(3);  // which shows that it takes requests
  ASSERT_TRUE(over(a));
  EXPECT_TRUE(lease().lease->ready());
  EXPECT_TRUE(lease().lease->ready());
}

TEST_F(Http2ConnectionTest, AConnectionThatRefusesEverythingIsNotKept) {
  make();
  auto peer = idle_one();
  Stream& s = ask_on_new();
  ASSERT_TRUE(asked(*peer, 1));
  peer->say(h2::rst_stream(3, h2::kRefusedStream));
  ASSERT_TRUE(over(s));
  ASSERT_TRUE(run_until([&] { return peer->peer->ended(); }));
  EXPECT_EQ(open(), 0);
}

TEST_F(Http2ConnectionTest, AConnectionThatBreaksEndsAllItsStreams) {
  for (const bool orderly : {true, false}) {
    make();
    Stream &fresh = lease(), &begun = lease();
    auto peer = accept();
    ASSERT_TRUE(ready(fresh) && ready(begun));
    ask(fresh);
    ask(begun);
    ASSERT_TRUE(asked(*peer, 2));
    Stream& late = ask_on_new();
    ASSERT_TRUE(asked(*peer, 3));
    peer->say(h2::headers(3, {{":status", "200"}}));
    ASSERT_TRUE(run_until([&] { return begun.status == 200; }));
    orderly ? peer->peer->close() : peer->peer->reset();
    ASSERT_TRUE(over(fresh) && over(begun) && over(late));
    EXPECT_EQ(fresh.error->code, ErrorCode::upstream_reset);
    EXPECT_EQ(fresh.error->retry, Retry::unsafe);
    EXPECT_EQ(late.error->retry, Retry::if_repeatable);  // the connection may just have been closed
    EXPECT_EQ(begun.error->code, ErrorCode::upstream_cut_off);
    EXPECT_EQ(begun.error->retry, Retry::unsafe);
    EXPECT_EQ(open(), 0);
  }
}

TEST_F(Http2ConnectionTest, ALeaseThatWasNotUsedCostsNoStream) {
  make();
  auto peer = idle_one();
  lease().lease.reset();
  Stream& s = ask_on_new();
  ASSERT_TRUE(asked(*peer, 1));
  EXPECT_EQ(peer->open.front(), 3U);
  EXPECT_TRUE(peer->resets.empty());
  peer->answer(3);
  ASSERT_TRUE(over(s));
}

// ---- how long it is kept ----------------------------------------------------------------------

TEST_F(Http2ConnectionTest, AnIdleConnectionIsClosedInTimeWithAGoaway) {
  settings.upstream.idle_timeout = Milliseconds(50);
  make();
  auto peer = idle_one();
  ASSERT_TRUE(run_until([&] { return peer->asked(), peer->peer->ended(); }));
  EXPECT_EQ(peer->goodbyes, 1);
  EXPECT_EQ(open(), 0);
}

TEST_F(Http2ConnectionTest, AConnectionCarriesAtMostSoManyRequests) {
  settings.upstream.max_requests_per_connection = 3;
  make();
  std::vector<Stream*> all;
  for (int i = 0; i < 4; ++i) all.push_back(&lease());
  EXPECT_EQ(lane().connections(), 2U);
  auto first = accept();
  auto second = accept();
  for (Stream* s : all) {
    ASSERT_TRUE(ready(*s));
    ask(*s);
  }
  ASSERT_TRUE(asked(*first, 3));
  ASSERT_TRUE(asked(*second, 1));
  for (const std::uint32_t id : {1U, 3U, 5U}) first->answer(id);
  ASSERT_TRUE(run_until([&] { return first->peer->ended(); }));
  EXPECT_EQ(open(), 1);
}

TEST_F(Http2ConnectionTest, AnAgedConnectionTakesNoFurtherStreamAndEndsWithItsLast) {
  settings.upstream.max_connection_age = Milliseconds(50);
  make();
  Stream& busy = lease();
  auto peer = accept();
  ASSERT_TRUE(ready(busy));
  ask(busy);
  ASSERT_TRUE(asked(*peer, 1));
  test::run_for(loop, Milliseconds(80));
  EXPECT_FALSE(lease().lease->ready());
  EXPECT_EQ(open(), 2);
  peer->answer(1);
  ASSERT_TRUE(over(busy));
  EXPECT_EQ(busy.status, 204);
  ASSERT_TRUE(run_until([&] { return peer->peer->ended(); }));
  EXPECT_EQ(open(), 1);
}

TEST_F(Http2ConnectionTest, AConnectionThatIdledTooLongForTheRequestIsPassedOver) {
  make();
  auto peer = idle_one();
  test::run_for(loop, Milliseconds(60));
  EXPECT_FALSE(lease({.idle_max = Milliseconds(20)}).lease->ready());
  EXPECT_TRUE(lease().lease->ready());
  EXPECT_TRUE(lease({.idle_max = Milliseconds(20)}).lease->ready());  // it does not idle now
}

TEST_F(Http2ConnectionTest, AReloadToTheOtherProtocolUsesNoConnectionOfTheFormer) {
  make();
  auto idle = idle_one();
  settings.upstream.protocol = config::Protocol::http1;
  cluster->update(settings);
  ASSERT_TRUE(run_until([&] { return idle->peer->ended(); }));
  Stream& s = lease();
  auto peer = connected(s);
  ask(s);
  answer(s, *peer);
  EXPECT_EQ(s.status, 204);
}

TEST_F(Http2ConnectionTest, AReloadThatMovesTheEndpointLetsStreamsFinish) {
  make();
  auto peer = idle_one();
  Stream& busy = ask_on_new();
  ASSERT_TRUE(asked(*peer, 1));
  test::Listening moved;
  settings.upstream.endpoints = {{"127.0.0.1", moved.port()}};
  cluster->update(settings);
  EXPECT_FALSE(lease().lease->ready());
  peer->answer(3);
  ASSERT_TRUE(over(busy));
  ASSERT_TRUE(run_until([&] { return peer->peer->ended(); }));
}

// ---- connecting -------------------------------------------------------------------------------

TEST_F(Http2ConnectionTest, ARefusedConnectFailsAllThatWaitAndCountsOnce) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()}};
  settings.upstream.health.unhealthy_after = 2;
  make();
  Stream &a = lease(), &b = lease();
  ASSERT_TRUE(over(a) && over(b));
  for (Stream* s : {&a, &b}) {
    EXPECT_EQ(s->error->code, ErrorCode::connect_refused);
    EXPECT_EQ(s->error->retry, Retry::safe);
  }
  EXPECT_TRUE(cluster->endpoints()[0]->health.healthy());
  EXPECT_EQ(open(), 0);
  EXPECT_EQ(lane().waiting(), 0U);
}

TEST_F(Http2ConnectionTest, WhoSpeaksNoHttp2CountsAsRefusing) {
  for (const char* says : {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", ""}) {
    make();
    Stream& s = lease();
    auto peer = accept(says);
    if (*says == '\0') peer->peer->close();
    ASSERT_TRUE(over(s));
    EXPECT_EQ(s.error->code, ErrorCode::connect_refused);
    EXPECT_EQ(s.error->retry, Retry::safe);
    EXPECT_TRUE(cluster->strained());
    EXPECT_EQ(open(), 0);
  }
}

TEST_F(Http2ConnectionTest, AnUpstreamThatSendsNoSettingsTimesOut) {
  settings.timeouts.connect = Milliseconds(50);
  make();
  Stream& s = lease();
  auto peer = accept("");
  ASSERT_TRUE(over(s));
  EXPECT_EQ(s.error->code, ErrorCode::connect_timeout);
  EXPECT_EQ(s.error->retry, Retry::safe);
  EXPECT_EQ(open(), 0);
}

TEST_F(Http2ConnectionTest, LeasesThatWaitAreBounded) {
  settings.pending_max = 3;
  make();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(lease().error);
  Stream& fourth = lease();
  ASSERT_TRUE(fourth.error);
  EXPECT_EQ(fourth.error->code, ErrorCode::pending_overflow);
  streams[0]->lease.reset();
  EXPECT_FALSE(lease().error);
  EXPECT_EQ(lane().connections(), 1U);
}

// ---- bodies -----------------------------------------------------------------------------------

TEST_F(Http2ConnectionTest, AClosedWindowBlocksItsStreamOnly) {
  make();
  auto peer = idle_one(h2::settings({{h2::kInitialWindowSize, 0}}));
  Stream &slow = lease(), &other = lease();
  RequestHead upload;
  upload.method = Method::post;
  upload.method_text = "POST";
  upload.target = "/";
  upload.authority = "a";
  upload.framing = Framing::chunked;
  slow.lease->send_head(upload);
  const std::string body(100'000, 'x');
  slow.lease->send_body(body);
  EXPECT_TRUE(slow.blocked);
  EXPECT_EQ(slow.lease->backlog() >= body.size(), true);
  ask(other);
  ASSERT_TRUE(asked(*peer, 2));
  peer->answer(5);
  ASSERT_TRUE(over(other));
  peer->say(h2::window_update(3, 200'000) + h2::window_update(0, 200'000));
  ASSERT_TRUE(run_until([&] { return !slow.blocked; }));
  slow.lease->send_end();
  ASSERT_TRUE(run_until([&] { return peer->asked(), peer->body[3].size() == body.size(); }));
}

// A slow client: its stream keeps its window, another one's bytes go on.
TEST_F(Http2ConnectionTest, APausedStreamStopsItsUpstreamAndNoOther) {
  make();
  auto peer = idle_one(h2::settings() + h2::settings_ack());
  Stream& slow = ask_on_new();
  ASSERT_TRUE(asked(*peer, 1));
  slow.lease->pause_reading();
  peer->say(h2::headers(3, {{":status", "200"}}));
  std::uint32_t window = 0;
  std::size_t sent = 0;
  const auto send_more = [&] {
    for (const h2::Frame& f : peer->reader.read(peer->peer->take())) {
      if (f.type == h2::kWindowUpdate && f.stream == 3) window += f.number_at(0);
    }
  };
  while (sent < codec::Http2ClientCodec::kStreamWindow) {
    peer->say(h2::data(3, std::string(16'384, 'x')));
    sent += 16'384;
    ASSERT_TRUE(run_until([&] { return slow.body.size() == sent; }));
  }
  send_more();
  EXPECT_EQ(window, 0U);
  slow.lease->resume_reading();
  ASSERT_TRUE(run_until([&] { return send_more(), window > 0; }));
}

// ---- a bound over lanes -----------------------------------------------------------------------

struct Counts {
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> others{0};
};

class Http2BoundTest : public Counts, public Http2ConnectionTest {};

TEST_F(Http2BoundTest, ConnectionsOfShadowsAreCountedAndNotTheirStreams) {
  make();
  const LeaseWish wish{.bound = {&taken, 1}};
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(lease(wish, Role::shadow).error);
  EXPECT_EQ(taken, 1U);
  EXPECT_EQ(open(Role::shadow), 1);
}

TEST_F(Http2BoundTest, AnotherPurposeGetsAConnectionOfItsOwnWhileOneIsUsed) {
  make();
  EXPECT_FALSE(lease({.bound = {&taken, 1}}, Role::shadow).error);
  EXPECT_FALSE(lease({.bound = {&others, 1}}, Role::shadow).error);
  EXPECT_EQ(open(Role::shadow), 2);
  EXPECT_EQ(taken, 1U);
  EXPECT_EQ(others, 1U);
}

TEST_F(Http2BoundTest, WhereNoFurtherConnectionMayBeOpenedThereIsNoRoom) {
  settings.upstream.max_requests_per_connection = 1;
  make();
  EXPECT_FALSE(lease({.bound = {&taken, 1}}, Role::shadow).error);
  Stream& second = lease({.bound = {&taken, 1}}, Role::shadow);
  ASSERT_TRUE(second.error);
  EXPECT_EQ(second.error->code, ErrorCode::pending_overflow);
}

TEST_F(Http2ConnectionTest, HundredLeasesDestroyedAtAnyStage) {
  make();
  std::vector<std::unique_ptr<Http2Peer>> peers;
  for (int i = 0; i < 300; ++i) {
    Stream& s = lease({.fresh = i % 7 == 0});
    if (i % 3 == 0) turn();
    while (auto connected = server.accept()) {
      peers.push_back(std::make_unique<Http2Peer>(std::move(connected)));
      peers.back()->say(h2::settings({{h2::kMaxConcurrentStreams, 20}}));
    }
    if (s.lease && s.lease->ready()) ask(s);
    if (i % 5 == 0) turn();
    if (i % 4 == 0) s.lease.reset();
    if (i % 11 == 0 && !peers.empty()) peers.back()->peer->close();
  }
  for (auto& s : streams) s->lease.reset();
  turn();
  EXPECT_EQ(lane().waiting(), 0U);
}

}  // namespace
}  // namespace banyan::upstream
