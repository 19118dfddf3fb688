// What a client codec makes of responses, by the sections of RFC 9110 and RFC 9112.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/codec_feed.h"

namespace banyan::testing {
namespace {

using ::testing::ElementsAre;

TEST(Rfc9112Section4StatusLine, IsReadIntoAHead) {
  EXPECT_THAT(
      response_lines("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nA: b\r\n\r\nno"),
      ElementsAre("response 1 404 Not Found HTTP/1.1 counted length=2", "field Content-Length: 2",
                  "field A: b", "body 1 no", "end 1", "reusable"));
}

TEST(Rfc9112Section7_1Chunked, DelimitsAResponse) {
  EXPECT_THAT(response_lines("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"),
              ElementsAre("response 1 200 OK HTTP/1.1 chunked", "field Transfer-Encoding: chunked",
                          "body 1 abc", "end 1", "reusable"));
}

}  // namespace
}  // namespace banyan::testing
