#include "proxy/codec/head_writer.h"

#include <gtest/gtest.h>

#include "proxy/codec/body_writer.h"
#include "tests/support/codec_feed.h"

namespace banyan::codec {
namespace {

using test::StringSink;
using namespace std::literals;

TEST(HeadWriter, WritesNothingThatWouldBeginALineOfItsOwn) {
  for (const std::string_view bad : {"a\r\nX: y"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv}) {
    TextBuffer out;
    RequestHead request;
    request.method_text = bad;
    request.target = bad;
    request.authority = bad;
    append_request_line(out, request);
    EXPECT_EQ(out.view(), "  HTTP/1.1\r\nHost: \r\n") << bad;

    ResponseHead response;
    response.status = 200;
    response.reason = bad;
    out.clear();
    append_status_line(out, response);
    EXPECT_EQ(out.view(), "HTTP/1.1 200 \r\n") << bad;
  }
}

TEST(HeadWriter, LeavesOutOnlyTheFieldsThatAreNoLine) {
  for (const std::string_view bad : {"a\r\nX: y"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv}) {
    Headers headers;
    headers.add("A", "1");
    headers.add("Bad", bad);
    headers.add("B", std::string(200, 'x'));
    TextBuffer out;
    out.append("before\r\n");
    append_fields(out, headers);
    EXPECT_EQ(out.view(), "before\r\nA: 1\r\nB: " + std::string(200, 'x') + "\r\n") << bad;
  }
}

TEST(HeadWriter, WritesATargetWithoutSpaces) {
  RequestHead head;
  head.method_text = "GET";
  head.target = "/a HTTP/1.1";
  head.authority = "h";
  TextBuffer out;
  append_request_line(out, head);
  EXPECT_EQ(out.view(), "GET  HTTP/1.1\r\nHost: h\r\n");
}

TEST(HeadWriter, LeavesOutWhatIsWrittenAnew) {
  Headers headers;
  for (const std::string_view name :
       {"Host", "Connection", "Content-Length", "Transfer-Encoding", "X-Kept"}) {
    headers.add(name, "v");
  }
  TextBuffer out;
  append_fields(out, headers);
  EXPECT_EQ(out.view(), "X-Kept: v\r\n");
}

TEST(BodyWriter, CopiesWhatIsSmallAndBorrowsTheRest) {
  StringSink sink;
  BodyWriter body;
  const std::string large(kCopiedPayloadMax + 1, 'x');
  body.begin(BodyMode::raw);
  body.write(sink, large.substr(1));
  EXPECT_EQ(sink.borrows, 0);
  body.write(sink, large);
  EXPECT_EQ(sink.borrows, 1);
}

TEST(BodyWriter, FramesBorrowedDataAsAChunk) {
  StringSink sink;
  BodyWriter body;
  const std::string large(0x1234, 'x');
  body.begin(BodyMode::chunked);
  body.write(sink, large);
  body.write(sink, "");  // would be the last chunk
  body.write(sink, "abc");
  EXPECT_TRUE(body.end(sink));
  EXPECT_EQ(sink.borrows, 1);
  EXPECT_EQ(sink.text, "1234\r\n" + large + "\r\n3\r\nabc\r\n0\r\n\r\n");
}

TEST(BodyWriter, WritesNoMoreThanWasPromised) {
  StringSink sink;
  BodyWriter body;
  body.begin(BodyMode::counted, 4);
  body.write(sink, "abc");
  body.write(sink, "defg");
  body.write(sink, "h");
  EXPECT_EQ(sink.text, "abcd");
  EXPECT_FALSE(body.end(sink));
}

TEST(BodyWriter, NoticesABodyThatIsTooShort) {
  StringSink sink;
  BodyWriter body;
  body.begin(BodyMode::counted, 4);
  body.write(sink, "abc");
  EXPECT_FALSE(body.end(sink));
  body.begin(BodyMode::counted, 0);
  EXPECT_TRUE(body.end(sink));
}

TEST(BodyWriter, DropsTheBodyOfAMessageWithoutOne) {
  StringSink sink;
  BodyWriter body;
  body.begin(BodyMode::dropped);
  body.write(sink, "abc");
  EXPECT_TRUE(body.end(sink));
  EXPECT_EQ(sink.text, "");
}

}  // namespace
}  // namespace banyan::codec
