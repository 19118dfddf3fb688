// What a server codec makes of requests, by the sections of RFC 9110 and RFC 9112.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/codec_feed.h"

namespace banyan::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(Rfc9112Section3RequestLine, IsReadIntoAHead) {
  EXPECT_THAT(
      request_lines("GET /a?b=c HTTP/1.1\r\nHost: shop.test:8080\r\nX-One:  two \t\r\n\r\n"),
      ElementsAre("request 1 GET /a?b=c HTTP/1.1 none host=shop.test:8080",
                  "field Host: shop.test:8080", "field X-One: two", "end 1"));
}

TEST(Rfc9112Section6_2ContentLength, DelimitsTheBody) {
  EXPECT_THAT(request_lines(post("Content-Length: 5\r\n", "hello")),
              ElementsAre("request 1 POST / HTTP/1.1 counted length=5 host=h", "field Host: h",
                          "field Content-Length: 5", "body 1 hello", "end 1"));
}

TEST(Rfc9112Section7_1Chunked, DelimitsTheBody) {
  EXPECT_THAT(
      request_lines(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")),
      ElementsAre("request 1 POST / HTTP/1.1 chunked host=h", "field Host: h",
                  "field Transfer-Encoding: chunked", "body 1 hello!", "end 1"));
}

TEST(Rfc9112Section9_3_2Pipelining, RequestsAreReadOneAfterAnother) {
  const std::string wire = get("") + post("Content-Length: 2\r\n", "ab") +
                           post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n") + get("");
  const Lines lines = request_lines(wire);
  EXPECT_THAT(lines, Contains("end 1"));
  EXPECT_THAT(lines, Contains("body 2 ab"));
  EXPECT_THAT(lines, Contains("body 3 x"));
  EXPECT_THAT(lines, Contains("end 4"));
  EXPECT_THAT(lines, Not(Contains("must close")));
}

// ---- The start line ---------------------------------------------------------------------------

TEST(Rfc9112Section2_2MessageParsing, BlankLinesBeforeARequestAreIgnored) {
  EXPECT_THAT(request_lines("\r\n\r\n" + get("")),
              ElementsAre("request 1 GET / HTTP/1.1 none host=h", "field Host: h", "end 1"));
  EXPECT_EQ(request_verdict(std::string(200, '\r')), "malformed_request");
  EXPECT_EQ(request_verdict("\r\n\r\n\r\n\r\n\r\n" + get("")), "malformed_request");
}

TEST(Rfc9112Section2_2MessageParsing, ALineEndsWithCrLfAndNothingElse) {
  for (const std::string_view bad :
       {"GET / HTTP/1.1\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\r\n",
        "GET / HTTP/1.1\rHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\rX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: \rTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_EQ(request_verdict(bad), "malformed_request") << bad;
  }
}

TEST(Rfc9112Section2_3Version, OnlyOneAndOneOrOneAndZero) {
  for (const std::string_view version :
       {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/1", "HTTP/1.1 ",
        "HTTP/1.10", "http/1.1", "RTSP/1.0", "ICE/1.0", "HTTP/01.1", "HTTP 1.1", ""}) {
    const std::string wire = "OPTIONS * " + std::string(version) + "\r\nHost: h\r\n\r\n";
    EXPECT_EQ(request_verdict(wire), "malformed_request") << version;
  }
}

TEST(Rfc9112Section2_3Version, Http09AndThePrefaceOfHttp2AreRefused) {
  EXPECT_EQ(request_verdict("GET /\r\n\r\n"), "malformed_request");
  EXPECT_EQ(request_verdict("GET /\r\nHost: h\r\n\r\n"), "malformed_request");
  EXPECT_EQ(request_verdict("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "malformed_request");
}

TEST(Rfc9112Section3RequestLine, HasExactlyTwoSpaces) {
  for (const std::string_view bad :
       {"GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1",
        " GET / HTTP/1.1", "GET / HTTP/1.1 x", "GET/ HTTP/1.1", "G ET / HTTP/1.1"}) {
    const std::string v = request_verdict(std::string(bad) + "\r\nHost: h\r\n\r\n");
    EXPECT_NE(v, "accepted") << bad;
    EXPECT_TRUE(v == "malformed_request" || v == "bad_target" || v == "method_not_allowed") << v;
  }
}

TEST(Rfc9110Section9_3_6Connect, IsNotAllowed) {
  EXPECT_EQ(request_verdict("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), "method_not_allowed");
}

TEST(Rfc9110Section9_3_8Trace, IsNotAllowed) {
  EXPECT_EQ(request_verdict("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"), "method_not_allowed");
}

TEST(Rfc9110Section9_1Methods, UnknownOnesAreNotAllowedAndNotMalformed) {
  EXPECT_EQ(request_verdict("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"), "method_not_allowed");
  EXPECT_EQ(request_verdict("get / HTTP/1.1\r\nHost: h\r\n\r\n"), "method_not_allowed");
  EXPECT_EQ(request_verdict("BR(EW / HTTP/1.1\r\nHost: h\r\n\r\n"), "malformed_request");
  EXPECT_EQ(request_verdict("PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n"), "accepted");
}

TEST(Rfc9112Section3_2RequestTarget, FormsThatAreRefused) {
  const struct {
    std::string_view line;
    std::string_view verdict;
  } rows[] = {
      {"GET /a#b HTTP/1.1", "bad_target"},        {"GET * HTTP/1.1", "bad_target"},
      {"GET h:80 HTTP/1.1", "bad_target"},        {"GET a/b HTTP/1.1", "bad_target"},
      {"GET http://u@h/ HTTP/1.1", "bad_target"}, {"GET ftp://h/ HTTP/1.1", "bad_target"},
      {"GET http:///x HTTP/1.1", "bad_target"},   {"GET /\x80 HTTP/1.1", "bad_target"},
      {"GET /a\x7f HTTP/1.1", "bad_target"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(request_verdict(std::string(row.line) + "\r\nHost: h\r\n\r\n"), row.verdict)
        << row.line;
  }
}

TEST(Rfc9112Section3_2_2AbsoluteForm, BecomesOriginForm) {
  EXPECT_THAT(request_lines("GET http://h:80/a?b HTTP/1.1\r\nHost: h\r\n\r\n"),
              Contains("request 1 GET /a?b HTTP/1.1 none host=h:80"));
  EXPECT_THAT(request_lines("OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n"),
              Contains("request 1 OPTIONS * HTTP/1.1 none host=h"));
}

// ---- Fields -----------------------------------------------------------------------------------

TEST(Rfc9112Section3_2Host, MissingRepeatedOrInvalid) {
  EXPECT_EQ(request_verdict("GET / HTTP/1.1\r\n\r\n"), "bad_host");
  EXPECT_EQ(request_verdict("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), "bad_host");
  EXPECT_EQ(request_verdict("GET / HTTP/1.1\r\nHost: h\r\nhost: g\r\n\r\n"), "bad_host");
  // More than one, or an invalid one: in any request message.
  EXPECT_EQ(request_verdict("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"), "bad_host");
  EXPECT_EQ(request_verdict("GET / HTTP/1.0\r\nHost: a b\r\n\r\n"), "bad_host");
  EXPECT_EQ(request_verdict("GET http://h/ HTTP/1.1\r\n\r\n"), "bad_host");
  EXPECT_EQ(request_verdict("GET http://h/ HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), "bad_host");
  for (const std::string_view host : {"", "a b", "a,b", "u@h", "h/x", "h:x", "[::1", "\x80"}) {
    EXPECT_EQ(request_verdict("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
              "bad_host")
        << host;
  }
}

TEST(Rfc9112Section3_2Host, MayBeMissingInHttp10) {
  EXPECT_THAT(request_lines("GET / HTTP/1.0\r\n\r\n"),
              ElementsAre("request 1 GET / HTTP/1.0 none host= close", "end 1", "must close"));
}

TEST(Rfc9112Section5_1FieldLine, NoSpaceBeforeTheColonAndNoEmptyName) {
  for (const std::string_view bad : {"X : y", "X\t: y", "Content-Length : 5", ": y", "X y", "X",
                                     "X(: y", "X\x80: y", "Transfer-Encoding : chunked"}) {
    EXPECT_EQ(request_verdict(get(std::string(bad) + "\r\n")), "malformed_request") << bad;
  }
}

TEST(Rfc9112Section5_2ObsFold, IsRefused) {
  EXPECT_EQ(request_verdict(get("X: a\r\n b\r\n")), "malformed_request");
  EXPECT_EQ(request_verdict(get("X: a\r\n\tb\r\n")), "malformed_request");
  EXPECT_EQ(request_verdict(get("X:\r\n b\r\n")), "malformed_request");
  EXPECT_EQ(request_verdict("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), "malformed_request");
}

TEST(Rfc9110Section5_5FieldValue, HoldsNoControlCharacters) {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\t' || c == '\r' || c == '\n') continue;
    EXPECT_EQ(request_verdict(get("X: a" + std::string(1, static_cast<char>(c)) + "b\r\n")),
              "malformed_request")
        << c;
  }
  EXPECT_EQ(request_verdict(get("X: a\x7f\r\n")), "malformed_request");
  EXPECT_THAT(request_lines(get("X: \t a\tb\xff \t\r\nY:\r\nZ: \t \r\n")),
              ::testing::AllOf(Contains("field X: a\tb\xff"), Contains("field Y: "),
                               Contains("field Z: ")));
}

TEST(Rfc9110Section10_1_1Expect, SetsAMarkFor100ContinueOnly) {
  const std::string with_length = "Content-Length: 1\r\nExpect: ";
  EXPECT_THAT(request_lines(post(with_length + "100-Continue\r\n", "x")),
              Contains("request 1 POST / HTTP/1.1 counted length=1 host=h expects"));
  EXPECT_THAT(request_lines(post(with_length + "tea\r\n", "x")),
              Contains("request 1 POST / HTTP/1.1 counted length=1 host=h"));
  EXPECT_THAT(
      request_lines("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
      Contains("request 1 POST / HTTP/1.0 counted length=1 host= close"));
}

TEST(Rfc9110Section7_8Upgrade, IsReadAsIfItHadNotBeenAskedFor) {
  EXPECT_THAT(request_lines(get("Connection: upgrade\r\nUpgrade: websocket\r\n") + get("")),
              ::testing::AllOf(Contains("end 1"), Contains("end 2"), Not(Contains("must close"))));
  EXPECT_THAT(
      request_lines(post("Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "ab")),
      ::testing::AllOf(Contains("body 1 ab"), Contains("end 1")));
}

// ---- Limits -----------------------------------------------------------------------------------

TEST(Rfc9110Section15_5_15UriTooLong, IsHeldToTheByte) {
  const codec::HeadLimits limits{.url_bytes_max = 100};
  const std::string target = "/" + std::string(99, 'a');
  EXPECT_EQ(request_verdict("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", limits), "accepted");
  EXPECT_EQ(request_verdict("GET " + target + "b HTTP/1.1\r\nHost: h\r\n\r\n", limits),
            "url_too_long");
  EXPECT_EQ(request_verdict("GET /" + std::string(5000, 'a'), limits), "url_too_long");
}

TEST(Rfc6585Section5HeadTooLarge, CountsBytesAndFields) {
  const codec::HeadLimits limits{.header_bytes_max = 500, .header_count_max = 10};
  std::string fields;
  for (int i = 0; i < 9; ++i) fields += "A: b\r\n";
  EXPECT_EQ(request_verdict(get(fields), limits), "accepted");
  EXPECT_EQ(request_verdict(get(fields + "A: b\r\n"), limits), "head_too_large");
  EXPECT_EQ(request_verdict(get("A: " + std::string(500, 'b')), limits), "head_too_large");
}

// ---- Bodies -----------------------------------------------------------------------------------

TEST(Rfc9112Section6_1TransferEncoding, WhatIsRefusedAndAs) {
  const struct {
    std::string_view fields;
    std::string_view verdict;
  } rows[] = {
      {"Transfer-Encoding: gzip, chunked\r\n", "unsupported_transfer_encoding"},
      {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
       "unsupported_transfer_encoding"},
      {"Transfer-Encoding: gzip\r\n", "bad_framing"},
      {"Transfer-Encoding: identity\r\n", "bad_framing"},
      {"Transfer-Encoding: chunked, chunked\r\n", "bad_framing"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "bad_framing"},
      {"Transfer-Encoding: chunked, gzip\r\n", "bad_framing"},
      {"Transfer-Encoding: chunkedx\r\n", "bad_framing"},
      {"Transfer-Encoding: xchunked\r\n", "bad_framing"},
      {"Transfer-Encoding: \"chunked\"\r\n", "bad_framing"},
      {"Transfer-Encoding: ,chunked\r\n", "bad_framing"},
      {"Transfer-Encoding: chunked,\r\n", "bad_framing"},
      {"Transfer-Encoding:\r\n", "bad_framing"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "bad_framing"},
      {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "bad_framing"},
      {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "bad_framing"},
      {"Content-Length: 3\r\nTransfer-Encoding: gzip\r\n", "bad_framing"},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       "malformed_request"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(request_verdict(post(row.fields, "0\r\n\r\n")), row.verdict) << row.fields;
  }
  EXPECT_EQ(request_verdict(post("transfer-encoding:\tCHUNKED \r\n", "0\r\n\r\n")), "accepted");
}

TEST(Rfc9112Section6_1TransferEncoding, IsRefusedInHttp10) {
  EXPECT_EQ(request_verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "bad_framing");
}

TEST(Rfc9112Section6_2ContentLength, WhatIsRefused) {
  for (const std::string_view bad :
       {"Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1, 1", "Content-Length: +1", "Content-Length: -1", "Content-Length: 1 1",
        "Content-Length: 0x1", "Content-Length: 1a", "Content-Length:", "Content-Length: ,1",
        "Content-Length: 18446744073709551616", "Content-Length: 9223372036854775808",
        "Content-Length: \"1\"", "Content-Length: 1;", "Content-Length: 1\t1"}) {
    EXPECT_EQ(request_verdict(post(std::string(bad) + "\r\n", "x")), "bad_framing") << bad;
  }
  EXPECT_EQ(request_verdict(post("content-length:\t1 \r\n", "x")), "accepted");
}

TEST(Rfc9112Section6_3BodyLength, WithoutAnyFieldThereIsNoBody) {
  EXPECT_THAT(request_lines(post("", get(""))), Contains("end 2"));
  EXPECT_THAT(request_lines(post("Content-Length: 0\r\n", get(""))), Contains("end 2"));
}

std::string chunked(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }

TEST(Rfc9112Section7_1Chunked, WhatIsRefused) {
  for (const std::string_view bad :
       {"5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-1\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n", "5\r\rhello\r\n0\r\n\r\n",
        "5\rX\nhello\r\n0\r\n\r\n", "10000000000000000\r\nhello\r\n",
        "FFFFFFFFFFFFFFFFF\r\nhello\r\n", "5;\nx\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n", "5\r\nhello\r\n0\r\n\rX"}) {
    EXPECT_EQ(request_verdict(chunked(bad)), "bad_framing") << bad;
  }
}

TEST(Rfc9112Section7_1_1ChunkExtensions, AreIgnored) {
  EXPECT_THAT(request_lines(chunked("5;a=b\r\nhello\r\n3;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n")),
              ::testing::AllOf(Contains("body 1 helloabc"), Contains("end 1")));
}

TEST(Rfc9112Section7_1_1ChunkExtensions, AfterOneWithAValueAreRefused) {
  EXPECT_EQ(request_verdict(chunked("1;a;b=c\r\nx\r\n0\r\n\r\n")), "accepted");
  EXPECT_EQ(request_verdict(chunked("1;a=b;c\r\nx\r\n0\r\n\r\n")), "bad_framing");
}

TEST(Rfc9112Section7_1_1ChunkExtensions, AreBounded) {
  const std::string extension = ";a=" + std::string(codec::kChunkFrameBytesMax + 100, 'b');
  EXPECT_EQ(request_verdict(chunked("1" + extension + "\r\nx\r\n0\r\n\r\n")), "bad_framing");
  const std::string zeros(codec::kChunkFrameBytesMax + 100, '0');
  EXPECT_EQ(request_verdict(chunked(zeros + "1\r\nx\r\n0\r\n\r\n")), "bad_framing");
  EXPECT_EQ(request_verdict(chunked(zeros + "\r\n\r\n")), "bad_framing");
}

TEST(Rfc9112Section7_1_1ChunkExtensions, AreBoundedTogether) {
  std::string many;
  for (int i = 0; i < 400; ++i) many += "1;a=" + std::string(100, 'b') + "\r\nx\r\n";
  EXPECT_EQ(request_verdict(chunked(many + "0\r\n\r\n")), "bad_framing");
}

TEST(Rfc9112Section7_1Chunked, SmallChunksGoOnForEver) {
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "1\r\nx\r\n";
  EXPECT_EQ(verdict(server_lines(chunked(many + "0\r\n\r\n"), {})), "accepted");
}

TEST(Rfc9112Section7_1_2TrailerSection, IsToldApartFromTheHead) {
  EXPECT_THAT(request_lines(chunked("1\r\nx\r\n0\r\nX-Sum: 1\r\nY:\t2 \r\nY:\r\n\r\n")),
              ElementsAre("request 1 POST / HTTP/1.1 chunked host=h", "field Host: h",
                          "field Transfer-Encoding: chunked", "body 1 x", "trailer 1 X-Sum: 1",
                          "trailer 1 Y: 2", "trailer 1 Y: ", "end 1"));
}

TEST(Rfc9110Section6_5_1TrailerFields, WhatComesTooLateToBeBelievedIsDropped) {
  std::string trailers = "X-Sum: 1\r\n";
  for (const std::string_view name : {"authorization",
                                      "Cookie",
                                      "Set-Cookie",
                                      "WWW-Authenticate",
                                      "Proxy-Authorization",
                                      "Cache-Control",
                                      "Expect",
                                      "Max-Forwards",
                                      "Pragma",
                                      "Range",
                                      "If-Match",
                                      "If-Range",
                                      "Age",
                                      "Date",
                                      "Expires",
                                      "Location",
                                      "Retry-After",
                                      "Vary",
                                      "Warning",
                                      "Content-Encoding",
                                      "Content-Range",
                                      "Content-Type",
                                      "Via",
                                      "Forwarded",
                                      "X-Forwarded-For",
                                      "X-Forwarded-Proto",
                                      "X-Banyan-Shadow",
                                      "Baggage",
                                      "traceparent",
                                      "Keep-Alive",
                                      "Proxy-Connection"}) {
    trailers.append(name).append(": 1\r\n");
  }
  EXPECT_THAT(
      request_lines(chunked("1\r\nx\r\n0\r\n" + trailers + "\r\n") + get("")),
      ElementsAre("request 1 POST / HTTP/1.1 chunked host=h", "field Host: h",
                  "field Transfer-Encoding: chunked", "body 1 x", "trailer 1 X-Sum: 1", "end 1",
                  "request 2 GET / HTTP/1.1 none host=h", "field Host: h", "end 2"));
}

TEST(Rfc9110Section7_6_1Connection, TrailersEndHereWhereConnectionNamesFields) {
  const std::string body = "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n";
  for (const std::string_view connection : {"close", "keep-alive", "TE, Upgrade"}) {
    const std::string fields =
        "Transfer-Encoding: chunked\r\nConnection: " + std::string(connection) + "\r\n";
    EXPECT_THAT(request_lines(post(fields, body)), Contains("trailer 1 X-Sum: 1"));
  }
  EXPECT_THAT(request_lines(post("Transfer-Encoding: chunked\r\nConnection: x-sum\r\n", body)),
              ::testing::AllOf(Contains("end 1"), Not(Contains("trailer 1 X-Sum: 1"))));
}

TEST(Rfc9112Section7_1_2TrailerSection, FramingAndRoutingInItAreRefused) {
  for (const std::string_view bad :
       {"Transfer-Encoding: chunked", "Content-Length: 5", "Host: h", "Connection: close", "TE: x",
        "Trailer: x", "Upgrade: x", "X : y", ": y", "X y", "X: a\r\n b", "X: a\nY: b", "X: a\rb"}) {
    EXPECT_EQ(request_verdict(chunked("1\r\nx\r\n0\r\n" + std::string(bad) + "\r\n\r\n")),
              "bad_framing")
        << bad;
  }
}

TEST(Rfc9112Section7_1_2TrailerSection, IsBounded) {
  const std::string large = "X: " + std::string(codec::kTrailerBytesMax, 'y');
  EXPECT_EQ(request_verdict(chunked("0\r\n" + large + "\r\n\r\n")), "bad_framing");
  std::string many;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  EXPECT_EQ(request_verdict(chunked("0\r\n" + many + "\r\n")), "bad_framing");
}

// ---- The connection ---------------------------------------------------------------------------

TEST(Rfc9112Section9_3Persistence, FollowsVersionAndConnection) {
  const struct {
    std::string_view head;
    bool closes;
  } rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", true},
  };
  for (const auto& row : rows) {
    const Lines lines = request_lines(row.head);
    EXPECT_EQ(lines.back() == "must close", row.closes) << row.head;
  }
}

TEST(Rfc9112Section9_6TearDown, NothingIsReadAfterTheLastRequestOrAnError) {
  const Lines lines = request_lines(get("Connection: close\r\n") + get(""));
  EXPECT_THAT(lines, Not(Contains("end 2")));
  EXPECT_EQ(lines.back(), "must close");
  EXPECT_THAT(request_lines("GET / HTTP/1.1\r\n\r\n" + get("")), ElementsAre("error 1 bad_host"));
}

}  // namespace
}  // namespace banyan::test
