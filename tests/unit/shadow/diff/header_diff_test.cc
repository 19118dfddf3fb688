#include "shadow/diff/header_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seed.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::Fields;
using test::headers_of;
using test::lines_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> differences(Fields left, Fields right, const CompareRules& rules = {}) {
  Comparison comparison;
  Findings findings(rules, comparison);
  compare_headers(headers_of(left), headers_of(right), findings);
  EXPECT_EQ(equal_headers(headers_of(left), headers_of(right)), comparison.differences.empty());
  return lines_of(comparison);
}

TEST(HeaderDiff, NamesAreComparedWithoutCaseAndInAnyOrder) {
  EXPECT_THAT(differences({{"ETag", "1"}, {"X-A", "b"}}, {{"x-a", "b"}, {"etag", "1"}}), IsEmpty());
}

TEST(HeaderDiff, TellsEachKind) {
  EXPECT_THAT(differences({{"X-A", "1"}}, {}), ElementsAre("missing header:x-a: 1 | "));
  EXPECT_THAT(differences({}, {{"X-A", "1"}}), ElementsAre("extra header:x-a:  | 1"));
  EXPECT_THAT(differences({{"X-A", "1"}}, {{"X-A", "2"}}), ElementsAre("value header:x-a: 1 | 2"));
  EXPECT_THAT(differences({{"X-A", "1"}, {"X-A", "2"}}, {{"X-A", "1"}}),
              ElementsAre("length header:x-a: [\"1\", \"2\"] | 1"));
  EXPECT_THAT(differences({{"X-A", "1"}, {"X-A", "2"}}, {{"X-A", "2"}, {"X-A", "1"}}),
              ElementsAre("order header:x-a: [\"1\", \"2\"] | [\"2\", \"1\"]"));
}

TEST(HeaderDiff, TrailersAreComparedAlikeUnderAWordOfTheirOwn) {
  Comparison comparison;
  const CompareRules rules = test::rules_of({"trailer:x-b"});
  Findings findings(rules, comparison);
  compare_trailers(headers_of({{"X-A", "1"}, {"X-B", "1"}, {"Server", "1"}}),
                   headers_of({{"x-a", "2"}, {"X-C", "1"}}), findings);
  EXPECT_THAT(lines_of(comparison),
              ElementsAre("value trailer:x-a: 1 | 2", "extra trailer:x-c:  | 1"));
}

TEST(HeaderDiff, Rfc9110Section5_3SetCookieIsNeverJoined) {
  EXPECT_THAT(
      differences({{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}}, {{"Set-Cookie", "a=1, b=2"}}),
      ElementsAre("value header:set-cookie[a]: 1 | 1, b=2", "missing header:set-cookie[b]: 2 | "));
  EXPECT_THAT(differences({{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}},
                          {{"set-cookie", "a=1"}, {"set-cookie", "b=2"}}),
              IsEmpty());
}

std::vector<std::string> meant(Fields left, Fields right, const HeaderContext& context = {}) {
  const CompareRules rules;
  Comparison comparison;
  Findings findings(rules, comparison);
  compare_headers(headers_of(left), headers_of(right), findings, context);
  return lines_of(comparison);
}

TEST(HeaderMeaning, Rfc6265Section5_3CookiesAreComparedByName) {
  EXPECT_THAT(meant({{"Set-Cookie", "a=1; Path=/; Secure"}, {"Set-Cookie", "b=2"}},
                    {{"Set-Cookie", "b=2"}, {"Set-Cookie", "a=1;secure ; path=/"}}),
              IsEmpty());
  EXPECT_THAT(
      meant({{"Set-Cookie", "a=1; Path=/x; HttpOnly"}, {"Set-Cookie", "c=1"}},
            {{"Set-Cookie", "a=2; Path=/y; SameSite=Lax"}, {"Set-Cookie", "d="}}),
      ElementsAre("value header:set-cookie[a]: 1 | 2", "missing header:set-cookie[a].httponly:  | ",
                  "value header:set-cookie[a].path: /x | /y",
                  "extra header:set-cookie[a].samesite:  | lax",
                  "missing header:set-cookie[c]: 1 | ", "extra header:set-cookie[d]:  | "));
  EXPECT_THAT(meant({{"Set-Cookie", "a=1; Expires=Sun, 22 Nov 2026 10:00:00 GMT"}},
                    {{"Set-Cookie", "a=1; Expires=Sun, 22 Nov 2026 10:00:01 GMT"}}),
              IsEmpty());
  EXPECT_THAT(
      meant({{"Set-Cookie", "a=1; Expires=Sun, 22 Nov 2026 10:00:00 GMT"}},
            {{"Set-Cookie", "a=1"}}),
      ElementsAre("missing header:set-cookie[a].expires: Sun, 22 Nov 2026 10:00:00 GMT | "));
}

TEST(HeaderMeaning, Rfc9110Section8_3_1AMediaTypeIsComparedByItsParts) {
  EXPECT_THAT(meant({{"Content-Type", "Text/HTML; Charset=\"utf-8\"; a=b"}},
                    {{"Content-Type", "text/html;a=b;charset=UTF-8"}}),
              IsEmpty());
  EXPECT_THAT(meant({{"Content-Type", "multipart/form-data; boundary=a"}},
                    {{"Content-Type", "multipart/form-data; boundary=b"}}),
              IsEmpty());
  EXPECT_EQ(
      meant({{"Content-Type", "text/html"}}, {{"Content-Type", "text/html;charset=utf-8"}}).size(),
      1U);
  EXPECT_EQ(meant({{"Content-Type", "a/b;v=X"}}, {{"Content-Type", "a/b;v=x"}}).size(), 1U);
}

TEST(HeaderMeaning, Rfc9110Section10_2_2ALocationMayNameTheAuthority) {
  const HeaderContext context{"shop.test", false, false};
  EXPECT_THAT(meant({{"Location", "http://SHOP.test/a?b"}}, {{"Location", "/a?b"}}, context),
              IsEmpty());
  EXPECT_THAT(meant({{"Location", "https://shop.test"}}, {{"Location", "/"}}, context), IsEmpty());
  for (const char* other : {"http://shop.test.evil/a", "http://other/a", "//shop.test/a", "a"}) {
    EXPECT_EQ(meant({{"Location", other}}, {{"Location", "/a"}}, context).size(), 1U) << other;
  }
}

TEST(HeaderMeaning, Rfc9110Section8_8_3ATagOfAnotherCodingIsComparedWeakly) {
  const HeaderContext coded{"", true, true};
  EXPECT_THAT(meant({{"ETag", "\"x\""}}, {{"ETag", "W/\"x-gzip\""}}, coded), IsEmpty());
  EXPECT_EQ(meant({{"ETag", "\"x\""}}, {{"ETag", "\"y\""}}, coded).size(), 1U);
  EXPECT_EQ(meant({{"ETag", "\"x\""}}, {{"ETag", "W/\"x\""}}).size(), 1U);
  EXPECT_EQ(meant({{"Content-Encoding", "gzip"}}, {{"Content-Encoding", "br"}}).size(), 1U);
  EXPECT_THAT(meant({{"Content-Encoding", "gzip"}}, {{"Content-Encoding", "br"}}, coded),
              IsEmpty());
}

TEST(HeaderMeaning, Rfc8288Section3LinksAndListsAreSets) {
  EXPECT_THAT(meant({{"Link", "</a,b>; rel=next, </c>;rel=\"prev\"; title=x"}},
                    {{"Link", "</c>; title=\"x\"; rel=prev"}, {"Link", "</a,b>;rel=next"}}),
              IsEmpty());
  EXPECT_EQ(meant({{"Link", "</a>; rel=next"}}, {{"Link", "</b>; rel=next"}}).size(), 1U);
  EXPECT_THAT(meant({{"Vary", "Origin, Accept"}}, {{"Vary", "accept"}, {"Vary", "origin"}}),
              IsEmpty());
  EXPECT_EQ(meant({{"Allow", "GET"}}, {{"Allow", "get"}}).size(), 1U);
}

TEST(HeaderDiff, AFewAreNeverCompared) {
  for (const std::string_view name :
       {"Date", "Server", "Via", "Age", "X-Request-Id", "X-Correlation-ID", "Request-Id",
        "traceparent", "tracestate", "X-B3-TraceId", "Content-Length", "Transfer-Encoding",
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade"}) {
    EXPECT_THAT(differences({{name, "1"}}, {{name, "2"}}), IsEmpty()) << name;
    EXPECT_THAT(differences({{name, "1"}}, {}), IsEmpty()) << name;
  }
  for (const std::string_view name : {"ETag", "Content-Type", "Content-Encoding", "Last-Modified",
                                      "Location", "Vary", "X-Powered-By", "Cache-Control"}) {
    EXPECT_EQ(differences({{name, "1"}}, {{name, "2"}}).size(), 1U) << name;
  }
}

TEST(HeaderDiff, IgnoresWhatARuleNames) {
  const CompareRules rules = test::rules_of({"header:ETag"});
  Comparison comparison;
  Findings findings(rules, comparison);
  compare_headers(headers_of({{"ETAG", "1"}, {"X-A", "1"}}), headers_of({{"etag", "2"}}), findings);
  EXPECT_THAT(lines_of(comparison), ElementsAre("missing header:x-a: 1 | "));
}

TEST(HeaderDiff, WhatIsShownIsBounded) {
  const std::string name(5'000, 'n');
  const std::string value(5'000, 'v');
  Headers left;
  left.add(name, value);
  for (int i = 0; i < 1'000; ++i) left.add("x-many", "12345");
  Comparison comparison;
  const CompareRules rules;
  Findings findings(rules, comparison);
  compare_headers(left, Headers{}, findings);
  ASSERT_EQ(comparison.differences.size(), 2U);
  for (const Difference& d : comparison.differences) {
    EXPECT_LE(d.path.size(), 120U);
    EXPECT_LE(d.left.size(), kShownBytesMax);
  }
}

TEST(HeaderDiff, EqualHeadersAgreesWithTheComparison) {
  std::mt19937_64 random = banyan::test::seeded_random();
  constexpr std::array<std::string_view, 5> kNames{"x-a", "X-A", "x-b", "Set-Cookie", "Date"};
  constexpr std::array<std::string_view, 2> kValues{"1", "2"};
  const CompareRules rules;
  std::size_t equal = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::array<Headers, 2> sides;
    for (Headers& side : sides) {
      for (std::size_t n = random() % 4; n > 0; --n) {
        side.add(kNames[random() % kNames.size()], kValues[random() % kValues.size()]);
      }
    }
    Comparison comparison;
    Findings findings(rules, comparison);
    compare_headers(sides[0], sides[1], findings);
    ASSERT_EQ(equal_headers(sides[0], sides[1]), comparison.differences.empty());
    if (comparison.differences.empty()) ++equal;
  }
  EXPECT_GT(equal, 100U);
}

}  // namespace
}  // namespace banyan::shadow
