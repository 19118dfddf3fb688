// A Cluster to one scripted server, and leases that write down what they are told.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/upstream/cluster.h"
#include "tests/support/loop_fixture.h"
#include "tests/support/scripted_peer.h"

namespace banyan::upstream {

using test::Peer;

struct Stream final : StreamEvents {
  void on_stream_ready() override { ++ready; }
  void on_stream_informational(ResponseHead&) override { ++informational; }
  void on_stream_response(ResponseHead& head) override { status = head.status; }
  void on_stream_body(Bytes bytes) override { body.append(bytes); }
  void on_stream_trailers(const Headers& t) override { trailers = t; }
  void on_stream_end() override {
    ended = true;
    if (release_at_the_end) lease.reset();
  }
  void on_stream_error(Error e) override {
    EXPECT_FALSE(error || ended);
    error = std::move(e);
    lease.reset();
  }
  void on_stream_blocked() override { blocked = true; }
  void on_stream_writable() override { blocked = false; }

  int ready = 0;
  int informational = 0;
  int status = 0;
  bool blocked = false;
  bool ended = false;
  bool release_at_the_end = true;
  std::string body;
  Headers trailers;
  std::optional<Error> error;
  Lease lease;
};

class ClusterTest : public test::LoopTest {
 protected:
  ClusterTest() {
    settings.upstream.name = "orders";
    settings.upstream.endpoints = {{"127.0.0.1", server.port()}};
  }
  ~ClusterTest() override {
    for (auto& s : streams) s->lease.reset();
    turn();
    cluster.reset();
    turn();
  }
  Lane& lane() { return cluster->lane(Role::primary); }
  void make() { cluster = std::make_unique<Cluster>(loop, stats, settings); }

  Stream& lease(LeaseWish wish = {}, Role role = Role::primary) {
    streams.push_back(std::make_unique<Stream>());
    Stream& s = *streams.back();
    Result<Lease> lease = cluster->lane(role).lease(s, wish);
    if (lease) {
      s.lease = std::move(*lease);
    } else {
      s.error = lease.error();
    }
    return s;
  }
  // Connected, and the server's end of it.
  std::unique_ptr<Peer> connected(Stream& s) {
    EXPECT_TRUE(run_until([&] { return s.error || s.lease->ready(); }));
    std::unique_ptr<Peer> peer;
    EXPECT_TRUE(run_until([&] { return (peer = server.accept()) != nullptr; }));
    return peer;
  }
  static void ask(Stream& s) {
    RequestHead head;
    head.method_text = "GET";
    head.target = "/";
    head.authority = "a";
    s.lease->send_head(head);
    s.lease->send_end();
  }
  void answer(Stream& s, Peer& peer, std::string_view text = "HTTP/1.1 204 No\r\n\r\n") {
    EXPECT_TRUE(run_until([&] { return peer.received().ends_with("\r\n\r\n"); }));
    (void)peer.take();
    peer.send(text);
    EXPECT_TRUE(run_until([&] { return s.ended || s.error; }));
  }
  // One whole exchange on a new connection; it is then idle.
  std::unique_ptr<Peer> idle_connection() {
    Stream& s = lease({.fresh = true});
    auto peer = connected(s);
    ask(s);
    answer(s, *peer);
    return peer;
  }
  std::int64_t open(Role role = Role::primary) {
    return stats.connections[static_cast<std::size_t>(role)].read();
  }

  test::Listening server;
  observe::UpstreamStats stats;
  ClusterSettings settings;
  std::unique_ptr<Cluster> cluster;
  std::vector<std::unique_ptr<Stream>> streams;
};

}  // namespace banyan::upstream
