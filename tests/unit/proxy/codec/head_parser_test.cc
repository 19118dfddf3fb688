#include "proxy/codec/head_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace banyan::codec {
namespace {

TEST(HeadParser, TellsTheMethodAndTheTargetOfARefusedRequestForTheLog) {
  const struct {
    std::string_view head;
    ErrorCode code;
    std::string_view method;
    std::string_view target;
  } rows[] = {
      {"GET /a HTTP/1.1\r\n\r\n", ErrorCode::bad_host, "GET", "/a"},
      {"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", ErrorCode::bad_target, "GET", "/a#b"},
      {"GET /a\x80z HTTP/1.1\r\nHost: h\r\n\r\n", ErrorCode::bad_target, "GET", "/a"},
      {"GET /long-target HTTP/1.1\r\nHost: h\r\n\r\n", ErrorCode::url_too_long, "GET",
       "/long-target"},
      {"TRACE /a HTTP/1.1\r\nHost: h\r\n\r\n", ErrorCode::method_not_allowed, "TRACE", "/a"},
      {"BREW /a HTTP/1.1\r\nHost: h\r\n\r\n", ErrorCode::method_not_allowed, "BREW", "/a"},
      {"GET /a HTTP/2.0\r\nHost: h\r\n\r\n", ErrorCode::malformed_request, "GET", "/a"},
      {"GET /a HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", ErrorCode::malformed_request, "GET", "/a"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", ErrorCode::bad_framing, "PUT",
       "/a"},
  };
  for (const auto& row : rows) {
    RequestHead head;
    const auto parsed = parse_request_head(row.head, {.url_bytes_max = 10}, head);
    ASSERT_FALSE(parsed) << row.head;
    EXPECT_EQ(parsed.error().code, row.code) << row.head;
    EXPECT_EQ(head.method_text, row.method) << row.head;
    EXPECT_EQ(head.target, row.target) << row.head;
  }
}

// A coding or a length that some readers see and others do not.
TEST(HeadParser, TakesNoTabBehindALengthOrACoding) {
  for (const std::string_view line :
       {"Content-Length: 1\t", "content-length: 1 \t ", "Transfer-Encoding: chunked\t",
        "Transfer-Encoding: chunked \t"}) {
    const std::string request = "PUT / HTTP/1.1\r\nHost: h\r\n" + std::string(line) + "\r\n\r\n";
    RequestHead head;
    const auto parsed = parse_request_head(request, {}, head);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed_request) << line;
    const std::string response = "HTTP/1.1 200 OK\r\n" + std::string(line) + "\r\n\r\n";
    ResponseHead answer;
    EXPECT_FALSE(parse_response_head(response, {}, Method::get, answer)) << line;
  }
}

}  // namespace
}  // namespace banyan::codec
