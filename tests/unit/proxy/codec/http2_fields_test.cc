#include "proxy/codec/http2_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace banyan::codec {
namespace {

using namespace std::string_literals;

using Fields = std::vector<std::pair<std::string, std::string>>;

Result<void> read_request(const Fields& fields, bool ended, RequestHead& head,
                          const HeadLimits& limits = {}) {
  Http2RequestFields reader;
  reader.begin(limits);
  for (const auto& [name, value] : fields) reader.take({name, value, false}, head);
  return reader.end(ended, head);
}

// "reason: detail", or "" where it is accepted.
std::string fault_of(const Fields& fields, bool ended = true, const HeadLimits& limits = {}) {
  RequestHead head;
  const Result<void> read = read_request(fields, ended, head, limits);
  if (read) return "";
  EXPECT_EQ(read.error().side, Side::downstream);
  return std::string(reason_of(read.error().code));
}

Fields get(const Fields& more = {}) {
  Fields fields{{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}, {":path", "/a?b"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Fields with(std::string_view name, std::string value) {
  Fields fields = get();
  for (auto& [n, v] : fields) {
    if (n == name) v = std::move(value);
  }
  return fields;
}

Fields without(std::string_view name) {
  Fields fields = get();
  std::erase_if(fields, [&](const auto& f) { return f.first == name; });
  return fields;
}

RequestHead read_good(const Fields& fields, bool ended = true) {
  RequestHead head;
  const Result<void> read = read_request(fields, ended, head);
  EXPECT_TRUE(read) << (read ? "" : read.error().detail);
  return head;
}

TEST(Rfc9113Section8_3_1Request, PseudoHeadersAreTheRequestLine) {
  const RequestHead head = read_good(get({{"accept", "*/*"}, {"x-a", ""}}));
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.method_text, "GET");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.authority, "h");
  EXPECT_EQ(head.version, HttpVersion::http2);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_EQ(head.headers.lines(), "accept: */*\r\nx-a: \r\n");
}

TEST(Rfc9113Section8_3_1Request, EveryMandatoryPseudoHeaderIsThere) {
  EXPECT_EQ(fault_of(without(":method")), "malformed_request");
  EXPECT_EQ(fault_of(without(":scheme")), "malformed_request");
  EXPECT_EQ(fault_of(without(":path")), "malformed_request");
  EXPECT_EQ(fault_of({}), "malformed_request");
  EXPECT_EQ(fault_of(with(":path", "")), "bad_target");
  EXPECT_EQ(fault_of(with(":method", "")), "malformed_request");
  EXPECT_EQ(fault_of(with(":authority", "")), "bad_host");
}

TEST(Rfc9113Section8_3PseudoHeaders, AreKnownAndOfRequests) {
  for (const char* name : {":status", ":protocol", ":host", ":", "::path", ":Path", ":path "}) {
    Fields fields = get();
    fields.emplace_back(name, "200");
    EXPECT_EQ(fault_of(fields), "malformed_request") << name;
  }
}

TEST(Rfc9113Section8_3PseudoHeaders, ComeOnce) {
  for (const auto& [name, value] : get()) {
    Fields fields = get();
    fields.emplace_back(name, value);
    EXPECT_EQ(fault_of(fields), "malformed_request") << name;
  }
}

TEST(Rfc9113Section8_3PseudoHeaders, ComeBeforeTheOthers) {
  for (std::size_t at = 0; at < get().size(); ++at) {
    Fields fields = get();
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at), {"x-a", "1"});
    EXPECT_EQ(fault_of(fields), "malformed_request") << at;
  }
}

TEST(Rfc9113Section8_3_1Request, TheTargetIsAPathOrOptionsAsterisk) {
  EXPECT_EQ(read_good(with(":path", "//x/../y")).target, "//x/../y");
  Fields options = with(":path", "*");
  options[0].second = "OPTIONS";
  EXPECT_EQ(read_good(options).target, "*");
  EXPECT_EQ(fault_of(with(":path", "*")), "bad_target");
  for (const char* path : {"a", "http://other/", "h:80", "?q", "/a#b", "/a b", "/a\tb", "/a\rb",
                           "/ HTTP/1.1\r\nX: y", "/\x7f", "/\xc3\xa9", " /a", "/a "}) {
    EXPECT_EQ(fault_of(with(":path", path)), "bad_target") << path;
  }
  EXPECT_EQ(fault_of(with(":path", "/a\0b"s)), "bad_target");
}

TEST(Rfc9113Section8_3_1Request, OnlyHttpSchemesAreServed) {
  EXPECT_EQ(fault_of(with(":scheme", "https")), "");
  for (const char* scheme : {"", "ftp", "http ", "http://", "http\r\n", "ht\ttp"}) {
    EXPECT_EQ(fault_of(with(":scheme", scheme)), "bad_target") << scheme;
  }
}

TEST(Rfc9113Section8_3_1Request, AuthorityIsHostAndPort) {
  for (const char* good : {"h:80", "[::1]:8080", "a.b.c", "H"}) {
    EXPECT_EQ(read_good(with(":authority", good)).authority, good);
  }
  for (const char* bad :
       {"u@h", "h:x", "h/", "h h", "h\r\nx: y", "h,i", "[::1", ":80", "http://h"}) {
    EXPECT_EQ(fault_of(with(":authority", bad)), "bad_host") << bad;
  }
}

TEST(Rfc9113Section8_3_1Request, HostStandsInForAuthorityAndAgreesWithIt) {
  Fields host = without(":authority");
  EXPECT_EQ(fault_of(host), "bad_host");
  host.emplace_back("host", "h:81");
  EXPECT_EQ(read_good(host).authority, "h:81");
  host.emplace_back("host", "h:81");
  EXPECT_EQ(fault_of(host), "bad_host");
  EXPECT_EQ(fault_of(get({{"host", "H"}})), "");
  EXPECT_EQ(fault_of(get({{"host", "other"}})), "bad_host");
  EXPECT_EQ(fault_of(get({{"host", "h:80"}})), "bad_host");
  EXPECT_EQ(fault_of(get({{"host", ""}})), "bad_host");
  EXPECT_EQ(fault_of(get({{"host", "h"}, {"host", "h"}})), "bad_host");
  EXPECT_EQ(fault_of(get({{"host", "h"}, {"host", "i"}})), "bad_host");
}

TEST(Rfc9113Section8_5Connect, IsNotServed) {
  EXPECT_EQ(fault_of({{":method", "CONNECT"}, {":authority", "h:443"}}), "method_not_allowed");
  EXPECT_EQ(fault_of({{":method", "CONNECT"}}), "malformed_request");
  EXPECT_EQ(fault_of(with(":method", "CONNECT")), "malformed_request");
}

TEST(Rfc9113Section8_3_1Request, MethodsAreThoseOfHttp1) {
  EXPECT_EQ(fault_of(with(":method", "PROPFIND")), "");
  for (const char* method : {"TRACE", "get", "FOO"}) {
    EXPECT_EQ(fault_of(with(":method", method)), "method_not_allowed") << method;
  }
  for (const char* method :
       {"GE T", "GET ", "GET /x HTTP/1.1\r\nX: y", "G\xc3\xa9", "G:T", "\x01"}) {
    EXPECT_EQ(fault_of(with(":method", method)), "malformed_request") << method;
  }
  EXPECT_EQ(fault_of(with(":method", "G\0T"s)), "malformed_request");
}

TEST(Rfc9113Section8_2_1FieldValidity, NamesAreLowerCaseTokens) {
  for (const std::string& name : {""s, "X-A"s, "x a"s, "x:a"s, "x\r"s, "x\n"s, "x\0a"s, "x\x7f"s,
                                  "x\xc3\xa9"s, " x"s, "x "s, "x\r\ny"s, "x(a)"s, "\tx"s}) {
    EXPECT_EQ(fault_of(get({{name, "1"}})), "malformed_request") << name;
  }
}

TEST(Rfc9113Section8_2_1FieldValidity, ValuesAreOneLineWithoutBlanksAround) {
  for (const std::string& value : {"a\rb"s, "a\nb"s, "a\0b"s, "\r"s, "\n"s, "\0"s, " a"s, "a "s,
                                   "\ta"s, "a\t"s, " "s, "a\r\nx: y"s, "a\x01"s, "a\x7f"s}) {
    EXPECT_EQ(fault_of(get({{"x-a", value}})), "malformed_request") << value;
  }
  EXPECT_EQ(fault_of(get({{"x-a", "a \tb\xc3\xa9\"'<>"}})), "");
}

TEST(Rfc9113Section8_2_2ConnectionFields, AreMalformed) {
  for (const char* name :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    for (const char* value : {"", "close", "chunked", "h2c"}) {
      EXPECT_EQ(fault_of(get({{name, value}}), false), "malformed_request") << name;
    }
  }
}

TEST(Rfc9113Section8_2_2ConnectionFields, TeIsTrailersOrNothing) {
  EXPECT_EQ(fault_of(get({{"te", "trailers"}})), "");
  for (const char* value : {"", "gzip", "trailers, gzip", "trailers;q=1", "chunked"}) {
    EXPECT_EQ(fault_of(get({{"te", value}})), "malformed_request") << value;
  }
}

TEST(Rfc9113Section8_2_3Cookie, CrumbsAreOneFieldAgain) {
  const RequestHead head = read_good(get(
      {{"cookie", "a=b"}, {"x-a", "1"}, {"cookie", ""}, {"cookie", "c=d; e=f"}, {"cookie", "g"}}));
  EXPECT_EQ(head.headers.count(HeaderId::cookie), 1U);
  EXPECT_EQ(*head.headers.find(HeaderId::cookie), "a=b; c=d; e=f; g");
  EXPECT_EQ(fault_of(get({{"cookie", "a=b\r\nx: y"}})), "malformed_request");
}

TEST(Rfc9113Section8_2_3Cookie, OfOneSectionDoNotStayForTheNext) {
  Http2RequestFields reader;
  for (const char* crumb : {"a=1", "b=2"}) {
    RequestHead head;
    reader.begin({});
    for (const auto& [name, value] : get({{"cookie", crumb}}))
      reader.take({name, value, false}, head);
    ASSERT_TRUE(reader.end(true, head));
    EXPECT_EQ(*head.headers.find(HeaderId::cookie), crumb);
  }
}

TEST(Rfc9113Section8_1_1ContentLength, IsOneNumberThatAgreesWithTheEnd) {
  const Fields three = get({{"content-length", "3"}});
  EXPECT_EQ(fault_of(three), "bad_framing");
  const RequestHead counted = read_good(three, false);
  EXPECT_EQ(counted.framing, Framing::content_length);
  EXPECT_EQ(counted.content_length, 3U);
  EXPECT_EQ(read_good(get(), false).framing, Framing::chunked);
  EXPECT_EQ(read_good(get({{"content-length", "0"}})).framing, Framing::content_length);
  for (const char* bad : {"", "-1", "+3", "0x3", "3, 3", "3 3", "99999999999999999999", "a"}) {
    EXPECT_EQ(fault_of(get({{"content-length", bad}}), false), "bad_framing") << bad;
  }
  EXPECT_EQ(fault_of(get({{"content-length", "3"}, {"content-length", "3"}}), false),
            "bad_framing");
}

TEST(Rfc9113Section8_1_1ContentLength, PromisesExactlySoManyBytes) {
  PromisedLength three(3);
  EXPECT_TRUE(three.take(2));
  EXPECT_FALSE(three.is_kept());
  EXPECT_FALSE(three.take(2));
  EXPECT_TRUE(three.take(1));
  EXPECT_TRUE(three.is_kept());
  EXPECT_FALSE(three.take(1));
  PromisedLength any;
  EXPECT_TRUE(any.take(1'000'000));
  EXPECT_TRUE(any.is_kept());
}

TEST(Http2Fields, ExpectContinueIsUnderstood) {
  EXPECT_TRUE(read_good(get({{"expect", "100-continue"}}), false).expect_continue);
  EXPECT_FALSE(read_good(get(), false).expect_continue);
}

TEST(Http2Fields, LimitsAreThoseOfHttp1) {
  HeadLimits limits{.header_bytes_max = 200, .header_count_max = 3, .url_bytes_max = 10};
  EXPECT_EQ(fault_of(with(":path", "/234567890"), true, limits), "");
  EXPECT_EQ(fault_of(with(":path", "/2345678901"), true, limits), "url_too_long");
  const Fields three{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_EQ(fault_of(get(three), true, limits), "");
  Fields four = get(three);
  four.emplace_back("d", "4");
  EXPECT_EQ(fault_of(four, true, limits), "head_too_large");
  // Of the four pseudo-headers: 7+3+4, 7+4+4, 10+1+4, 5+4+4.
  const std::size_t left = 200 - 57 - 5;
  EXPECT_EQ(fault_of(get({{"a", std::string(left, 'x')}}), true, limits), "");
  EXPECT_EQ(fault_of(get({{"a", std::string(left + 1, 'x')}}), true, limits), "head_too_large");
}

TEST(Http2Fields, CrumbsCountAsOneFieldAndWithAllTheirBytes) {
  const HeadLimits limits{.header_bytes_max = 200, .header_count_max = 1, .url_bytes_max = 10};
  Fields crumbs = get();
  for (int i = 0; i < 11; ++i) crumbs.emplace_back("cookie", "a=b");
  EXPECT_EQ(fault_of(crumbs, true, limits), "");
  crumbs.emplace_back("cookie", "a=b");
  EXPECT_EQ(fault_of(crumbs, true, limits), "head_too_large");
  Fields empty = get();
  for (int i = 0; i < 15; ++i) empty.emplace_back("cookie", "");
  EXPECT_EQ(fault_of(empty, true, limits), "head_too_large");
}

// What was understood by then is for the log.
TEST(Http2Fields, TheFirstFaultCounts) {
  RequestHead head;
  Fields fields = get({{"X", "1"}, {"connection", "close"}});
  fields.emplace_back(":path", "/other");
  const Result<void> read = read_request(fields, true, head);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail, "field name");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.version, HttpVersion::http2);
}

// ---- responses --------------------------------------------------------------------------------

struct Answered {
  Method asked = Method::get;
  bool ended = false;
};

Result<void> read_response(const Fields& fields, ResponseHead& head, const Answered& how = {}) {
  Http2ResponseFields reader;
  reader.begin({});
  for (const auto& [name, value] : fields) reader.take({name, value, false}, head);
  return reader.end(how.asked, how.ended, head);
}

// "status framing length", or the reason word.
std::string response(const Fields& fields, const Answered& how = {}) {
  ResponseHead head;
  const Result<void> read = read_response(fields, head, how);
  if (!read) {
    EXPECT_EQ(read.error().side, Side::upstream);
    return std::string(reason_of(read.error().code));
  }
  const char* framing = head.framing == Framing::none             ? "none"
                        : head.framing == Framing::content_length ? "counted"
                        : head.framing == Framing::chunked        ? "open"
                                                                  : "?";
  const std::string length = head.content_length ? std::to_string(*head.content_length) : "-";
  return std::to_string(head.status) + " " + framing + " " + length;
}

TEST(Rfc9113Section8_3_2Response, StatusIsTheOnlyPseudoHeader) {
  EXPECT_EQ(response({{":status", "200"}}), "200 open -");
  EXPECT_EQ(response({}), "upstream_malformed");
  EXPECT_EQ(response({{"x", "y"}}), "upstream_malformed");
  EXPECT_EQ(response({{"x", "y"}, {":status", "200"}}), "upstream_malformed");
  EXPECT_EQ(response({{":status", "200"}, {":status", "200"}}), "upstream_malformed");
  EXPECT_EQ(response({{":status", "200"}, {":path", "/"}}), "upstream_malformed");
  for (const char* bad : {"", "20", "2000", "099", "600", "000", "2x0", "+20", "101", " 200"}) {
    EXPECT_EQ(response({{":status", bad}}), "upstream_malformed") << bad;
  }
}

TEST(Rfc9113Section8_1_1ContentLength, OfAResponse) {
  EXPECT_EQ(response({{":status", "200"}, {"content-length", "3"}}), "200 counted 3");
  EXPECT_EQ(response({{":status", "200"}}, {.ended = true}), "200 none -");
  EXPECT_EQ(response({{":status", "200"}, {"content-length", "3"}}, {.ended = true}),
            "upstream_malformed");
  EXPECT_EQ(response({{":status", "200"}, {"content-length", "3"}}, {Method::head, true}),
            "200 none 3");
  EXPECT_EQ(response({{":status", "304"}, {"content-length", "3"}}, {.ended = true}), "304 none 3");
  EXPECT_EQ(response({{":status", "204"}}, {.ended = true}), "204 none -");
  EXPECT_EQ(response({{":status", "204"}, {"content-length", "3"}}), "upstream_malformed");
  EXPECT_EQ(response({{":status", "200"}, {"content-length", "3"}, {"content-length", "3"}}),
            "upstream_malformed");
}

TEST(Rfc9113Section8_1Informational, DoesNotEndTheStream) {
  EXPECT_EQ(response({{":status", "103"}}), "103 none -");
  EXPECT_EQ(response({{":status", "103"}}, {.ended = true}), "upstream_malformed");
}

TEST(Rfc9113Section8_2_1FieldValidity, OfResponses) {
  const Fields bad{{"X", "1"},  {"x", "a\r\nb"},         {"x", "a\nb"},
                   {"x", " a"}, {"connection", "close"}, {"transfer-encoding", "chunked"}};
  for (const auto& [name, value] : bad) {
    EXPECT_EQ(response({{":status", "200"}, {name, value}}), "upstream_malformed") << name;
  }
}

// ---- trailers ---------------------------------------------------------------------------------

std::string trailers(const Fields& fields) {
  Http2TrailerFields reader;
  Headers kept;
  reader.begin({});
  for (const auto& [name, value] : fields) reader.take({name, value, false}, kept);
  const Result<void> read = reader.end();
  return read ? std::string(kept.lines()) : std::string(reason_of(read.error().code));
}

TEST(Rfc9113Section8_1Trailers, HaveNoPseudoHeaders) {
  EXPECT_EQ(trailers({{"grpc-status", "0"}, {"x", "y"}}), "grpc-status: 0\r\nx: y\r\n");
  EXPECT_EQ(trailers({{":status", "200"}}), "bad_framing");
  EXPECT_EQ(trailers({{"x", "y"}, {":path", "/"}}), "malformed_request");
}

TEST(Rfc9113Section8_1Trailers, AreJudgedAsBehindChunkedBodies) {
  EXPECT_EQ(trailers({{"authorization", "x"}, {"x", "y"}}), "x: y\r\n");
  for (const char* name : {"content-length", "host", "trailer"}) {
    EXPECT_EQ(trailers({{name, "1"}}), "bad_framing") << name;
  }
  EXPECT_EQ(trailers({{"X", "1"}}), "malformed_request");
  EXPECT_EQ(trailers({{"x", "a\nb"}}), "malformed_request");
  EXPECT_EQ(trailers({{"x", std::string(8192, 'x')}}), "head_too_large");
}

}  // namespace
}  // namespace banyan::codec
