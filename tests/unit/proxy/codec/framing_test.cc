#include "proxy/codec/framing.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace banyan::codec {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

Headers headers_of(const Fields& fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

std::string request(const Fields& fields, HttpVersion version = HttpVersion::http11) {
  const Result<BodyLength> length = request_body_length(version, headers_of(fields));
  if (!length) return std::string(reason_of(length.error().code));
  if (length->framing == Framing::chunked) return "chunked";
  if (length->framing == Framing::none) return "none";
  return std::to_string(*length->content_length);
}

TEST(ContentLength, IsDigitsThatFit63Bits) {
  EXPECT_EQ(parse_content_length("0"), 0U);
  EXPECT_EQ(parse_content_length("007"), 7U);
  EXPECT_EQ(parse_content_length("9223372036854775807"), 9223372036854775807U);
  for (const std::string_view bad :
       {"", " ", "+1", "-1", " 1", "1 ", "1,1", "1, 1", "0x10", "1e3", "1.0", "a",
        "9223372036854775808", "18446744073709551616", "00000000000000000001"}) {
    EXPECT_FALSE(parse_content_length(bad)) << bad;
  }
}

TEST(RequestFraming, IsDecidedFromTheFields) {
  EXPECT_EQ(request({}), "none");
  EXPECT_EQ(request({{"content-length", "0"}}), "0");
  EXPECT_EQ(request({{"Content-LENGTH", "12"}}), "12");
  EXPECT_EQ(request({{"Transfer-Encoding", "chunked"}}), "chunked");
  EXPECT_EQ(request({{"Transfer-Encoding", "CHUNKED"}}), "chunked");
}

TEST(RequestFraming, RefusesWhatCanBeReadInTwoWays) {
  const std::string_view te = "Transfer-Encoding";
  const std::string_view cl = "Content-Length";
  const Fields rows[] = {
      {{cl, "1"}, {te, "chunked"}},
      {{te, "chunked"}, {cl, "1"}},
      {{cl, "1"}, {cl, "1"}},
      {{cl, "1, 1"}},
      {{cl, "1"}, {cl, "2"}},
      {{cl, ""}},
      {{te, ""}},
      {{te, "gzip"}},
      {{te, "identity"}},
      {{te, "chunked, chunked"}},
      {{te, "chunked"}, {te, "chunked"}},
      {{te, "chunked, gzip"}},
      {{te, "chunked"}, {te, "gzip"}},
      {{te, ", chunked"}},
      {{te, "chunked;q=1"}},
      {{te, "xchunked"}},
      {{te, "chunked "}},
      {{te, "\"chunked\""}},
  };
  for (const Fields& row : rows) EXPECT_EQ(request(row), "bad_framing") << row[0].second;
}

TEST(RequestFraming, CallsACodingBeforeChunkedUnsupported) {
  EXPECT_EQ(request({{"Transfer-Encoding", "gzip, chunked"}}), "unsupported_transfer_encoding");
  EXPECT_EQ(request({{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}}),
            "unsupported_transfer_encoding");
}

TEST(RequestFraming, RefusesACodingInHttp10) {
  EXPECT_EQ(request({{"Transfer-Encoding", "chunked"}}, HttpVersion::http10), "bad_framing");
  EXPECT_EQ(request({{"Content-Length", "3"}}, HttpVersion::http10), "3");
}

struct Response {
  Framing framing;
  std::optional<std::uint64_t> length;
  bool contradicts_itself = false;
};

void expect_response(Method asked, int status, const Fields& fields, const Response& expected) {
  const auto length = response_body_length(asked, status, HttpVersion::http11, headers_of(fields));
  ASSERT_TRUE(length) << status;
  EXPECT_EQ(length->framing, expected.framing) << status;
  EXPECT_EQ(length->content_length, expected.length) << status;
  EXPECT_EQ(length->contradicts_itself, expected.contradicts_itself) << status;
}

TEST(ResponseFraming, DependsOnTheRequestAndTheStatus) {
  const Fields five = {{"Content-Length", "5"}};
  const Fields chunked = {{"Transfer-Encoding", "chunked"}};
  expect_response(Method::get, 200, five, {Framing::content_length, 5});
  expect_response(Method::get, 200, chunked, {Framing::chunked, {}});
  expect_response(Method::get, 200, {}, {Framing::until_close, {}});
  expect_response(Method::head, 200, five, {Framing::none, 5});
  expect_response(Method::head, 200, chunked, {Framing::none, {}});
  expect_response(Method::get, 304, five, {Framing::none, 5});
  expect_response(Method::get, 304, {}, {Framing::none, {}});
  expect_response(Method::get, 204, {}, {Framing::none, {}});
  expect_response(Method::get, 204, {{"Content-Length", "0"}}, {Framing::none, {}});
  expect_response(Method::get, 204, five, {Framing::none, {}, true});
  expect_response(Method::get, 204, chunked, {Framing::none, {}, true});
  expect_response(Method::get, 103, {}, {Framing::none, {}});
}

TEST(ResponseFraming, FaultsAreTheUpstreams) {
  const auto length =
      response_body_length(Method::get, 200, HttpVersion::http11,
                           headers_of({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}));
  ASSERT_FALSE(length);
  EXPECT_EQ(length.error().code, ErrorCode::upstream_malformed);
  EXPECT_EQ(length.error().side, Side::upstream);
}

TEST(KeepAlive, FollowsVersionAndConnection) {
  const Fields close = {{"Connection", "x, Close"}};
  const Fields keep = {{"Connection", "Keep-Alive"}};
  const Fields both = {{"Connection", "keep-alive"}, {"Connection", "close"}};
  EXPECT_TRUE(keeps_alive(HttpVersion::http11, {}));
  EXPECT_FALSE(keeps_alive(HttpVersion::http11, headers_of(close)));
  EXPECT_FALSE(keeps_alive(HttpVersion::http11, headers_of(both)));
  EXPECT_FALSE(keeps_alive(HttpVersion::http10, {}));
  EXPECT_TRUE(keeps_alive(HttpVersion::http10, headers_of(keep)));
  EXPECT_FALSE(keeps_alive(HttpVersion::http10, headers_of(both)));
}

}  // namespace
}  // namespace banyan::codec
