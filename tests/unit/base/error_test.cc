#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

#include "base/arm.h"

namespace banyan {
namespace {

std::vector<ErrorCode> all_codes() {
  std::vector<ErrorCode> codes;
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) codes.push_back(static_cast<ErrorCode>(i));
  return codes;
}

bool is_unanswered(ErrorCode code) {
  return code == ErrorCode::client_closed || code == ErrorCode::tls_handshake ||
         code == ErrorCode::proxy_header;
}

TEST(Error, StatusIsOneThatBanyanMayAnswerItself) {
  const std::set<int> allowed{400, 404, 405, 408, 413, 414, 431, 501, 502, 503, 504};
  for (const ErrorCode code : all_codes()) {
    if (is_unanswered(code)) continue;
    EXPECT_TRUE(allowed.contains(status_of(code))) << reason_of(code);
  }
}

TEST(Error, NobodyIsAnsweredWhereTheClientLeftOrWasNeverUnderstood) {
  EXPECT_EQ(status_of(ErrorCode::client_closed), 0);
  EXPECT_EQ(status_of(ErrorCode::tls_handshake), 0);
  EXPECT_EQ(status_of(ErrorCode::proxy_header), 0);
}

TEST(Error, EachStatusFollowsFromItsCause) {
  EXPECT_EQ(status_of(ErrorCode::bad_target), 400);
  EXPECT_EQ(status_of(ErrorCode::no_route), 404);
  EXPECT_EQ(status_of(ErrorCode::method_not_allowed), 405);
  EXPECT_EQ(status_of(ErrorCode::request_timeout), 408);
  EXPECT_EQ(status_of(ErrorCode::body_too_large), 413);
  EXPECT_EQ(status_of(ErrorCode::url_too_long), 414);
  EXPECT_EQ(status_of(ErrorCode::head_too_large), 431);
  EXPECT_EQ(status_of(ErrorCode::unsupported_transfer_encoding), 501);
  EXPECT_EQ(status_of(ErrorCode::upstream_reset), 502);
  EXPECT_EQ(status_of(ErrorCode::pending_overflow), 503);
  EXPECT_EQ(status_of(ErrorCode::response_timeout), 504);
}

TEST(Error, ReasonIsAWordOfItsOwn) {
  std::set<std::string_view> seen;
  for (const ErrorCode code : all_codes()) {
    const std::string_view reason = reason_of(code);
    EXPECT_FALSE(reason.empty());
    EXPECT_EQ(reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << reason;
    EXPECT_TRUE(seen.insert(reason).second) << reason;
  }
}

TEST(Error, UnlessSaidOtherwiseRepeatingIsUnsafe) { EXPECT_EQ(Error{}.retry, Retry::unsafe); }

TEST(Arm, OtherIsTheOtherOne) {
  EXPECT_EQ(other(Arm::legacy), Arm::monolith);
  EXPECT_EQ(other(Arm::monolith), Arm::legacy);
  EXPECT_EQ(to_string(Arm::legacy), "legacy");
  EXPECT_EQ(to_string(Arm::monolith), "monolith");
  EXPECT_EQ(to_string(Role::primary), "primary");
  EXPECT_EQ(to_string(Role::shadow), "shadow");
}

}  // namespace
}  // namespace banyan
