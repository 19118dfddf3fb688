#include "proxy/exchange/error_response.h"

#include <gtest/gtest.h>

namespace banyan::exchange {
namespace {

TEST(ErrorResponse, OfEveryCodeHasItsStatusAndItsReasonWordOnOneLine) {
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    ResponseHead head;
    head.headers.add("left", "over");
    std::string body = "left over";
    const bool answered =
        make_error_response({code, Side::local, Retry::unsafe, "a detail"}, head, body);
    EXPECT_EQ(answered, status_of(code) != 0);
    if (!answered) continue;
    EXPECT_EQ(head.status, status_of(code));
    EXPECT_EQ(body, std::string(reason_of(code)) + "\n");
    EXPECT_EQ(head.framing, Framing::content_length);
    EXPECT_EQ(head.content_length, body.size());
    EXPECT_EQ(head.headers.find("left"), std::nullopt);
    EXPECT_EQ(head.headers.find("cache-control"), "no-store");
  }
}

TEST(ErrorResponse, Rfc9110Section1556NamesTheMethodsThatAreAllowed) {
  ResponseHead head;
  std::string body;
  ASSERT_TRUE(make_error_response({ErrorCode::method_not_allowed}, head, body));
  EXPECT_NE(head.headers.find("allow"), std::nullopt);
  ASSERT_TRUE(make_error_response({ErrorCode::shadow_write}, head, body));
  EXPECT_EQ(head.headers.find("allow"), "GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace banyan::exchange
