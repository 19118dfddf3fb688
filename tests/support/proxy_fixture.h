// tests/support/proxy_fixture.h: a whole worker on the test's own thread, between scripted peers.
//
//   ProxyTest: one listener, two upstreams (`legacy`, `monolith`), one migration `orders` for /
//   at 0 %, no default. Change `snapshot`, `flag` or `latch`, then serve().
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/net/address.h"
#include "proxy/worker/worker.h"
#include "shadow/difference_table.h"
#include "tests/support/loop_fixture.h"
#include "tests/support/scripted_peer.h"

namespace banyan::test {

inline std::string response(std::string_view body, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}
inline std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: shop.test\r\n\r\n";
}
inline std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: shop.test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

class ProxyTest : public ::testing::Test {
 protected:
  ProxyTest() {
    snapshot.listeners.emplace_back();
    snapshot.listeners.back().name = "ingress";
    snapshot.listeners.back().bind = {"127.0.0.1", 0};
    snapshot.listeners.back().x_forwarded = false;
    for (const auto& [name, at] :
         {std::pair{"legacy", legacy.port()}, std::pair{"monolith", monolith.port()}}) {
      config::Upstream upstream;
      upstream.name = name;
      upstream.endpoints = {{"127.0.0.1", at}};
      snapshot.upstreams.push_back(std::move(upstream));
    }
    config::Migration orders;
    orders.name = orders.flag = "orders";
    orders.asking_again.control_millipercent = 0;  // nothing that a test did not ask for
    orders.legacy = 0;
    orders.monolith = 1;
    snapshot.migrations.push_back(std::move(orders));
    migration_slot_ = stats.migration_slot("orders");
    for (const char* name : {"legacy", "monolith"})
      upstream_slots_.push_back(stats.upstream_slot(name));
  }
  ~ProxyTest() override {
    worker.cut();
    turn();
  }

  void shadow_everything() { snapshot.migrations[0].shadow.emplace(); }
  void everything_to(Arm arm) {
    flag.share = arm == Arm::monolith ? routing::kEverybody : routing::kNobody;
  }

  // Publishes `snapshot`, `flag` as they are; the first time also listens.
  void serve() {
    routing::Route route;
    route.name = route.flag = "orders";
    route.match.push_back({.host = {}, .path_prefix = "/orders"});
    std::vector<routing::RouteTable::Tie> ties;
    std::vector<routing::Route> routes;
    routes.push_back(std::move(route));
    snapshot.routes = routing::RouteTable::build(std::move(routes), ties);
    worker::Assignment a;
    a.snapshot = std::make_shared<const config::Snapshot>(snapshot);
    a.flags = std::make_shared<const routing::FlagTable>(routing::FlagTable{flag});
    a.migrations.push_back({&latch, 0, &orders(), &compared(), &ledger});
    for (const std::size_t slot : upstream_slots_) {
      a.upstreams.push_back(&stats.worker(0).upstream(slot));
    }
    a.none = &stats.worker(0).migration(0);
    a.process_ledger = &process_ledger;
    a.writes = &writes;
    if (port == 0) {
      const Result<int> fd =
          net::bind_tcp(*net::SocketAddress::parse("127.0.0.1", 0), net::Sharing::nobody);
      ASSERT_TRUE(fd);
      port = net::SocketAddress::local_of(*fd).port();
      a.sockets["ingress"] = *fd;
    }
    worker.take(std::move(a));
  }

  void turn() {
    test::turn(worker.loop());
    test::turn(worker.loop());
  }
  template <class Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    return test::run_until(worker.loop(), condition);
  }
  void run_for(Milliseconds duration) { test::run_for(worker.loop(), duration); }

  [[nodiscard]] std::unique_ptr<Peer> client() { return Peer::connected_to(port); }
  // The next connection that `server` gets; nullptr after kGiveUp.
  [[nodiscard]] std::unique_ptr<Peer> accepted(Listening& server) {
    std::unique_ptr<Peer> peer;
    EXPECT_TRUE(run_until([&] { return (peer = server.accept()) != nullptr; }));
    return peer;
  }
  // Waits for what ends with `end`, and forgets it.
  std::string take_until(Peer& peer, std::string_view end) {
    EXPECT_TRUE(run_until([&] { return peer.received().ends_with(end) || peer.over(); }));
    EXPECT_TRUE(peer.received().ends_with(end)) << peer.received();
    return peer.take();
  }
  std::string take_head(Peer& peer) { return take_until(peer, "\r\n\r\n"); }

  [[nodiscard]] observe::MigrationStats& orders() {
    return stats.worker(0).migration(migration_slot_);
  }
  [[nodiscard]] observe::MigrationStats& compared() {
    return stats.comparison().migration(migration_slot_);
  }
  [[nodiscard]] std::int64_t errors(ErrorCode code) {
    return stats.worker(0).local_errors[static_cast<std::size_t>(code)].read();
  }
  [[nodiscard]] std::int64_t requests(Arm arm, int status, Role role = Role::primary) {
    return orders().of(arm, role).requests[observe::code_class(status)].read();
  }
  [[nodiscard]] std::int64_t all_requests() {
    std::int64_t sum = 0;
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      for (const auto& c : orders().of(arm, Role::primary).requests) sum += c.read();
    }
    return sum;
  }
  [[nodiscard]] observe::UpstreamStats& upstream(std::size_t i) {
    return stats.worker(0).upstream(upstream_slots_[i]);
  }
  [[nodiscard]] std::int64_t connections() { return stats.worker(0).downstream_connections.read(); }

  Listening legacy;
  Listening monolith;
  config::Snapshot snapshot;
  routing::FlagState flag;
  routing::MigrationSlot latch;
  comparison::Ledger ledger;
  comparison::Ledger process_ledger;
  shadow::RecentWrites writes;
  observe::StatsRegistry stats{1};
  observe::AccessLog access_log{1};
  shadow::DifferenceTable differences;
  comparison::ComparisonPool comparisons{1, differences};
  std::uint16_t port = 0;

 private:
  std::size_t migration_slot_ = 0;
  std::vector<std::size_t> upstream_slots_;

 protected:
  worker::Worker worker{0, stats.worker(0), access_log, comparisons};
};

}  // namespace banyan::test
