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

const Headers kNoHeaders;

std::string_view found(const RouteTable& table, std::string_view authority, std::string_view path) {
  const RouteTable::Match match = table.find({authority, path, "GET", kNoHeaders, "ingress"});
  return match ? std::string_view(match.route->name) : "none";
}

TEST(RouteTable, AnEmptyOneMatchesNothing) {
  EXPECT_EQ(found(RouteTable(), "h", "/"), "none");
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

TEST(RouteTable, MethodsOutrankHeadersAndHeadersListeners) {
  const RouteTable table = table_of({
      route("any", {{.path_prefix = "/a"}}),
      route("get", {{.path_prefix = "/a", .method = "GET"}}),
      route("two", {{.path_prefix = "/a", .headers = {{"x-a", "1"}, {"x-b", "1"}}}}),
      route("one", {{.path_prefix = "/a", .headers = {{"x-a", "1"}}}}),
      route("in", {{.path_prefix = "/a", .listener = "in"}}),
      route("one in", {{.path_prefix = "/a", .headers = {{"x-a", "1"}}, .listener = "in"}}),
  });
  const auto of = [&](std::string_view method, std::vector<HeaderMatch> fields,
                      std::string_view listener) {
    Headers headers;
    for (const HeaderMatch& f : fields) headers.add(f.name, f.value);
    return std::string(table.find({"h", "/a/b", method, headers, listener}).route->name);
  };
  EXPECT_EQ(of("GET", {{"X-A", "1"}, {"X-B", "1"}}, "in"), "get");
  EXPECT_EQ(of("get", {}, "out"), "any");
  EXPECT_EQ(of("PUT", {{"X-A", "1"}, {"X-B", "1"}}, "in"), "two");
  EXPECT_EQ(of("PUT", {{"X-A", "1"}, {"X-B", "2"}}, "in"), "one in");
  EXPECT_EQ(of("PUT", {{"X-A", "1"}}, "out"), "one");
  EXPECT_EQ(of("PUT", {{"X-A", "2"}}, "in"), "in");
  EXPECT_EQ(of("PUT", {{"X-A", "2"}}, "out"), "any");
}

TEST(RouteTable, ARepeatedFieldHasNoValue) {
  const RouteTable table = table_of({route("r", {{.headers = {{"x-a", "1"}}}})});
  Headers headers;
  headers.add("x-a", "1");
  EXPECT_TRUE(table.find({"h", "/", "GET", headers, ""}));
  headers.add("X-A", "1");
  EXPECT_FALSE(table.find({"h", "/", "GET", headers, ""}));
}

TEST(RouteTable, WhatMatchesOnlyInPartLeavesTheRequestToALessSpecificRule) {
  const RouteTable table = table_of({
      route("deep", {{.path_prefix = "/a/b/c", .method = "PUT"}}),
      route("mid", {{.path_prefix = "/a", .headers = {{"x-a", "1"}}}}),
      route("root", {{.path_prefix = "/"}}),
  });
  Headers headers;
  EXPECT_EQ(found(table, "h", "/a/b/c/d"), "root");
  headers.add("x-a", "1");
  EXPECT_EQ(table.find({"h", "/a/b/c/d", "GET", headers, ""}).route->name, "mid");
  EXPECT_EQ(table.find({"h", "/a/b/c/d", "PUT", headers, ""}).route->name, "deep");
}

TEST(RouteTable, TellsTheRuleThatMatched) {
  const RouteTable table = table_of({route("r", {{.host = "h"}, {.path_prefix = "/a"}})});
  const auto match = table.find({"x", "/a/b", "GET", kNoHeaders, ""});
  ASSERT_TRUE(match);
  EXPECT_EQ(match.rule, &table.routes()[0].match[1]);
}

TEST(RouteTable, RoutesKeepTheirOrder) {
  const RouteTable table = table_of({route("b", {{"", "/b"}}), route("a", {{"", "/a"}})});
  ASSERT_EQ(table.routes().size(), 2U);
  EXPECT_EQ(table.routes()[0].name, "b");
  EXPECT_EQ(found(table, "h", "/a"), "a");
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
