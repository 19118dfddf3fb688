// What a server codec makes of requests, by the sections of RFC 9110 and RFC 9112.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/codec_feed.h"

namespace banyan::testing {
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

}  // namespace
}  // namespace banyan::testing
