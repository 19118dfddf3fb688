// The admin API over real sockets: what bounds a connection, and the stream of events.
#include "proxy/control/admin_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/net/unix_socket.h"
#include "stand.h"
#include "tests/support/loop_fixture.h"
#include "tests/support/scripted_peer.h"

namespace banyan::control {
namespace {

using test::Peer;

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
  return found;
}

// Whether the other side has ended the connection, in whatever way.
bool gone(Peer& peer) { return peer.received(), peer.over(); }

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

class AdminServerTest : public Stand {
 protected:
  AdminServerTest()
      : reloader_(
            "config", snapshot_of(config_text()),
            [](const auto&, const auto&) -> Result<void, std::string> { return {}; }, now_),
        api_({*switches_, reloader_, audit_, differences_,
              [this](const auto& read, const auto& done) { return read_store(read, done); },
              events_, [] { return StatusFacts{}; },
              [this] { return ++asked_, metrics_; },
              [this](const std::function<void()>& then) { refresh_ ? refresh_(then) : then(); },
              [](const Author&, const Reloader::Done&) {}, [](const Author&) {},
              [this] { return now_; }, [] {}, readiness_, [](StatusFacts&) {}}) {
    readiness_.adopt(snapshot_of(config_text()), now_);
  }

  void serve(AdminLimits limits = {}) {
    server_ = std::make_unique<AdminServer>(loop_, Door::admin, api_, events_, limits);
    const auto bound = server_->listen(config::Address{"127.0.0.1", 0});
    ASSERT_TRUE(bound);
    port_ = static_cast<std::uint16_t>(std::stoi(bound->substr(bound->rfind(':') + 1)));
  }
  template <class Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    return test::run_until(loop_, condition);
  }
  [[nodiscard]] std::unique_ptr<Peer> client(int receive_buffer = 0) const {
    return Peer::connected_to(port_, receive_buffer);
  }
  // A stream of events that has begun.
  std::unique_ptr<Peer> listener(int receive_buffer = 0) {
    auto peer = client(receive_buffer);
    peer->send(get("/v1/events"));
    EXPECT_TRUE(run_until([&] { return count(peer->received(), "listening") == 1; }));
    return peer;
  }

  net::Loop loop_;
  shadow::DifferenceTable differences_;
  observe::StatsRegistry stats_{1};
  ReadinessBook readiness_{stats_, differences_};
  Events events_;
  Reloader reloader_;
  std::function<void(std::function<void()>)> refresh_;
  std::string metrics_ = "m\n";
  std::size_t asked_ = 0;  // for metrics
  AdminApi api_;
  std::uint16_t port_ = 0;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, AnswersOneAfterTheOtherOnOneConnection) {
  serve();
  const auto peer = client();
  peer->send(get("/livez") + get("/v1/nothing") + get("/readyz"));
  ASSERT_TRUE(run_until([&] { return count(peer->received(), "HTTP/1.1 ") == 3; }));
  const std::string got = peer->received();
  EXPECT_LT(got.find("200 OK"), got.find("404 Not Found"));
  EXPECT_LT(got.find("404 Not Found"), got.find("503 "));
}

TEST_F(AdminServerTest, ARequestThatDoesNotEndIsGivenUp) {
  serve({.request_timeout = Milliseconds(50)});
  const auto peer = client();
  peer->send("GET /livez HTTP/1.1\r\nHost: local");
  EXPECT_TRUE(run_until([&] { return gone(*peer); }));
  const auto silent = client();
  EXPECT_TRUE(run_until([&] { return gone(*silent); }));
}

TEST_F(AdminServerTest, TheDeadlineIsNotForTheAnswer) {
  serve({.request_timeout = Milliseconds(30)});
  std::function<void()> later;
  refresh_ = [&](std::function<void()> then) { later = std::move(then); };
  const auto peer = client();
  peer->send(get("/metrics"));
  ASSERT_TRUE(run_until([&] { return later != nullptr; }));
  test::run_for(loop_, Milliseconds(100));
  EXPECT_FALSE(gone(*peer));
  later();
  EXPECT_TRUE(run_until([&] { return peer->received().ends_with("m\n"); }));
}

TEST_F(AdminServerTest, AnAnswerThatComesAfterItsConnectionIsGoneGoesNowhere) {
  serve();
  std::function<void()> later;
  refresh_ = [&](std::function<void()> then) { later = std::move(then); };
  auto peer = client();
  peer->send(get("/metrics"));
  ASSERT_TRUE(run_until([&] { return later != nullptr; }));
  peer->reset();
  test::run_for(loop_, Milliseconds(50));
  later();
  test::turn(loop_);
}

TEST_F(AdminServerTest, AClientThatDoesNotReadItsAnswersGetsNoMoreUntilItDoes) {
  serve();
  const auto peer = client(4096);
  constexpr std::size_t kRequests = 200, kAnswerBytes = 256 * 1024;  // more than any socket holds
  metrics_.assign(kAnswerBytes, 'm');
  std::string all;
  for (std::size_t i = 0; i < kRequests; ++i) all += get("/metrics");
  peer->send(all);
  ASSERT_TRUE(run_until([&] { return asked_ > 0; }));
  test::run_for(loop_, Milliseconds(100));
  EXPECT_LT(asked_, kRequests) << "everything was answered to nobody";
  std::size_t bytes = 0;
  EXPECT_TRUE(run_until([&] { return (bytes += peer->take().size()) > kRequests * kAnswerBytes; }));
  EXPECT_EQ(asked_, kRequests);
}

TEST_F(AdminServerTest, MoreConnectionsThanTheBoundAreClosedAtOnce) {
  serve({.connections = 2});
  const auto one = client(), two = client();
  one->send(get("/livez"));
  two->send(get("/livez"));
  ASSERT_TRUE(run_until([&] { return !one->received().empty() && !two->received().empty(); }));
  const auto three = client();
  EXPECT_TRUE(run_until([&] { return gone(*three); }));
  EXPECT_TRUE(three->received().empty());
  EXPECT_FALSE(gone(*one));
}

TEST_F(AdminServerTest, ASocketFileEndsWithTheServer) {
  server_ = std::make_unique<AdminServer>(loop_, Door::admin, api_, events_);
  const std::string path = dir_.file("admin.sock");
  EXPECT_EQ(server_->listen(path), "unix:" + path);
  const auto fd = net::connect_unix(path);
  ASSERT_TRUE(fd);
  Peer peer(*fd);
  peer.send(get("/livez"));
  EXPECT_TRUE(run_until([&] { return peer.received().ends_with("live\n"); }));
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(AdminServerTest, EventsFollowOneAnotherUntilTheListenerLeaves) {
  serve();
  auto peer = listener();
  events_.publish("flag_set", {{"to", 5}});
  events_.publish("rollback", {{"target", "orders"}});
  EXPECT_TRUE(run_until([&] {
    return peer->received().find("event: rollback\ndata: {\"target\":\"orders\"}\n\n") !=
           std::string::npos;
  }));
  EXPECT_NE(peer->received().find("text/event-stream"), std::string::npos);
  EXPECT_EQ(events_.listeners(), 1U);
  peer->close();
  EXPECT_TRUE(run_until([&] { return events_.listeners() == 0; }));
  EXPECT_EQ(events_.dropped(), 0U);
}

TEST_F(AdminServerTest, AListenerThatReadsNothingIsDroppedAndTheOthersAreNot) {
  serve({.event_backlog = 1024 * 1024});
  const auto slow = listener(4096);
  const auto quick = listener();
  const nlohmann::json data = std::string(64 * 1024, 'x');
  std::size_t published = 0, heard = 0;
  EXPECT_TRUE(run_until([&] {
    events_.publish("verdicts", data);
    ++published;
    heard += count(quick->take(), "event: verdicts");
    return events_.dropped() == 1;
  }));
  EXPECT_TRUE(run_until([&] {
    heard += count(quick->take(), "event: verdicts");
    return heard == published;
  }));
  EXPECT_EQ(events_.listeners(), 1U);
  EXPECT_TRUE(run_until([&] { return gone(*slow); }));
}

TEST_F(AdminServerTest, AQuietStreamSaysThatItIsThere) {
  serve({.event_pause = Milliseconds(20)});
  const auto peer = listener();
  EXPECT_TRUE(run_until([&] { return count(peer->received(), ":\n\n") >= 2; }));
}

TEST_F(AdminServerTest, OneListenerTooManyIsRefused) {
  serve();
  for (std::size_t i = 0; i < kEventListenersMax; ++i) {
    ASSERT_TRUE(events_.add([](std::string_view) { return true; }));
  }
  const auto peer = client();
  peer->send(get("/v1/events"));
  EXPECT_TRUE(run_until([&] { return count(peer->received(), "503 ") == 1; }));
}

}  // namespace
}  // namespace banyan::control
