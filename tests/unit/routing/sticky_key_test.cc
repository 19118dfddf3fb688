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
  RequestHead request;
  request.headers = headers_of(fields);
  request.target = "/?u=&u=a%20b+c%zz&%75=x&empty";
  std::string scratch;
  DecisionTools tools{{}, [] { return std::uint64_t{0}; }};
  const auto value = sticky_key(sources, {request, "192.0.2.1", scratch, tools});
  return value ? std::string(*value) : "-";
}

std::string network(const std::string& address, std::uint8_t ipv4_bits, std::uint8_t ipv6_bits) {
  RequestHead request;
  std::string scratch;
  DecisionTools tools{{}, [] { return std::uint64_t{0}; }};
  const StickySource source{Kind::client_ip, "", ipv4_bits, ipv6_bits};
  const auto value = sticky_key({source}, {request, address, scratch, tools});
  return value ? std::string(*value) : "-";
}

TEST(StickyKey, MayBeTheClientsNetwork) {
  EXPECT_EQ(network("192.0.2.129", 24, 56), "192.0.2.0/24");
  EXPECT_EQ(network("192.0.2.129", 25, 56), "192.0.2.128/25");
  EXPECT_EQ(network("10.255.1.1", 9, 56), "10.128.0.0/9");
  EXPECT_EQ(network("::ffff:192.0.2.129", 24, 56), "192.0.2.0/24");
  EXPECT_EQ(network("2001:db8:1:2ff::1", 24, 56), "2001:db8:1:200:0:0:0:0/56");
  EXPECT_EQ(network("2001:db8:1:2ff::1", 24, 128), "2001:db8:1:2ff:0:0:0:1/128");
  EXPECT_EQ(network("192.0.2.129", 32, 128), "192.0.2.129");
  EXPECT_EQ(network("a socket", 24, 56), "a socket");
}

// {"alg":"none"} . {"sub":"user-7","n":12345,"big":1e3,"o":{"sub":"x"},"t":true,"é":"y"} .
// signature
constexpr const char* kToken =
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTciLCJuIjoxMjM0NSwiYmlnIjoxZTMsIm8iOnsic3ViIjoieCJ9LCJ0I"
    "jp0cnVlLCLDqSI6InkifQ.c2ln";

std::string claim(const std::string& authorization, const char* name = "sub") {
  return key({{Kind::jwt_claim, name}}, {{"Authorization", authorization}});
}

TEST(StickyKey, MayBeAClaimOfATokenThatIsNotVerified_Rfc7519) {
  EXPECT_EQ(claim(std::string("Bearer ") + kToken), "user-7");
  EXPECT_EQ(claim(std::string("bearer ") + kToken), "user-7");
  EXPECT_EQ(claim(std::string("Bearer ") + kToken, "n"), "12345");
  EXPECT_EQ(claim(std::string("Bearer ") + kToken, "big"), "1e3");
  EXPECT_EQ(claim(std::string("Bearer ") + kToken, "o"), "-");
  EXPECT_EQ(claim(std::string("Bearer ") + kToken, "t"), "-");
  EXPECT_EQ(claim(std::string("Bearer ") + kToken, "missing"), "-");
  EXPECT_EQ(claim(std::string("Basic ") + kToken), "-");
}

TEST(StickyKey, ATokenThatCanNotBeReadIsNone) {
  for (const char* token : {"", "Bearer", "Bearer ", "Bearer a.b", "Bearer a..c", "Bearer ..",
                            "Bearer x.e30=.y", "Bearer x.e3.y", "Bearer x.W10.y", "Bearer x.IngI.y",
                            "Bearer x.eyJzdWIiOg.y", "Bearer x.e30.y"}) {
    EXPECT_EQ(claim(token), "-") << token;
  }
  EXPECT_EQ(claim("Bearer x.eyJzdWIiOiJhIiwic3ViIjoiYiJ9.y"), "b");  // twice: the last one
  EXPECT_EQ(claim("Bearer x." + std::string(20'000, 'e') + ".y"), "-");
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
