// Workers on their own threads, told what to do by the test's thread as by the control thread.
#include "proxy/worker/worker_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/scalar.h"
#include "proxy/observe/access_log.h"
#include "tests/support/loop_fixture.h"
#include "tests/support/proxy_fixture.h"
#include "tests/support/scripted_peer.h"

namespace banyan::worker {
namespace {

using test::get;
using test::Peer;

// Answers every request with its name, on its own thread, until it is destroyed.
class Answering {
 public:
  explicit Answering(std::string name) : name_(std::move(name)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Answering() {
    stop_ = true;
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return listening_.port(); }

 private:
  void run() {
    std::vector<std::unique_ptr<Peer>> peers;
    while (!stop_) {
      while (auto peer = listening_.accept()) peers.push_back(std::move(peer));
      bool any = false;
      for (auto& peer : peers) {
        if (!peer->received().ends_with("\r\n\r\n")) continue;
        (void)peer->take();
        peer->send_some(test::response(name_));  // who asked may be gone
        any = true;
      }
      if (!any) std::this_thread::yield();
    }
  }
  const std::string name_;
  test::Listening listening_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class WorkerGroupTest : public ::testing::Test {
 protected:
  WorkerGroupTest() {
    snapshot.workers = 2;
    snapshot.listeners.emplace_back();
    snapshot.listeners.back().name = "ingress";
    snapshot.listeners.back().bind = {"127.0.0.1", 0};
    for (const Answering* a : {&legacy, &monolith}) {
      config::Upstream upstream;
      upstream.name = a == &legacy ? "legacy" : "monolith";
      upstream.endpoints = {{"127.0.0.1", a->port()}};
      snapshot.upstreams.push_back(std::move(upstream));
    }
    config::Migration orders;
    orders.name = orders.flag = "orders";
    orders.monolith = 1;
    orders.shadow.emplace();
    snapshot.migrations.push_back(std::move(orders));
    flag = slots.flag("orders");
    latch = &slots.migration("orders");
  }

  [[nodiscard]] std::shared_ptr<const config::Snapshot> compiled() {
    routing::Route route;
    route.name = route.flag = "orders";
    route.match.emplace_back();
    std::vector<routing::Route> routes;
    routes.push_back(std::move(route));
    std::vector<routing::RouteTable::Tie> ties;
    snapshot.routes = routing::RouteTable::build(std::move(routes), ties);
    return std::make_shared<const config::Snapshot>(snapshot);
  }
  [[nodiscard]] static std::shared_ptr<const routing::FlagTable> share(routing::Share share) {
    routing::FlagState state;
    state.share = share;
    return std::make_shared<const routing::FlagTable>(routing::FlagTable{state});
  }
  void start() {
    ASSERT_TRUE(group->start(compiled(), share(routing::kNobody)));
    const std::string address = group->addresses().at(0).second;
    port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  // Runs the control loop until `done` was called.
  template <class Call>
  void wait_for(Call call) {
    bool done = false;
    call([&] { done = true; });
    EXPECT_TRUE(test::run_until(control, [&] { return done; }));
  }
  WorkerGroup::Health health() {
    WorkerGroup::Health told;
    wait_for([&](auto done) {
      group->ask_health([&told, done](const WorkerGroup::Health& health) {
        told = health;
        done();
      });
    });
    return told;
  }
  std::string served_by(Peer& client) {
    client.send(get("/orders/1"));
    const auto arrived = [&] {
      return client.received().ends_with("legacy") || client.received().ends_with("monolith") ||
             client.over();
    };
    EXPECT_TRUE(test::run_until(control, arrived));
    const std::string got = client.take();
    return got.ends_with("legacy") ? "legacy" : got.ends_with("monolith") ? "monolith" : got;
  }
  void stop(Milliseconds timeout, std::uint64_t cut_expected) {
    bool stopped = false;
    std::uint64_t cut = 0;
    group->stop(timeout, [&](std::uint64_t n) {
      stopped = true;
      cut = n;
    });
    EXPECT_TRUE(test::run_until(control, [&] { return stopped; }));
    EXPECT_EQ(cut, cut_expected);
  }

  Answering legacy{"legacy"};
  Answering monolith{"monolith"};
  config::Snapshot snapshot;
  net::Loop control;
  routing::Slots slots;
  observe::StatsRegistry stats{2};
  observe::AccessLog access_log{2};
  shadow::DifferenceTable differences;
  std::unique_ptr<WorkerGroup> group = std::make_unique<WorkerGroup>(
      WorkerGroup::Shared{control, slots, stats, access_log, differences});
  std::size_t flag = 0;
  routing::MigrationSlot* latch = nullptr;
  std::uint16_t port = 0;
};

TEST_F(WorkerGroupTest, FollowsPublishedFlagsAndConfigurationsAndStops) {
  start();
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(Peer::connected_to(port));
  for (int round = 0; round < 5; ++round) {
    for (const bool to_monolith : {true, false}) {
      const auto flags = share(to_monolith ? routing::kEverybody : routing::kNobody);
      wait_for([&](auto done) { group->publish(flags, done); });
      for (auto& c : clients) EXPECT_EQ(served_by(*c), to_monolith ? "monolith" : "legacy");
      wait_for([&](auto done) { EXPECT_TRUE(group->publish(compiled(), flags, done)); });
      for (auto& c : clients) EXPECT_EQ(served_by(*c), to_monolith ? "monolith" : "legacy");
    }
  }
  for (auto& c : clients) c->close();
  stop(Milliseconds(5'000), 0);
}

TEST_F(WorkerGroupTest, AfterATurnALatchIsInForceForEveryone) {
  start();
  const auto all = share(routing::kEverybody);
  wait_for([&](auto done) { group->publish(all, done); });
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(Peer::connected_to(port));
  for (int round = 0; round < 5; ++round) {
    for (auto& c : clients) EXPECT_EQ(served_by(*c), "monolith");
    latch->latched = true;
    wait_for([&](auto done) { group->turn(done); });
    for (auto& c : clients) EXPECT_EQ(served_by(*c), "legacy");
    latch->latched = false;
    wait_for([&](auto done) { group->turn(done); });
  }
  for (auto& c : clients) c->close();
  stop(Milliseconds(5'000), 0);
}

TEST_F(WorkerGroupTest, StopCutsWhatDoesNotFinishInTime) {
  const test::Listening silent;
  snapshot.upstreams[0].endpoints[0].port = silent.port();
  start();
  auto client = Peer::connected_to(port);
  client->send(get("/orders/1"));
  std::unique_ptr<Peer> up;
  ASSERT_TRUE(test::run_until(control, [&] {
    if (up == nullptr) up = const_cast<test::Listening&>(silent).accept();
    return up != nullptr && up->received().ends_with("\r\n\r\n");
  }));
  stop(Milliseconds(50), 1);
  EXPECT_TRUE(test::run_until(control, [&] { return client->was_reset(); }));
}

// A second signal: the group goes while exchanges, shadows and connections are alive.
TEST_F(WorkerGroupTest, MayBeDestroyedInTheMiddleOfEverything) {
  test::Listening silent;
  snapshot.upstreams[0].endpoints[0].port = silent.port();
  start();
  std::vector<std::unique_ptr<Peer>> clients;
  std::vector<std::unique_ptr<Peer>> ups;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(Peer::connected_to(port));
    clients.back()->send(get("/orders/1") + get("/orders/2"));
  }
  ASSERT_TRUE(test::run_until(control, [&] {
    if (auto up = silent.accept()) ups.push_back(std::move(up));
    return ups.size() == 10;
  }));
}

// What is queued for comparing holds memory of budgets that end with the group.
TEST_F(WorkerGroupTest, PairsThatAreStillQueuedAtTheEndAreWorkedOff) {
  start();
  auto client = Peer::connected_to(port);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(served_by(*client), "legacy");
  group.reset();
  EXPECT_GT(
      differences.report().at(0).to_monolith[static_cast<std::size_t>(shadow::Verdict::mismatch)],
      0U);
}

TEST_F(WorkerGroupTest, ADrainAsksConnectionsToCloseAndServesOn) {
  start();
  auto client = Peer::connected_to(port);
  EXPECT_EQ(served_by(*client), "legacy");
  group->start_drain();
  wait_for([&](auto done) { group->turn(done); });
  client->send(get("/orders/1"));
  ASSERT_TRUE(test::run_until(control, [&] { return client->ended(); }));
  const std::string answer = client->take();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("legacy")) << answer;
  auto next = Peer::connected_to(port);  // new ones are still taken
  next->send(get("/orders/1"));
  ASSERT_TRUE(test::run_until(control, [&] { return next->ended(); }));
  EXPECT_TRUE(next->take().ends_with("legacy"));
  stop(Milliseconds(5'000), 0);
}

TEST_F(WorkerGroupTest, HealthTellsEveryEndpointAndWhatItStandsFor) {
  snapshot.workers = 1;
  snapshot.upstreams[0].endpoints = {{"127.0.0.1", test::refusing_port()}};
  snapshot.upstreams[0].health.unhealthy_after = 1;
  EXPECT_TRUE(health().empty());
  start();
  auto before = health();  // what a worker said in time, or the last that it said
  while (before.size() != 2 && !HasFailure()) before = health();
  const std::string refusing = config::to_text(snapshot.upstreams[0].endpoints[0]);
  EXPECT_EQ(before[0].upstream, "legacy");
  EXPECT_EQ(before[0].endpoint, refusing);
  EXPECT_EQ(before[0].addresses, std::vector{refusing});
  EXPECT_TRUE(before[0].healthy);
  auto client = Peer::connected_to(port);
  client->send(get("/orders/1"));
  ASSERT_TRUE(test::run_until(
      control, [&] { return client->received().find("connect_refused") != std::string::npos; }));
  auto after = health();
  while (after[0].healthy && !HasFailure()) after = health();
  EXPECT_TRUE(after[1].healthy);
}

TEST_F(WorkerGroupTest, AnAddressThatIsTakenStartsNothing) {
  const test::Listening taken;
  snapshot.listeners[0].bind.port = taken.port();
  EXPECT_FALSE(group->start(compiled(), share(routing::kNobody)));
  EXPECT_TRUE(group->addresses().empty());
}

TEST_F(WorkerGroupTest, ANewListenerThatCanNotBeBoundLeavesAllAsItWas) {
  start();
  const test::Listening taken;
  snapshot.listeners.emplace_back();
  snapshot.listeners.back().name = "second";
  snapshot.listeners.back().bind = {"127.0.0.1", taken.port()};
  EXPECT_FALSE(group->publish(compiled(), share(routing::kNobody), [] { FAIL(); }));
  auto client = Peer::connected_to(port);
  EXPECT_EQ(served_by(*client), "legacy");
  EXPECT_EQ(group->addresses().size(), 1U);
}

TEST_F(WorkerGroupTest, EverybodyWhoAsksForHealthIsToldOnceAndLater) {
  start();
  int told = 0;
  for (int i = 0; i < 3; ++i) group->ask_health([&](const auto&) { ++told; });
  EXPECT_EQ(told, 0) << "later than the call";
  EXPECT_TRUE(test::run_until(control, [&] { return told == 3; }));
  wait_for([&](auto done) { group->ask_health([done](const auto&) { done(); }); });
  EXPECT_EQ(told, 3);
}

TEST_F(WorkerGroupTest, AWorkerThatDoesNotAnswerIsNotWaitedForLongerThanTheBound) {
  bool told = false;
  group->ask_health([&](const WorkerGroup::Health& health) {
    told = true;
    EXPECT_TRUE(health.empty());
  });
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_TRUE(test::run_until(control, [&] { return told; }));
  EXPECT_GE(std::chrono::steady_clock::now() - asked, WorkerGroup::kHealthWaitMax);
}

}  // namespace
}  // namespace banyan::worker
