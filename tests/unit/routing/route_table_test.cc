#include "routing/route_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "routing/request_path.h"
#include "tests/support/allocation_count.h"
#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

Route route(std::string name, std::vector<MatchRule> match) {
  Route r;
  r.name = std::move(name);
  r.match = std::move(match);
  return r;
}

RouteTable table_of(std::vector<Route> routes) {
  std::vector<RouteTable::Tie> ties;
  RouteTable table = RouteTable::build(std::move(routes), ties);
  EXPECT_TRUE(ties.empty());
  return table;
}

std::string_view found(const RouteTable& table, std::string_view authority, std::string_view path) {
  const Route* r = table.find(authority, path);
  return r == nullptr ? "none" : std::string_view(r->name);
}

TEST(RouteTable, AnEmptyOneMatchesNothing) {
  EXPECT_EQ(RouteTable().find("h", "/"), nullptr);
  EXPECT_EQ(found(table_of({}), "h", "/a"), "none");
  EXPECT_EQ(found(table_of({route("ruleless", {})}), "h", "/a"), "none");
}

TEST(RouteTable, TheLongerPathWins) {
  const RouteTable table = table_of({route("root", {{"", "/"}}), route("a", {{"", "/a"}}),
                                     route("ab", {{"", "/a/b"}}), route("abc", {{"", "/a/bc"}})});
  EXPECT_EQ(found(table, "h", "/"), "root");
  EXPECT_EQ(found(table, "h", "/x/a"), "root");
  EXPECT_EQ(found(table, "h", "/a"), "a");
  EXPECT_EQ(found(table, "h", "/a/"), "a");
  EXPECT_EQ(found(table, "h", "/a/x"), "a");
  EXPECT_EQ(found(table, "h", "/ab"), "root");
  EXPECT_EQ(found(table, "h", "/a/b"), "ab");
  EXPECT_EQ(found(table, "h", "/a/b/c/d"), "ab");
  EXPECT_EQ(found(table, "h", "/a/bc"), "abc");
  EXPECT_EQ(found(table, "h", "/a/bcd"), "a");
  EXPECT_EQ(found(table, "h", "//a"), "root");
  EXPECT_EQ(found(table, "h", "/a//b"), "a");
  EXPECT_EQ(found(table, "h", "*"), "root");
}

TEST(RouteTable, AnExactHostOutranksEveryPath) {
  const RouteTable table =
      table_of({route("host", {{"h.test", ""}}), route("path", {{"", "/a/b/c"}})});
  EXPECT_EQ(found(table, "h.test", "/a/b/c"), "host");
  EXPECT_EQ(found(table, "other.test", "/a/b/c"), "path");
  EXPECT_EQ(found(table, "other.test", "/a"), "none");
}

TEST(RouteTable, WhereAHostsRulesDoNotMatchThoseOfAnyHostDo) {
  const RouteTable table =
      table_of({route("host", {{"h.test", "/a"}}), route("any", {{"", "/b"}})});
  EXPECT_EQ(found(table, "h.test", "/a/x"), "host");
  EXPECT_EQ(found(table, "h.test", "/b"), "any");
  EXPECT_EQ(found(table, "h.test", "/c"), "none");
}

TEST(RouteTable, AllKeysOfARuleMustHoldAndAnyRuleSuffices) {
  const RouteTable table = table_of({route("r", {{"h.test", "/a"}, {"", "/b"}})});
  EXPECT_EQ(found(table, "h.test", "/a"), "r");
  EXPECT_EQ(found(table, "x.test", "/a"), "none");
  EXPECT_EQ(found(table, "x.test", "/b"), "r");
}

TEST(RouteTable, HostsAreComparedWithoutCaseAndPort_Rfc3986_3_2_2) {
  const RouteTable table =
      table_of({route("name", {{"h.test", ""}}), route("v4", {{"127.0.0.1", ""}}),
                route("v6", {{"[2001:db8::a]", ""}}), route("bare v6", {{"::1", ""}})});
  for (const char* authority :
       {"h.test", "H.TEST", "h.Test:80", "h.test:", "h.test.", "h.test.:8"}) {
    EXPECT_EQ(found(table, authority, "/"), "name") << authority;
  }
  for (const char* authority : {"127.0.0.1", "127.0.0.1:8080"}) {
    EXPECT_EQ(found(table, authority, "/"), "v4") << authority;
  }
  for (const char* authority : {"[2001:db8::a]", "[2001:DB8::A]:443"}) {
    EXPECT_EQ(found(table, authority, "/"), "v6") << authority;
  }
  EXPECT_EQ(found(table, "[::1]:1", "/"), "bare v6");
  for (const char* authority : {"", ":80", "test", "x.h.test", "h.test.x", "h.test..", "[", "[]",
                                "[::2]", "[2001:db8::a", ".", "h@h.test"}) {
    EXPECT_EQ(found(table, authority, "/"), "none") << authority;
  }
}

TEST(RouteTable, TiesAreReportedAndTheEarlierRuleIsKept) {
  std::vector<RouteTable::Tie> ties;
  const RouteTable table =
      RouteTable::build({route("a", {{"", "/x"}, {"", "/"}, {"h", "/"}}),
                         route("b", {{"", "/y"}, {"", "/x"}}), route("c", {{"", ""}, {"H", ""}})},
                        ties);
  ASSERT_EQ(ties.size(), 3U);
  const auto is = [](const RouteTable::Tie& t, std::size_t ra, std::size_t ia, std::size_t rb,
                     std::size_t ib) {
    return t.route_a == ra && t.rule_a == ia && t.route_b == rb && t.rule_b == ib;
  };
  EXPECT_TRUE(is(ties[0], 0, 0, 1, 1));
  EXPECT_TRUE(is(ties[1], 0, 1, 2, 0));
  EXPECT_TRUE(is(ties[2], 0, 2, 2, 1));
  EXPECT_EQ(found(table, "z", "/x"), "a");
  EXPECT_EQ(found(table, "z", "/y"), "b");
  EXPECT_EQ(found(table, "z", "/z"), "a");
}

TEST(RouteTable, TheSamePathOnTwoHostsIsNoTie) {
  const RouteTable table =
      table_of({route("a", {{"a", "/x"}}), route("b", {{"b", "/x"}}), route("c", {{"", "/x"}})});
  EXPECT_EQ(found(table, "a", "/x"), "a");
  EXPECT_EQ(found(table, "b", "/x"), "b");
  EXPECT_EQ(found(table, "c", "/x"), "c");
}

TEST(RouteTable, RoutesKeepTheirOrder) {
  const RouteTable table = table_of({route("b", {{"", "/b"}}), route("a", {{"", "/a"}})});
  ASSERT_EQ(table.routes().size(), 2U);
  EXPECT_EQ(table.routes()[0].name, "b");
  EXPECT_EQ(table.find("h", "/a"), &table.routes()[1]);
}

// The longest covering prefix, found the slow way.
std::string_view longest_cover(const std::vector<Route>& routes, std::string_view path) {
  std::string_view best = "none";
  std::size_t size = 0;
  for (const Route& r : routes) {
    const std::string& prefix = r.match[0].path_prefix;
    if (covers(prefix, path) && prefix.size() > size) {
      best = r.name;
      size = prefix.size();
    }
  }
  return best;
}

TEST(RouteTable, AgreesWithTryingEveryRule) {
  std::mt19937_64 random = test::seeded_random();
  const auto random_path = [&](std::size_t segments_max) {
    std::string path;
    for (auto n = 1 + random() % segments_max; n > 0; --n) {
      path += '/';
      path.append(random() % 3, static_cast<char>('a' + random() % 2));
    }
    return path;
  };
  std::vector<Route> routes;
  while (routes.size() < 60) {
    std::string prefix = random_path(4);
    if (prefix.size() > 1 && prefix.ends_with('/')) continue;
    const bool is_new = std::none_of(routes.begin(), routes.end(), [&](const Route& r) {
      return r.match[0].path_prefix == prefix;
    });
    if (is_new) routes.push_back(route(prefix, {{"", prefix}}));
  }
  const RouteTable table = table_of(routes);
  for (int i = 0; i < 20'000; ++i) {
    const std::string path = random_path(7);
    EXPECT_EQ(found(table, "h", path), longest_cover(routes, path)) << path;
  }
}

TEST(RouteTable, FindAllocatesNothing) {
  const RouteTable table =
      table_of({route("host", {{"a-rather-long-host-name.shop.test", "/a"}}),
                route("any", {{"", "/a/rather/long/path/that/fills/a/heap"}})});
  std::string_view host;
  std::string_view any;
  EXPECT_EQ(test::allocations_of([&] {
              host = found(table, "A-RATHER-LONG-HOST-NAME.shop.test:8080", "/a/b/c");
              any = found(table, "some-other-long-host-name.test:1",
                          "/a/rather/long/path/that/fills/a/heap/and/more");
            }),
            0U);
  EXPECT_EQ(host, "host");
  EXPECT_EQ(any, "any");
}

TEST(RouteTable, APathOfNothingButSlashesIsCutToTheLongestRule) {
  const RouteTable table = table_of({route("a", {{"", "/a"}}), route("root", {{"", "/"}})});
  const std::string slashes(8U * 1024 * 1024, '/');
  EXPECT_EQ(found(table, "h", slashes), "root");
  EXPECT_EQ(found(table, "h", "/a" + slashes), "a");
}

}  // namespace
}  // namespace banyan::routing
