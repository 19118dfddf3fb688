#include "proxy/upstream/name_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "proxy/upstream/cluster.h"
#include "tests/support/dns_server.h"
#include "tests/support/loop_fixture.h"

namespace banyan::upstream {
namespace {

using test::DnsRecords;
using test::DnsServer;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> hosts(const AddressBook& book, const std::string& name) {
  std::vector<std::string> all;
  const auto known = book.find(name);
  if (known == book.end()) return {"unknown"};
  for (const net::SocketAddress& a : known->second) all.push_back(a.host());
  return all;
}

class NameWatchTest : public test::LoopTest {
 protected:
  ~NameWatchTest() override {
    watch.reset();
    turn();
  }
  // The start waits for answers without its loop: DNS is served by another thread meanwhile.
  void start(std::initializer_list<const char*> names) {
    snapshot.resolver_servers = {{"127.0.0.1", dns.port()}};
    snapshot.upstreams.clear();
    config::Upstream& shop = snapshot.upstreams.emplace_back();
    for (const char* name : names) shop.endpoints.push_back({name, 80, true});
    shop.endpoints.push_back({"127.0.0.1", 81});
    std::jthread server([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) dns.serve();
    });
    watch->watch(snapshot);
  }
  // Until the next book is published.
  bool published() {
    const int before = changes;
    return run_until([&] { return dns.serve(), changes > before; });
  }
  // Until it was asked for once more, and answered.
  bool looked_again(std::size_t name) {
    const auto looks = [&] {
      const NameWatch::Name n = watch->names()[name];
      return n.answers + n.failures;
    };
    const auto before = looks();
    return run_until([&] { return dns.serve(), looks() > before; });
  }

  DnsServer dns;
  config::Snapshot snapshot;
  int changes = 0;
  std::shared_ptr<const AddressBook> last;
  std::unique_ptr<NameWatch> watch =
      std::make_unique<NameWatch>(loop, [this](std::shared_ptr<const AddressBook> book) {
        ++changes;
        last = std::move(book);
      });
};

TEST_F(NameWatchTest, TheFirstAnswersAreThereAfterTheStart) {
  dns.zone["shop.test"] = {.v4 = {"10.0.0.1"}};
  start({"shop.test.", "missing.test."});
  EXPECT_THAT(hosts(*watch->book(), "shop.test."), ElementsAre("10.0.0.1"));
  EXPECT_THAT(hosts(*watch->book(), "missing.test."), IsEmpty());
  EXPECT_FALSE(watch->book()->contains("127.0.0.1"));
  EXPECT_EQ(changes, 0);
}

TEST_F(NameWatchTest, ANameIsAskedForAgainWhenItsTtlEnds) {
  dns.zone["shop.test"] = {.v4 = {"10.0.0.1"}, .ttl = 1};
  start({"shop.test."});
  dns.zone["shop.test"].v4 = {"10.0.0.2", "10.0.0.3"};
  ASSERT_TRUE(published());
  EXPECT_THAT(hosts(*last, "shop.test."), ElementsAre("10.0.0.2", "10.0.0.3"));
  dns.zone["shop.test"].v4 = {"10.0.0.3", "10.0.0.2"};  // DNS turned round
  ASSERT_TRUE(looked_again(0));
  EXPECT_EQ(changes, 1);
}

TEST_F(NameWatchTest, TheLastGoodAddressesStayWhateverDnsSays) {
  dns.zone["shop.test"] = {.v4 = {"10.0.0.1"}, .ttl = 1};
  start({"shop.test."});
  for (const int rcode : {DnsServer::kServerFailed, DnsServer::kNoSuchName}) {
    dns.zone["shop.test"] = {.v4 = {}, .ttl = 1, .rcode = rcode};
    ASSERT_TRUE(looked_again(0));
    EXPECT_THAT(hosts(*watch->book(), "shop.test."), ElementsAre("10.0.0.1"));
    EXPECT_NE(watch->names()[0].problem, "");
  }
  EXPECT_EQ(watch->names()[0].failures, 2U);
  dns.zone["shop.test"] = {.v4 = {"10.0.0.9"}};
  ASSERT_TRUE(published());
  EXPECT_EQ(watch->names()[0].problem, "");
}

TEST_F(NameWatchTest, ANameThatComesLaterIsFound) {
  start({"shop.test."});
  EXPECT_THAT(hosts(*watch->book(), "shop.test."), IsEmpty());
  dns.zone["shop.test"] = {.v4 = {"10.0.0.1"}};
  ASSERT_TRUE(published());
  EXPECT_THAT(hosts(*last, "shop.test."), ElementsAre("10.0.0.1"));
}

TEST_F(NameWatchTest, AReloadKeepsWhatIsKnownAndForgetsWhatIsGone) {
  dns.zone["a.test"] = {.v4 = {"10.0.0.1"}};
  dns.zone["b.test"] = {.v4 = {"10.0.0.2"}};
  dns.zone["c.test"] = {.v4 = {"10.0.0.3"}};
  start({"a.test.", "b.test."});
  dns.zone.erase("b.test");
  start({"b.test.", "c.test."});
  EXPECT_THAT(hosts(*watch->book(), "a.test."), ElementsAre("unknown"));
  EXPECT_THAT(hosts(*watch->book(), "b.test."), ElementsAre("10.0.0.2"));
  EXPECT_THAT(hosts(*watch->book(), "c.test."), ElementsAre("10.0.0.3"));
}

TEST_F(NameWatchTest, WithoutNamesNobodyIsAsked) {
  start({});
  EXPECT_EQ(dns.questions, 0);
  EXPECT_TRUE(watch->book()->empty());
}

// ---- what a cluster makes of it ---------------------------------------------------------------

class ClusterOfNames : public test::LoopTest {
 protected:
  ClusterOfNames() { settings.upstream.endpoints = {{"shop.test.", 80, true}, {"127.0.0.1", 81}}; }
  static std::shared_ptr<const AddressBook> book(std::initializer_list<const char*> ips) {
    auto made = std::make_shared<AddressBook>();
    for (const char* ip : ips) {
      (*made)["shop.test."].push_back(*net::SocketAddress::parse(ip, 0));
    }
    return made;
  }
  static std::vector<std::string> texts(const Cluster& cluster) {
    std::vector<std::string> all;
    for (const auto& e : cluster.endpoints()) all.push_back(e->address.to_text());
    return all;
  }
  observe::UpstreamStats stats;
  ClusterSettings settings;
};

TEST_F(ClusterOfNames, ANameIsAsManyEndpointsAsItHasAddresses) {
  settings.addresses = book({"10.0.0.1", "::1"});
  const Cluster cluster(loop, stats, settings);
  EXPECT_THAT(texts(cluster), ElementsAre("10.0.0.1:80", "[::1]:80", "127.0.0.1:81"));
  EXPECT_EQ(cluster.endpoints()[0]->name, "shop.test.:80");
}

TEST_F(ClusterOfNames, AnUnknownNameIsNone) {
  Cluster cluster(loop, stats, settings);
  EXPECT_THAT(texts(cluster), ElementsAre("127.0.0.1:81"));
  cluster.update(book({}));
  EXPECT_THAT(texts(cluster), ElementsAre("127.0.0.1:81"));
}

TEST_F(ClusterOfNames, AddressesThatStayKeepTheirHealthAndTheOthersAreGone) {
  settings.addresses = book({"10.0.0.1", "10.0.0.2"});
  Cluster cluster(loop, stats, settings);
  const auto goes = cluster.endpoints()[0];
  const auto stays = cluster.endpoints()[1];
  cluster.update(book({"10.0.0.2", "10.0.0.3"}));
  EXPECT_THAT(texts(cluster), ElementsAre("10.0.0.2:80", "10.0.0.3:80", "127.0.0.1:81"));
  EXPECT_EQ(cluster.endpoints()[0], stays);
  EXPECT_FALSE(stays->gone);
  EXPECT_TRUE(goes->gone);
}

}  // namespace
}  // namespace banyan::upstream
