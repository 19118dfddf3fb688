#include "proxy/net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "tests/support/dns_server.h"
#include "tests/support/loop_fixture.h"

namespace banyan::net {
namespace {

using test::DnsRecords;
using test::DnsServer;
using testing::ElementsAre;
using testing::IsEmpty;

class ResolverTest : public test::LoopTest {
 protected:
  ResolverTest() {
    auto opened = Resolver::open(loop, {*SocketAddress::parse("127.0.0.1", dns.port())});
    EXPECT_TRUE(opened);
    resolver = std::move(*opened);
  }
  ~ResolverTest() override {
    resolver.reset();
    turn();
  }
  Resolver::Answer resolved(const std::string& host) {
    std::optional<Resolver::Answer> answer;
    resolver->resolve(host, [&](Resolver::Answer a) { answer = std::move(a); });
    EXPECT_TRUE(run_until([&] { return dns.serve(), answer.has_value(); })) << host;
    return answer.value_or(Resolver::Answer{});
  }
  static std::vector<std::string> hosts(const Resolver::Answer& answer) {
    std::vector<std::string> all;
    for (const SocketAddress& a : answer.addresses) all.push_back(a.host());
    return all;
  }

  DnsServer dns;
  std::unique_ptr<Resolver> resolver;
};

TEST_F(ResolverTest, TellsBothFamiliesSortedWithTheShortestTtl) {
  dns.zone["shop.test"] = {.v4 = {"10.0.0.2", "10.0.0.1", "10.0.0.2"}, .v6 = {"fd00::1"}, .ttl = 7};
  const Resolver::Answer answer = resolved("shop.test.");
  EXPECT_THAT(hosts(answer), ElementsAre("10.0.0.1", "10.0.0.2", "fd00::1"));
  EXPECT_EQ(answer.ttl, Milliseconds(7'000));
  EXPECT_EQ(answer.problem, "");
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
  dns.zone["four.test"] = {.v4 = {"10.0.0.1"}};
  dns.zone["six.test"] = {.v4 = {}, .v6 = {"fd00::1"}};
  EXPECT_THAT(hosts(resolved("four.test.")), ElementsAre("10.0.0.1"));
  EXPECT_THAT(hosts(resolved("six.test.")), ElementsAre("fd00::1"));
}

TEST_F(ResolverTest, TellsWhyThereIsNoAnswer) {
  dns.zone["failing.test"] = {.v4 = {}, .rcode = DnsServer::kServerFailed};
  dns.zone["empty.test"] = {.v4 = {}};
  for (const char* host : {"missing.test.", "failing.test.", "empty.test."}) {
    const Resolver::Answer answer = resolved(host);
    EXPECT_THAT(hosts(answer), IsEmpty()) << host;
    EXPECT_NE(answer.problem, "") << host;
  }
}

TEST_F(ResolverTest, ATruncatedAnswerIsAskedForAgainByTcp) {
  dns.zone["long.test"] = {.v4 = {"10.0.0.1"}, .how = DnsRecords::How::truncated_then_tcp};
  EXPECT_THAT(hosts(resolved("long.test.")), ElementsAre("10.0.0.1"));
  EXPECT_GE(dns.questions_by_tcp, 1);
}

TEST_F(ResolverTest, SilenceGarbageAndForeignAnswersEndInAFailure) {
  dns.zone["silent.test"] = {.v4 = {}, .how = DnsRecords::How::silence};
  dns.zone["garbage.test"] = {.v4 = {}, .how = DnsRecords::How::garbage};
  dns.zone["foreign.test"] = {.v4 = {"10.0.0.1"}, .how = DnsRecords::How::wrong_id};
  int failed = 0;
  for (const char* host : {"silent.test.", "garbage.test.", "foreign.test."}) {
    resolver->resolve(host, [&](const Resolver::Answer& a) {
      EXPECT_THAT(hosts(a), IsEmpty());
      EXPECT_NE(a.problem, "");
      ++failed;
    });
  }
  EXPECT_TRUE(run_until([&] { return dns.serve(), failed == 3; }));
}

TEST_F(ResolverTest, NoMoreAddressesAreTakenThanTheBound) {
  DnsRecords many{.v4 = {}, .how = DnsRecords::How::truncated_then_tcp};
  for (int i = 0; i < 100; ++i) many.v4.push_back("10.0.1." + std::to_string(i));
  dns.zone["many.test"] = many;
  const Resolver::Answer answer = resolved("many.test.");
  EXPECT_EQ(answer.addresses.size(), Resolver::kAddressesMax);
  EXPECT_EQ(answer.left_out, 100 - Resolver::kAddressesMax);
}

TEST_F(ResolverTest, ManyAtATimeEndOnceEach) {
  dns.zone["shop.test"] = {.v4 = {"10.0.0.1"}};
  int ended = 0;
  for (int i = 0; i < 50; ++i) {
    resolver->resolve(i % 2 == 0 ? "shop.test." : "missing.test.",
                      [&](const Resolver::Answer&) { ++ended; });
  }
  EXPECT_TRUE(run_until([&] { return dns.serve(), ended == 50; }));
}

TEST_F(ResolverTest, DestroyedInTheMiddleItSaysNothingMore) {
  dns.zone["silent.test"] = {.v4 = {}, .how = DnsRecords::How::silence};
  resolver->resolve("silent.test.", [](const Resolver::Answer&) { FAIL(); });
  EXPECT_TRUE(run_until([&] { return dns.serve(), dns.questions > 0; }));
  resolver.reset();
  turn();
}

TEST_F(ResolverTest, WorksWithoutItsLoop) {
  dns.zone["shop.test"] = {.v4 = {"10.0.0.1"}};
  std::optional<Resolver::Answer> answer;
  resolver->resolve("shop.test.", [&](Resolver::Answer a) { answer = std::move(a); });
  std::jthread server([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) dns.serve();
  });
  resolver->work_until_idle(test::kGiveUp);
  ASSERT_TRUE(answer);
  EXPECT_THAT(hosts(*answer), ElementsAre("10.0.0.1"));
}

TEST_F(ResolverTest, WithoutItsLoopItGivesUpInTime) {
  dns.zone["silent.test"] = {.v4 = {}, .how = DnsRecords::How::silence};
  bool ended = false;
  resolver->resolve("silent.test.", [&](const Resolver::Answer&) { ended = true; });
  const auto before = std::chrono::steady_clock::now();
  resolver->work_until_idle(Milliseconds(50));
  EXPECT_FALSE(ended);
  EXPECT_GE(std::chrono::steady_clock::now() - before, Milliseconds(50));
}

}  // namespace
}  // namespace banyan::net
