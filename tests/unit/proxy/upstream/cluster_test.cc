#include "proxy/upstream/cluster.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "tests/unit/proxy/upstream/cluster_fixture.h"

namespace banyan::upstream {
namespace {

TEST_F(ClusterTest, ANewConnectionIsReadyLaterAKeptOneAtOnce) {
  make();
  Stream& first = lease();
  EXPECT_FALSE(first.lease->ready());
  auto peer = connected(first);
  EXPECT_EQ(first.ready, 1);
  ask(first);
  answer(first, *peer);
  Stream& second = lease();
  EXPECT_TRUE(second.lease->ready());
  EXPECT_EQ(second.ready, 0);
  EXPECT_EQ(stats.connections_opened.read(), 1);
}

TEST_F(ClusterTest, TheConnectionThatWasUsedLastIsUsedNext) {
  make();
  Stream& a = lease();
  auto peer_a = connected(a);
  Stream& b = lease();
  auto peer_b = connected(b);
  ask(a);
  ask(b);
  answer(b, *peer_b);
  answer(a, *peer_a);
  Stream& next = lease();
  ask(next);
  ASSERT_TRUE(run_until([&] { return !peer_a->received().empty(); }));
  EXPECT_EQ(peer_b->received(), "");
}

TEST_F(ClusterTest, TheLanesShareNoConnection) {
  make();
  auto kept = idle_connection();
  Stream& shadow = lease({}, Role::shadow);
  EXPECT_FALSE(shadow.lease->ready());
  auto other = connected(shadow);
  EXPECT_EQ(open(Role::primary), 1);
  EXPECT_EQ(open(Role::shadow), 1);
}

TEST_F(ClusterTest, AnIdleConnectionIsClosedInTime) {
  settings.upstream.idle_timeout = Milliseconds(50);
  make();
  auto peer = idle_connection();
  EXPECT_EQ(open(), 1);
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(open(), 0);
}

TEST_F(ClusterTest, AnAgedConnectionIsNotUsedAgainAndClosedAtOnce) {
  settings.upstream.max_connection_age = Milliseconds(50);
  make();
  Stream& busy = lease();
  auto peer = connected(busy);
  ask(busy);
  ASSERT_TRUE(run_until([&] { return !peer->received().empty(); }));
  test::run_for(loop, Milliseconds(80));
  EXPECT_FALSE(busy.error);  // what runs on it finishes
  answer(busy, *peer);
  EXPECT_TRUE(busy.ended);
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(open(), 0);
}

TEST_F(ClusterTest, AnIdleConnectionIsClosedWhenItGrowsTooOld) {
  settings.upstream.idle_timeout = Milliseconds(60'000);
  settings.upstream.max_connection_age = Milliseconds(100);
  make();
  auto peer = idle_connection();
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(open(), 0);
}

TEST_F(ClusterTest, AConnectionCarriesAtMostSoManyRequests) {
  settings.upstream.max_requests_per_connection = 3;
  make();
  for (int connection = 1; connection <= 2; ++connection) {
    auto peer = idle_connection();
    for (int i = 0; i < 2; ++i) {
      Stream& s = lease();
      ASSERT_TRUE(s.lease->ready());
      ask(s);
      answer(s, *peer);
    }
    ASSERT_TRUE(run_until([&] { return peer->ended(); }));
    EXPECT_EQ(open(), 0);
    EXPECT_EQ(stats.connections_opened.read(), connection);
  }
}

TEST_F(ClusterTest, AConnectionThatIdledTooLongForTheRequestIsPassedOver) {
  make();
  auto peer = idle_connection();
  test::run_for(loop, Milliseconds(60));
  Stream& careful = lease({.fresh = false, .idle_max = Milliseconds(20)});
  EXPECT_FALSE(careful.lease->ready());
  Stream& other = lease();
  EXPECT_TRUE(other.lease->ready());
}

TEST_F(ClusterTest, AnIdleConnectionThatClosesOrSpeaksUnaskedIsDropped) {
  make();
  for (const char* says : {"", "HTTP/1.1 200 OK\r\n\r\n"}) {
    auto peer = idle_connection();
    if (*says != '\0') {
      peer->send(says);
    } else {
      peer->finish();
    }
    ASSERT_TRUE(run_until([&] { return open() == 0; }));
  }
}

TEST_F(ClusterTest, MoreBytesThanTheAnswerMakeAConnectionUnfitForAnother) {
  make();
  Stream& s = lease();
  auto peer = connected(s);
  ask(s);
  answer(s, *peer, "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(s.ended);
  EXPECT_EQ(open(), 0);
}

TEST_F(ClusterTest, AnUnfinishedStreamIsResetWhenItIsReleased) {
  make();
  Stream& s = lease();
  auto peer = connected(s);
  ask(s);
  ASSERT_TRUE(run_until([&] { return !peer->received().empty(); }));
  s.lease.reset();
  ASSERT_TRUE(run_until([&] { return peer->received(), peer->over(); }));
  EXPECT_TRUE(peer->was_reset());
}

TEST_F(ClusterTest, AnAnswerThatEndsTheConnectionEndsItOrderly) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
                           "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"}) {
    make();
    Stream& s = lease();
    auto peer = connected(s);
    ask(s);
    answer(s, *peer, text);
    EXPECT_EQ(s.body, "x");
    ASSERT_TRUE(run_until([&] { return peer->received(), peer->over(); }));
    EXPECT_FALSE(peer->was_reset());
    EXPECT_EQ(open(), 0);
  }
}

TEST_F(ClusterTest, ALeaseThatWasNotUsedEndsOrderly) {
  make();
  Stream& s = lease();
  auto peer = connected(s);
  s.lease.reset();
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
}

TEST_F(ClusterTest, LeasesThatWaitForAConnectionAreBounded) {
  settings.pending_max = 3;
  make();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(lease().error);
  Stream& fourth = lease();
  ASSERT_TRUE(fourth.error);
  EXPECT_EQ(fourth.error->code, ErrorCode::pending_overflow);
  streams[0]->lease.reset();  // gives its place back
  EXPECT_FALSE(lease().error);
  ASSERT_TRUE(run_until([&] { return streams[1]->ready == 1 && streams[2]->ready == 1; }));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(lease().error);
}

TEST_F(ClusterTest, AConnectIntoAFullBacklogTimesOutAndIsNotTheRequestsFault) {
  const test::Listening full(0);
  std::vector<std::unique_ptr<Peer>> waiting;
  for (int i = 0; i < 2; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in to = test::loopback(full.port());
    (void)::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    waiting.push_back(std::make_unique<Peer>(fd));
  }
  settings.upstream.endpoints[0].port = full.port();
  settings.timeouts.connect = Milliseconds(50);
  make();
  Stream& s = lease();
  ASSERT_TRUE(run_until([&] { return s.error.has_value(); }));
  EXPECT_EQ(s.error->code, ErrorCode::connect_timeout);
  EXPECT_EQ(s.error->retry, Retry::safe);
  EXPECT_EQ(open(), 0);
}

TEST_F(ClusterTest, FiveRefusedConnectsTakeAnEndpointOutButNotAllOfThem) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()}};
  make();
  for (int i = 0; i < 6; ++i) {
    Stream& s = lease();
    ASSERT_TRUE(run_until([&] { return s.error.has_value(); }));
    EXPECT_EQ(s.error->code, ErrorCode::connect_refused);
    EXPECT_EQ(cluster->endpoints()[0]->health.healthy(), i < 4);
  }
}

TEST_F(ClusterTest, ShadowFailuresSayNothingAboutHealth) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()}};
  make();
  for (int i = 0; i < 6; ++i) {
    Stream& s = lease({}, Role::shadow);
    ASSERT_TRUE(run_until([&] { return s.error.has_value(); }));
  }
  EXPECT_TRUE(cluster->endpoints()[0]->health.healthy());
}

TEST_F(ClusterTest, AnEndpointThatIsOutIsPassedOver) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()},
                                 {"127.0.0.1", server.port()}};
  make();
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 10; ++i) {  // in turn
    Stream& s = lease({.fresh = true});
    ASSERT_TRUE(run_until([&] { return s.error || s.lease->ready(); }));
  }
  for (int i = 0; i < 6; ++i) {
    Stream& s = lease({.fresh = true});
    ASSERT_TRUE(run_until([&] { return s.error || s.lease->ready(); }));
    EXPECT_FALSE(s.error);
  }
}

TEST_F(ClusterTest, AReloadThatMovesTheEndpointEndsIdleConnectionsNowAndBusyOnesAfterwards) {
  make();
  Stream& busy = lease();
  auto busy_peer = connected(busy);
  ask(busy);
  auto idle_peer = idle_connection();
  test::Listening moved;
  settings.upstream.endpoints = {{"127.0.0.1", moved.port()}};
  cluster->update(settings);
  ASSERT_TRUE(run_until([&] { return idle_peer->ended(); }));
  EXPECT_EQ(open(), 1);
  answer(busy, *busy_peer);
  EXPECT_TRUE(busy.ended);
  ASSERT_TRUE(run_until([&] { return busy_peer->ended(); }));
  Stream& next = lease();
  ASSERT_TRUE(run_until([&] { return next.lease->ready(); }));
  EXPECT_NE(moved.accept(), nullptr);
}

TEST_F(ClusterTest, AReloadThatKeepsTheEndpointKeepsItsHealthAndItsConnections) {
  make();
  auto peer = idle_connection();
  const auto endpoint = cluster->endpoints()[0];
  settings.timeouts.connect = Milliseconds(77);
  cluster->update(settings);
  EXPECT_EQ(cluster->endpoints()[0], endpoint);
  EXPECT_TRUE(lease().lease->ready());
}

TEST_F(ClusterTest, AReloadLeavesConnectionsToEndpointsThatStay) {
  test::Listening leaving;
  settings.upstream.endpoints = {{"127.0.0.1", server.port()}, {"127.0.0.1", leaving.port()}};
  make();
  Stream& a = lease({.fresh = true});
  auto stays = connected(a);
  Stream& b = lease({.fresh = true});
  std::unique_ptr<Peer> goes;
  ASSERT_TRUE(run_until([&] { return (goes = leaving.accept()) != nullptr; }));
  ASSERT_TRUE(run_until([&] { return b.lease->ready(); }));
  ask(a);
  ask(b);
  answer(a, *stays);
  answer(b, *goes);
  settings.upstream.endpoints.pop_back();
  cluster->update(settings);
  ASSERT_TRUE(run_until([&] { return goes->ended(); }));
  EXPECT_EQ(open(), 1);
  EXPECT_FALSE(stays->ended());
}

TEST_F(ClusterTest, TheRuleOfPassiveHealthIsTheUpstreams) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()}};
  settings.upstream.health.unhealthy_after = 2;
  make();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(cluster->endpoints()[0]->health.healthy());
    Stream& s = lease();
    ASSERT_TRUE(run_until([&] { return s.error.has_value(); }));
  }
  EXPECT_FALSE(cluster->endpoints()[0]->health.healthy());
  settings.upstream.health.unhealthy_after = 3;
  cluster->update(settings);
  EXPECT_TRUE(cluster->endpoints()[0]->health.healthy());
}

TEST_F(ClusterTest, HundredLeasesDestroyedAtAnyStage) {
  make();
  for (int i = 0; i < 100; ++i) {
    Stream& s = lease({.fresh = i % 2 == 0});
    if (i % 3 == 0) turn();
    if (s.lease->ready()) ask(s);
    if (i % 5 == 0) turn();
    if (i % 4 == 0) s.lease.reset();
    server.accept();
  }
  for (auto& s : streams) s->lease.reset();
  turn();
  EXPECT_EQ(open(), 0);
}

TEST_F(ClusterTest, WithoutAnEndpointNothingIsLeased) {
  settings.upstream.endpoints.clear();
  make();
  EXPECT_EQ(lease().error->code, ErrorCode::unresolved);
}

// ---- strain -----------------------------------------------------------------------------------

TEST_F(ClusterTest, IsStrainedWhileAPrimaryWaitsForItsConnection) {
  make();
  EXPECT_FALSE(cluster->strained());
  Stream& s = lease();
  EXPECT_TRUE(cluster->strained());
  auto peer = connected(s);
  EXPECT_FALSE(cluster->strained());
}

TEST_F(ClusterTest, IsStrainedForAWhileAfterAPrimaryCouldNotConnect) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()}};
  make();
  Stream& s = lease();
  ASSERT_TRUE(run_until([&] { return s.error.has_value(); }));
  EXPECT_TRUE(cluster->strained());
  EXPECT_TRUE(run_until([&] { return !cluster->strained(); }));
}

TEST_F(ClusterTest, AShadowStrainsNothingAndMarksNoEndpoint) {
  settings.upstream.endpoints = {{"127.0.0.1", test::refusing_port()}};
  make();
  for (int i = 0; i < 10; ++i) {
    Stream& s = lease({}, Role::shadow);
    EXPECT_FALSE(cluster->strained());
    ASSERT_TRUE(run_until([&] { return s.error.has_value(); }));
  }
  EXPECT_FALSE(cluster->strained());
  EXPECT_TRUE(cluster->endpoints()[0]->health.healthy());
}

// ---- a bound over lanes -----------------------------------------------------------------------

// Counted by connections, which end with the loop: here they outlive it.
struct Counts {
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> others{0};
};

class ConnectionBoundTest : public Counts, public ClusterTest {
 protected:
  LeaseWish wish(std::uint64_t max = 2) { return {.bound = {&taken, max}}; }
  Stream& shadow(const LeaseWish& wish) { return lease(wish, Role::shadow); }
  std::unique_ptr<Peer> idle_shadow() {
    Stream& s = shadow(wish());
    auto peer = connected(s);
    ask(s);
    answer(s, *peer);
    return peer;
  }
  void expect_no_room(const Stream& s) {
    ASSERT_TRUE(s.error);
    EXPECT_EQ(s.error->code, ErrorCode::pending_overflow);
    EXPECT_EQ(s.error->side, Side::local);
  }
};

TEST_F(ConnectionBoundTest, CountsIdleConnectionsAsWell) {
  make();
  auto peer = idle_shadow();
  EXPECT_EQ(taken, 1U);
  Stream& kept = shadow(wish());
  EXPECT_TRUE(kept.lease->ready());
  Stream& fresh = shadow(wish());
  EXPECT_EQ(taken, 2U);
  expect_no_room(shadow(wish()));
  EXPECT_EQ(open(Role::shadow), 2);
  fresh.lease.reset();
  EXPECT_TRUE(run_until([&] { return taken == 1; }));
}

TEST_F(ConnectionBoundTest, HoldsOverAllClusters) {
  make();
  auto peer = idle_shadow();
  observe::UpstreamStats other_stats;
  Cluster other(loop, other_stats, settings);
  Stream first, second;
  Result<Lease> lease = other.lane(Role::shadow).lease(first, wish());
  ASSERT_TRUE(lease);
  EXPECT_FALSE(other.lane(Role::shadow).lease(second, wish()));
  EXPECT_EQ(taken, 2U);
  lease->reset();
}

TEST_F(ConnectionBoundTest, IsGivenBackWhenThePeerCloses) {
  make();
  auto peer = idle_shadow();
  peer->close();
  EXPECT_TRUE(run_until([&] { return taken == 0; }));
  EXPECT_EQ(open(Role::shadow), 0);
}

TEST_F(ConnectionBoundTest, AKeptConnectionCountsForWhoeverUsesIt) {
  make();
  auto peer = idle_shadow();
  Stream& s = shadow({.bound = {&others, 1}});
  EXPECT_TRUE(s.lease->ready());
  EXPECT_EQ(taken, 0U);
  EXPECT_EQ(others, 1U);
  s.lease.reset();
  EXPECT_TRUE(run_until([&] { return others == 0; }));
}

TEST_F(ConnectionBoundTest, AKeptConnectionIsNotTakenOverWhereThatPassesTheBound) {
  make();
  auto peer = idle_shadow();
  others = 1;
  expect_no_room(shadow({.bound = {&others, 1}}));
  EXPECT_EQ(taken, 1U);
  EXPECT_EQ(others, 1U);
  // The one that may not be taken does not hide the one that may.
  Stream& mine = shadow({.fresh = true, .bound = {&others, 2}});
  auto other_peer = connected(mine);
  ask(mine);
  answer(mine, *other_peer);
  Stream& again = shadow(wish(1));
  ASSERT_TRUE(again.lease);
  ask(again);
  answer(again, *peer);
  EXPECT_TRUE(shadow({.bound = {&others, 2}}).lease->ready());
  EXPECT_EQ(taken, 1U);
  EXPECT_EQ(others, 2U);
}

// Rather an old one than none.
TEST_F(ConnectionBoundTest, WhereItIsMetIdleTimeDoesNotCount) {
  make();
  auto peer = idle_shadow();
  LeaseWish fresher = wish();
  fresher.idle_max = Milliseconds(-1);
  Stream& opened = shadow(fresher);
  EXPECT_FALSE(opened.lease->ready());
  EXPECT_TRUE(shadow(fresher).lease->ready());
  expect_no_room(shadow(fresher));
  EXPECT_EQ(taken, 2U);
}

}  // namespace
}  // namespace banyan::upstream
