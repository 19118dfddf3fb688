#include "routing/rewrite.h"

#include <gtest/gtest.h>

#include <array>

#include "routing/request_path.h"
#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

std::string replaced(std::string_view target, std::string_view from, std::string_view to) {
  std::string out = "?";
  return replace_prefix(target, from, to, out) ? out : "no";
}

TEST(ReplacePrefix, TakesWholeSegmentsAndLeavesTheRestAsItWasWritten) {
  EXPECT_EQ(replaced("/orders/5?a=%2F", "/orders", "/api/orders"), "/api/orders/5?a=%2F");
  EXPECT_EQ(replaced("/orders", "/orders", "/api"), "/api");
  EXPECT_EQ(replaced("/orders?x", "/orders", "/api"), "/api?x");
  EXPECT_EQ(replaced("/orders/", "/orders", "/api"), "/api/");
  EXPECT_EQ(replaced("/orders2", "/orders", "/api"), "no");
  EXPECT_EQ(replaced("/ORDERS", "/orders", "/api"), "no");
  EXPECT_EQ(replaced("/%6frders/%6f%2f%C3?%6f", "/orders", "/api"), "/api/%6f%2f%C3?%6f");
  EXPECT_EQ(replaced("/a/b//c", "/a/b", "/x"), "/x//c");
  EXPECT_EQ(replaced("*", "/", "/api"), "no");
}

TEST(ReplacePrefix, TheRootIsNoSegment) {
  EXPECT_EQ(replaced("/x?y", "/", "/api"), "/api/x?y");
  EXPECT_EQ(replaced("/", "/", "/api"), "/api/");
  EXPECT_EQ(replaced("/orders/x", "/orders", "/"), "/x");
  EXPECT_EQ(replaced("/orders", "/orders", "/"), "/");
  EXPECT_EQ(replaced("/orders?x", "/orders", "/"), "/?x");
}

const std::array<std::string, 2> kHosts{"monolith.internal", "10.0.0.7:8080"};

std::string back(std::string_view name, std::string_view value,
                 std::string_view matched = "/orders", std::string_view prefix = "/api/orders") {
  const WayBack way{matched, prefix, "shop.test", kHosts};
  return field_mapped_back(way, {name, value, header_id(name)}).value_or("as it is");
}

TEST(WayBack, OfLocations) {
  for (const char* name : {"Location", "content-location"}) {
    EXPECT_EQ(back(name, "/api/orders/7?x#y"), "/orders/7?x#y");
    EXPECT_EQ(back(name, "/api/orders"), "/orders");
    EXPECT_EQ(back(name, "/api/ordersX"), "as it is");
    EXPECT_EQ(back(name, "/other"), "as it is");
    EXPECT_EQ(back(name, "7"), "as it is");
    EXPECT_EQ(back(name, "../api/orders/7"), "as it is");
    EXPECT_EQ(back(name, "/api/orders/../x"), "as it is");
  }
  EXPECT_EQ(back("x-location", "/api/orders/7"), "as it is");
}

TEST(WayBack, OfUrlsWithTheArmsHost) {
  EXPECT_EQ(back("location", "http://monolith.internal/api/orders/7"), "http://shop.test/orders/7");
  EXPECT_EQ(back("location", "HTTPS://MONOLITH.internal:443/api/orders"),
            "HTTPS://shop.test/orders");
  EXPECT_EQ(back("location", "http://monolith.internal:443/api/orders"), "as it is");
  EXPECT_EQ(back("location", "http://10.0.0.7:8080/api/orders?x"), "http://shop.test/orders?x");
  EXPECT_EQ(back("location", "//monolith.internal/api/orders"), "//shop.test/orders");
  EXPECT_EQ(back("location", "http://shop.test/api/orders/7"), "http://shop.test/orders/7");
  EXPECT_EQ(back("location", "http://monolith.internal/login"), "http://shop.test/login");
  EXPECT_EQ(back("location", "http://monolith.internal"), "http://shop.test");
  EXPECT_EQ(back("location", "http://elsewhere.test/api/orders"), "as it is");
  EXPECT_EQ(back("location", "http://u@monolith.internal/api/orders"), "as it is");
  EXPECT_EQ(back("location", "ftp://monolith.internal/api/orders"), "as it is");
}

TEST(WayBack, NeverLeadsToAnotherHost_Rfc3986_4_2) {
  EXPECT_EQ(back("location", "/api//evil.test/x", "/", "/api"), "as it is");
  EXPECT_EQ(back("location", "/api/x", "/", "/api"), "/x");
}

TEST(WayBack, OfLinks) {
  EXPECT_EQ(
      back("Link",
           "</api/orders?page=2>; rel=next, <http://x.test/>; rel=\"</api/orders>\", "
           "</api/orders>;rel=prev"),
      "</orders?page=2>; rel=next, <http://x.test/>; rel=\"</api/orders>\", </orders>;rel=prev");
  EXPECT_EQ(back("Link", "</api/orders; rel=next"), "as it is");
  EXPECT_EQ(back("Link", "\"\\\"</api/orders>"), "as it is");
}

TEST(WayBack, OfRefresh) {
  EXPECT_EQ(back("Refresh", "5; url=/api/orders/7"), "5; url=/orders/7");
  EXPECT_EQ(back("Refresh", "0;URL = '/api/orders'"), "0;URL = '/orders'");
  EXPECT_EQ(back("Refresh", "0, url=\"/api/orders"), "0, url=\"/orders");
  EXPECT_EQ(back("Refresh", "5"), "as it is");
  EXPECT_EQ(back("Refresh", "5; url="), "as it is");
}

TEST(WayBack, OfTheCookiesPath_Rfc6265_4_1_2_4) {
  EXPECT_EQ(back("Set-Cookie", "a=/api/orders; Path=/api/orders; Secure"),
            "a=/api/orders; Path=/orders; Secure");
  EXPECT_EQ(back("Set-Cookie", "a=b;path = /api/orders/x "), "a=b;path = /orders/x");
  EXPECT_EQ(back("Set-Cookie", "a=b; Path=/api"), "a=b; Path=/orders");
  EXPECT_EQ(back("Set-Cookie", "a=b; Path=/"), "as it is");
  EXPECT_EQ(back("Set-Cookie", "a=b; Path=/other"), "as it is");
  EXPECT_EQ(back("Set-Cookie", "a=b; Path"), "as it is");
  EXPECT_EQ(back("Set-Cookie", "a=b; Path="), "as it is");
  EXPECT_EQ(back("Set-Cookie", "path=/api/orders"), "as it is");
}

TEST(WayBack, WithoutAPrefixMapsHostsAlone) {
  EXPECT_EQ(back("location", "/api/orders/7", "", "/api/orders"), "as it is");
  EXPECT_EQ(back("location", "http://monolith.internal/a", "/orders", ""), "http://shop.test/a");
  EXPECT_EQ(back("set-cookie", "a=b; path=/a", "/orders", ""), "as it is");
}

// What was rewritten comes back as it was written, but for the prefix, which takes its normal form.
TEST(Rewrite, RoundTrips) {
  std::mt19937_64 random = test::seeded_random();
  const auto some = [&](std::initializer_list<const char*> words) {
    return std::string(*(words.begin() + random() % words.size()));
  };
  const auto path = [&](std::size_t segments, bool normal) {
    std::string made;
    for (std::size_t i = 0; i < segments; ++i) {
      made += normal ? some({"/a", "/bc", "/%2F", "/d-e"})
                     : some({"/a", "/%61", "/", "/b%2fc", "/%C3%a4", "/x;y=1", "/~"});
    }
    return made;
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string from = path(random() % 3, true);
    std::string to = path(random() % 4, true);
    const std::string rest = path(random() % 4, false);
    const std::string query = some({"", "?", "?a=/b&c=%2f", "?x#"});
    const std::string target = (from + rest).empty() ? "/" + query : from + rest + query;
    if (from.empty()) from = "/";
    if (to.empty()) to = "/";
    std::string there, again;
    ASSERT_TRUE(replace_prefix(target, from, to, there)) << target << " " << from;
    ASSERT_TRUE(there.starts_with('/'));
    ASSERT_TRUE(there.ends_with(query));
    ASSERT_TRUE(replace_prefix(there, to, from, again)) << there << " " << to;
    const bool slash_is_new = to == "/" && rest.empty() && from != "/";
    EXPECT_EQ(again, slash_is_new ? from + "/" + query : target)
        << from << " -> " << to << ": " << there;
  }
}

TEST(WayBack, TakesAnyBytes) {
  std::mt19937_64 random = test::seeded_random();
  constexpr std::string_view kBytes = "/<>\"\\;,=: ?#%2fapiordersPath url\t";
  for (int i = 0; i < 50'000; ++i) {
    std::string value = random() % 2 == 0 ? "</api/orders" : "a; path=/api";
    for (auto n = random() % 24; n > 0; --n) value += kBytes[random() % kBytes.size()];
    for (const char* name : {"location", "link", "refresh", "set-cookie"}) {
      EXPECT_NE(back(name, value), "");
    }
  }
}

}  // namespace
}  // namespace banyan::routing
