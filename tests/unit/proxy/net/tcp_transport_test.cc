#include "proxy/net/tcp_transport.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/net/tcp_listener.h"
#include "tests/support/loop_fixture.h"
#include "tests/support/scripted_peer.h"

namespace banyan::net {
namespace {

struct Events final : TransportEvents {
  void on_connected() override { ++connected; }
  void on_read(Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    text.append(bytes);
    ++reads;
  }
  void on_read_end() override { ++ends; }
  void on_blocked() override { ++blocked; }
  void on_writable() override { ++writable; }
  void on_transport_error(Error e) override {
    EXPECT_FALSE(error) << "told twice";
    error = std::move(e);
  }
  int connected = 0;
  int reads = 0;
  int ends = 0;
  int blocked = 0;
  int writable = 0;
  std::string text;
  std::optional<Error> error;
};

SocketAddress at(std::uint16_t port) { return *SocketAddress::parse("127.0.0.1", port); }

class TcpTransportTest : public test::LoopTest {
 protected:
  void connect() {
    transport = TcpTransport::connect(loop, Role::primary, at(server.port()), events);
    ASSERT_TRUE(run_until([&] { return events.connected == 1; }));
    peer = server.accept();
    ASSERT_NE(peer, nullptr);
  }

  test::Listening server;
  Events events;
  std::unique_ptr<TcpTransport> transport;
  std::unique_ptr<test::Peer> peer;
};

TEST_F(TcpTransportTest, CarriesBytesBothWays) {
  connect();
  transport->copy("ping");
  ASSERT_TRUE(run_until([&] { return peer->received() == "ping"; }));
  peer->send("pong");
  ASSERT_TRUE(run_until([&] { return events.text == "pong"; }));
  EXPECT_EQ(transport->peer(), "127.0.0.1");
}

TEST_F(TcpTransportTest, BytesWrittenWhileConnectingLeaveOnceItIs) {
  transport = TcpTransport::connect(loop, Role::primary, at(server.port()), events);
  transport->copy("early");
  ASSERT_TRUE(run_until([&] { return peer != nullptr || (peer = server.accept()) != nullptr; }));
  ASSERT_TRUE(run_until([&] { return peer->received() == "early"; }));
}

TEST_F(TcpTransportTest, ARefusedConnectIsToldLaterAndOnce) {
  transport = TcpTransport::connect(loop, Role::primary, at(test::refusing_port()), events);
  EXPECT_FALSE(events.error);
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.error->code, ErrorCode::connect_refused);
  EXPECT_EQ(events.error->retry, Retry::safe);
  EXPECT_EQ(events.connected, 0);
  transport->copy("into the void");
  test::run_for(loop, Milliseconds(40));
}

TEST_F(TcpTransportTest, AResetRightAfterTheAcceptIsNoRefusal) {
  transport = TcpTransport::connect(loop, Role::primary, at(server.port()), events);
  ASSERT_NE(peer = server.accept(), nullptr);
  peer->reset();  // before the loop has looked at the connect
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.error->code, ErrorCode::upstream_reset);
  EXPECT_EQ(events.connected, 0);
}

TEST_F(TcpTransportTest, AResetIsAnErrorAndNotAnEnd) {
  connect();
  peer->reset();
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.error->code, ErrorCode::upstream_reset);
  EXPECT_EQ(events.ends, 0);
}

TEST_F(TcpTransportTest, AHalfClosedPeerStillGetsBytes) {
  connect();
  peer->send("last words");
  peer->finish();
  ASSERT_TRUE(run_until([&] { return events.ends == 1; }));
  EXPECT_EQ(events.text, "last words");
  transport->copy("an answer");
  ASSERT_TRUE(run_until([&] { return peer->received() == "an answer"; }));
  transport->resume_reading();  // there is nothing left to read
  test::run_for(loop, Milliseconds(40));
  EXPECT_EQ(events.ends, 1);
  EXPECT_FALSE(events.error);
}

TEST_F(TcpTransportTest, FinishEndsOrderlyAfterTheLastByte) {
  connect();
  const std::string large(3'000'000, 'x');
  transport->borrow(large);
  transport->finish();
  transport->copy("not any more");
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(peer->received().size(), large.size());
  EXPECT_FALSE(peer->was_reset());
}

TEST_F(TcpTransportTest, ResetIsSeenAsAReset) {
  connect();
  transport->copy("half of a bo");
  turn();
  transport->reset();
  ASSERT_TRUE(run_until([&] { return peer->over() || (peer->received(), peer->over()); }));
  EXPECT_TRUE(peer->was_reset());
  transport->copy("nothing");
  transport->finish();
  transport->resume_reading();
  transport->reset();
  turn();
  EXPECT_FALSE(events.error);
}

TEST_F(TcpTransportTest, ResetDropsWhatAWriteStillHolds) {
  connect();
  transport->copy(std::string(8'000'000, 'x'));
  turn();
  EXPECT_GT(transport->backlog(), 0U);
  transport->reset();
  EXPECT_EQ(transport->backlog(), 0U);
  ASSERT_TRUE(run_until([&] { return peer->received(), peer->over(); }));
  EXPECT_TRUE(peer->was_reset());
  EXPECT_LT(peer->received().size(), 8'000'000U);
}

TEST_F(TcpTransportTest, DestroyingItClosesAndTellsNothing) {
  connect();
  transport.reset();
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_FALSE(events.error);
  EXPECT_EQ(events.ends, 0);
}

TEST_F(TcpTransportTest, EverythingOfOneIterationLeavesInOneWrite) {
  connect();
  const std::string body(3'000, 'b');
  transport->copy("head ");
  transport->borrow(body);
  transport->copy(" tail");
  EXPECT_TRUE(peer->received().empty());
  turn();
  EXPECT_EQ(peer->received(), "head " + body + " tail");
  EXPECT_EQ(transport->backlog(), 0U);
}

TEST_F(TcpTransportTest, TellsTheProducerWhenItsBytesPileUpAndWhenTheyAreGone) {
  connect();
  std::string expected;
  while (events.blocked == 0) {
    ASSERT_LT(expected.size(), 100'000'000U);
    const std::string bytes(50'000, static_cast<char>('a' + expected.size() % 26));
    expected += bytes;
    transport->copy(bytes);
    turn();
    // One piece may come on top of the mark.
    ASSERT_LE(transport->backlog(), Transport::kBacklogHigh + bytes.size());
  }
  EXPECT_GT(transport->backlog(), Transport::kBacklogHigh);
  EXPECT_EQ(events.writable, 0);
  ASSERT_TRUE(run_until([&] { return peer->received().size() == expected.size(); }));
  ASSERT_TRUE(run_until([&] { return events.writable == 1; }));
  EXPECT_EQ(events.blocked, 1);
  EXPECT_LE(transport->backlog(), Transport::kBacklogLow);
  EXPECT_EQ(peer->received(), expected);
}

TEST_F(TcpTransportTest, BorrowedBytesMayBeOverwrittenAfterTheIteration) {
  connect();
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    std::string body(40'000, static_cast<char>('a' + i % 26));
    expected += body;
    transport->borrow(body);
    turn();
    body.assign(body.size(), '!');
  }
  ASSERT_TRUE(run_until([&] { return peer->received().size() == expected.size(); }));
  EXPECT_EQ(peer->received(), expected);
}

TEST_F(TcpTransportTest, APausedTransportLeavesBytesInTheKernel) {
  connect();
  transport->pause_reading();
  peer->send("wait");
  test::run_for(loop, Milliseconds(40));
  EXPECT_EQ(events.reads, 0);
  transport->resume_reading();
  ASSERT_TRUE(run_until([&] { return events.text == "wait"; }));
}

TEST_F(TcpTransportTest, PausedWhileConnectingItDoesNotRead) {
  transport = TcpTransport::connect(loop, Role::primary, at(server.port()), events);
  transport->pause_reading();
  ASSERT_TRUE(run_until([&] { return peer != nullptr || (peer = server.accept()) != nullptr; }));
  peer->send("wait");
  test::run_for(loop, Milliseconds(40));
  EXPECT_EQ(events.reads, 0);
  transport->resume_reading();
  ASSERT_TRUE(run_until([&] { return events.text == "wait"; }));
}

TEST_F(TcpTransportTest, ALimitedReadTakesNoMore) {
  connect();
  transport->limit_reads(100);
  peer->send(std::string(1'000, 'x'));
  ASSERT_TRUE(run_until([&] { return events.text.size() == 1'000; }));
  EXPECT_GE(events.reads, 10);
}

// What was read stays where it is until the iteration ends, also when many connections read more
// than the loop's slab holds.
TEST_F(TcpTransportTest, ManyLargeReadsOfOneIterationAreForwardedWhole) {
  struct Relay final : TransportEvents {
    void on_read(Bytes bytes) override { to->borrow(bytes); }
    void on_read_end() override {}
    void on_transport_error(Error) override {}
    TcpTransport* to = nullptr;
  };
  struct Line {
    Relay relay;
    Events quiet;
    std::unique_ptr<TcpTransport> in, out;
    std::unique_ptr<test::Peer> source, sink;
    std::string expected;
  };
  std::vector<std::unique_ptr<Line>> lines;
  for (int i = 0; i < 8; ++i) {
    auto line = std::make_unique<Line>();
    line->in = TcpTransport::connect(loop, Role::primary, at(server.port()), line->relay);
    ASSERT_TRUE(run_until([&] { return line->source || (line->source = server.accept()); }));
    line->out = TcpTransport::connect(loop, Role::primary, at(server.port()), line->quiet);
    ASSERT_TRUE(run_until([&] { return line->quiet.connected == 1; }));
    ASSERT_TRUE(run_until([&] { return line->sink || (line->sink = server.accept()); }));
    line->relay.to = line->out.get();
    lines.push_back(std::move(line));
  }
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string bytes(100'000, static_cast<char>('a' + (static_cast<int>(i) + round) % 26));
      const std::size_t taken = lines[i]->source->send_some(bytes);
      lines[i]->expected += bytes.substr(0, taken);
    }
    turn();
  }
  for (const auto& line : lines) {
    ASSERT_TRUE(run_until([&] { return line->sink->received().size() == line->expected.size(); }));
    EXPECT_EQ(line->sink->received(), line->expected);
  }
}

TEST_F(TcpTransportTest, TwoHundredDestroyedWhileConnectingAndWriting) {
  constexpr std::size_t kCount = 200;
  std::vector<std::unique_ptr<Events>> all_events;
  std::vector<std::unique_ptr<TcpTransport>> all;
  std::vector<std::unique_ptr<test::Peer>> peers;
  for (std::size_t i = 0; i < kCount; ++i) {
    all_events.push_back(std::make_unique<Events>());
    all.push_back(
        TcpTransport::connect(loop, Role::primary, at(server.port()), *all_events.back()));
    all.back()->copy(std::string(3'000'000, 'x'));  // more than the kernel takes
    if (i % 3 == 0) turn();
    if (i % 5 == 0) all[i].reset();  // in mid-connect
    if (i % 7 == 0 && all[i] != nullptr) all[i]->reset();
    if (auto accepted = server.accept()) peers.push_back(std::move(accepted));
  }
  turn();
  all_events.clear();  // nobody may be told anything
  all.clear();         // in mid-write
  turn();
  turn();
}

// ---- accepted ones ----------------------------------------------------------------------------

TEST_F(TcpTransportTest, AListenerAcceptsUntilItIsDestroyed) {
  const Result<int> fd = bind_tcp(at(0), Sharing::nobody);
  ASSERT_TRUE(fd);
  const std::uint16_t port = SocketAddress::local_of(*fd).port();
  std::unique_ptr<TcpTransport> accepted;
  auto listener = TcpListener::listen(loop, *fd, [&](auto t) { accepted = std::move(t); });
  ASSERT_TRUE(listener);
  auto client = test::Peer::connected_to(port);
  ASSERT_TRUE(run_until([&] { return accepted != nullptr; }));
  accepted->start(events);
  EXPECT_EQ(accepted->peer(), "127.0.0.1");
  listener->reset();
  client->send("hello");
  ASSERT_TRUE(run_until([&] { return events.text == "hello"; }));
  accepted->copy("and you");
  ASSERT_TRUE(run_until([&] { return client->received() == "and you"; }));
}

}  // namespace
}  // namespace banyan::net
