#include "routing/sticky_key.h"

#include <gtest/gtest.h>

namespace banyan::routing {
namespace {

using Kind = StickySource::Kind;
using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

Headers headers_of(const Fields& fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

// `-` where there is no such cookie.
std::string cookie(const std::vector<std::string_view>& lines, std::string_view name = "session") {
  Headers headers;
  for (const std::string_view line : lines) headers.add("Cookie", line);
  const auto value = cookie_value(headers, name);
  return value ? std::string(*value) : "-";
}

std::string key(const std::vector<StickySource>& sources, const Fields& fields) {
  const Headers headers = headers_of(fields);
  std::string scratch;
  const auto value =
      sticky_key(sources, {headers, "u=&u=a%20b+c%zz&%75=x&empty", "192.0.2.1", scratch});
  return value ? std::string(*value) : "-";
}

TEST(StickyKey, MayBeAParameterAsApplicationsSeeIt) {
  EXPECT_EQ(key({{Kind::query, "u"}}, {}), "a b c%zz");
  EXPECT_EQ(key({{Kind::query, "U"}}, {}), "-");
  EXPECT_EQ(key({{Kind::query, "empty"}}, {}), "-");
  std::string scratch;
  EXPECT_EQ(query_value("%75=x", "u", scratch), "x");
  EXPECT_EQ(query_value("a=1&u&u=", "u", scratch), "");
  EXPECT_EQ(query_value("", "u", scratch), std::nullopt);
  EXPECT_EQ(query_value("uu=1&=2&&", "u", scratch), std::nullopt);
}

TEST(StickyKey, MayBeTheClientsAddress) {
  EXPECT_EQ(key({{Kind::client_ip, ""}}, {}), "192.0.2.1");
  EXPECT_EQ(key({{Kind::header, "x"}, {Kind::client_ip, ""}}, {{"x", " "}}), "192.0.2.1");
  EXPECT_EQ(key({{Kind::client_ip, ""}, {Kind::header, "x"}}, {{"x", "1"}}), "192.0.2.1");
}

TEST(Cookie, IsFoundAmongOthers_Rfc6265_4_2_1) {
  EXPECT_EQ(cookie({"session=1"}), "1");
  EXPECT_EQ(cookie({"a=0; session=1; b=2"}), "1");
  EXPECT_EQ(cookie({"a=0;session=1;b=2"}), "1");
  EXPECT_EQ(cookie({"a=0;  session=1  ; b=2"}), "1");
  EXPECT_EQ(cookie({"\tsession\t=\t1\t"}), "1");
  EXPECT_EQ(cookie({";; session=1;"}), "1");
  EXPECT_EQ(cookie({"session=a=b=="}), "a=b==");
  EXPECT_EQ(cookie({"session=a b"}), "a b");
  EXPECT_EQ(cookie({"session=a,b"}), "a,b");
}

TEST(Cookie, NamesAreWholeAndCaseSensitive) {
  for (const char* line :
       {"", "xsession=1", "sessionx=1", "session", "session; a=1", "Session=1", "SESSION=1",
        "a=session=1", "a=\"; x\"", "sess=1; ion=2", "=session", "session.id=1", "session-=1"}) {
    EXPECT_EQ(cookie({line}), "-") << line;
  }
}

TEST(Cookie, QuotesAroundAreNotPartOfIt) {
  EXPECT_EQ(cookie({"session=\"1\""}), "1");
  EXPECT_EQ(cookie({"session= \"1\" "}), "1");
  EXPECT_EQ(cookie({"session=\"\""}), "");
  EXPECT_EQ(cookie({"session=\""}), "\"");
  EXPECT_EQ(cookie({"session=\"1"}), "\"1");
  EXPECT_EQ(cookie({"session=1\""}), "1\"");
  EXPECT_EQ(cookie({"session=\"\"1\"\""}), "\"1\"");
  EXPECT_EQ(cookie({"session=\" 1\""}), " 1");
}

TEST(Cookie, OfSeveralTheFirstThatIsNotEmptyCounts) {
  EXPECT_EQ(cookie({"session=1; session=2"}), "1");
  EXPECT_EQ(cookie({"a=0", "session=1", "session=2"}), "1");
  EXPECT_EQ(cookie({"session=; session=2"}), "2");
  EXPECT_EQ(cookie({"session=\"\"", "session=2"}), "2");
  EXPECT_EQ(cookie({"session="}), "");
  EXPECT_EQ(cookie({"session= ; a=1"}), "");
}

TEST(Cookie, OnlyCookieFieldsAreRead) {
  const Headers headers =
      headers_of({{"Set-Cookie", "session=1"}, {"Cookie2", "session=2"}, {"cOOKIE", "session=3"}});
  EXPECT_EQ(cookie_value(headers, "session"), "3");
}

TEST(StickyKey, TheFirstPresentSourceCounts) {
  const std::vector<StickySource> sources{{Kind::header, "x-user-id"}, {Kind::cookie, "session"}};
  EXPECT_EQ(key(sources, {{"Cookie", "session=c"}, {"X-User-Id", "h"}}), "h");
  EXPECT_EQ(key(sources, {{"Cookie", "session=c"}}), "c");
  EXPECT_EQ(key(sources, {{"X-User-Id", ""}, {"Cookie", "session=c"}}), "c");
  EXPECT_EQ(key(sources, {{"X-User-Id", " \t"}, {"Cookie", "session=c"}}), "c");
  EXPECT_EQ(key(sources, {{"X-User-Id", ""}, {"Cookie", "session="}}), "-");
  EXPECT_EQ(key(sources, {{"X-User", "h"}, {"session", "c"}}), "-");
  EXPECT_EQ(key({}, {{"X-User-Id", "h"}}), "-");
}

TEST(StickyKey, OfSeveralFieldsTheFirstThatIsNotEmptyCounts) {
  const std::vector<StickySource> sources{{Kind::header, "x-user-id"}};
  EXPECT_EQ(key(sources, {{"x-user-id", "1"}, {"X-USER-ID", "2"}}), "1");
  EXPECT_EQ(key(sources, {{"x-user-id", ""}, {"x-user-id", "2"}}), "2");
}

TEST(StickyKey, HeaderValuesAreTakenAsTheyAre) {
  const std::vector<StickySource> sources{{Kind::header, "x-user-id"}};
  EXPECT_EQ(key(sources, {{"x-user-id", " a, \"b\" "}}), "a, \"b\"");
  EXPECT_EQ(key(sources, {{"x-user-id", "\xFF\x01"}}), "\xFF\x01");
}

}  // namespace
}  // namespace banyan::routing
