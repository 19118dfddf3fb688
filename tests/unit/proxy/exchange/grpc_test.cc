#include "proxy/exchange/grpc.h"

#include <gtest/gtest.h>

namespace banyan::exchange {
namespace {

RequestHead call(std::string_view type, std::string_view timeout = {},
                 HttpVersion version = HttpVersion::http2) {
  RequestHead head;
  head.version = version;
  head.headers.add("content-type", type);
  if (!timeout.empty()) head.headers.add("grpc-timeout", timeout);
  return head;
}

TEST(Grpc, IsKnownByItsContentTypeOverHttp2) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "application/grpc;x=y",
                           "Application/GRPC+json"}) {
    EXPECT_TRUE(is_grpc(call(type))) << type;
  }
  for (const char* type :
       {"", "application/grpc-web", "application/grpcx", "application/json", "application/grp"}) {
    EXPECT_FALSE(is_grpc(call(type))) << type;
  }
  EXPECT_FALSE(is_grpc(call("application/grpc", {}, HttpVersion::http11)));
  EXPECT_FALSE(is_grpc(RequestHead()));
}

std::optional<std::int64_t> milliseconds(std::string_view text) {
  const auto timeout = grpc_timeout(call("application/grpc", text));
  return timeout ? std::optional<std::int64_t>(timeout->count()) : std::nullopt;
}

TEST(Grpc, TimeoutsHaveEightDigitsAndAUnit) {
  EXPECT_EQ(milliseconds("1H"), 3'600'000);
  EXPECT_EQ(milliseconds("2M"), 120'000);
  EXPECT_EQ(milliseconds("3S"), 3'000);
  EXPECT_EQ(milliseconds("4m"), 4);
  EXPECT_EQ(milliseconds("1001u"), 2);
  EXPECT_EQ(milliseconds("1n"), 1);
  EXPECT_EQ(milliseconds("0S"), 0);
  EXPECT_EQ(milliseconds("99999999H"), 365LL * 24 * 3'600'000);
  for (const char* bad :
       {"", "S", "1", "1s", "1x", "-1S", "+1S", "1 S", "1.5S", "123456789S", "SS"}) {
    EXPECT_FALSE(milliseconds(bad)) << bad;
  }
}

TEST(Grpc, AStatusIsANumberUpTo16AndAnythingElseIsUnknown) {
  const auto told = [](std::string_view text) {
    Headers fields;
    fields.add("grpc-status", text);
    return grpc_status_in(fields);
  };
  EXPECT_EQ(grpc_status_in(Headers()), std::nullopt);
  for (int status = 0; status <= 16; ++status) EXPECT_EQ(told(std::to_string(status)), status);
  for (const char* text : {"", "17", "-1", "-0", "+0", "0x", "OK", "99999999999", " 0"}) {
    EXPECT_EQ(told(text), 2) << text;
  }
}

TEST(Grpc, AnAnswerWithoutAStatusIsWhatItsHttpStatusMeans) {
  EXPECT_EQ(grpc_status_of_http(200), 2);
  EXPECT_EQ(grpc_status_of_http(400), 13);
  EXPECT_EQ(grpc_status_of_http(401), 16);
  EXPECT_EQ(grpc_status_of_http(403), 7);
  EXPECT_EQ(grpc_status_of_http(404), 12);
  for (const int status : {429, 502, 503, 504}) EXPECT_EQ(grpc_status_of_http(status), 14);
  EXPECT_EQ(grpc_status_of_http(500), 2);
  EXPECT_EQ(grpc_status_of_http(0), 2);
}

TEST(Grpc, ACopyWithoutAnAnswerHasTheStatusOfItsEnd) {
  EXPECT_EQ(grpc_status_of(shadow::Outcome::timed_out), 4);
  EXPECT_EQ(grpc_status_of(shadow::Outcome::refused), 14);
  EXPECT_EQ(grpc_status_of(shadow::Outcome::cut_off), 14);
  EXPECT_EQ(grpc_status_of(shadow::Outcome::malformed), 13);
  EXPECT_EQ(grpc_status_of(shadow::Outcome::abandoned), 1);
  EXPECT_EQ(grpc_status_of(shadow::Outcome::stale_connection), 1);
}

TEST(Grpc, EveryErrorThatIsAnsweredHasAStatus) {
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    const Error error{static_cast<ErrorCode>(i), Side::local, Retry::unsafe, {}};
    ResponseHead head;
    EXPECT_EQ(make_grpc_error(error, head), status_of(error.code) != 0);
    EXPECT_GT(grpc_status_of(error.code), 0);
    EXPECT_LE(grpc_status_of(error.code), 16);
    if (status_of(error.code) == 0) continue;
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.framing, Framing::none);
    EXPECT_EQ(*head.headers.find("grpc-message"), reason_of(error.code));
    EXPECT_EQ(*head.headers.find("grpc-status"), std::to_string(grpc_status_of(error.code)));
  }
}

TEST(Grpc, StatusesSayWhatTheReasonIs) {
  EXPECT_EQ(grpc_status_of(ErrorCode::no_route), 12);
  EXPECT_EQ(grpc_status_of(ErrorCode::connect_refused), 14);
  EXPECT_EQ(grpc_status_of(ErrorCode::pending_overflow), 14);
  EXPECT_EQ(grpc_status_of(ErrorCode::response_timeout), 4);
  EXPECT_EQ(grpc_status_of(ErrorCode::body_too_large), 8);
  EXPECT_EQ(grpc_status_of(ErrorCode::head_too_large), 8);
  EXPECT_EQ(grpc_status_of(ErrorCode::malformed_request), 13);
  EXPECT_EQ(grpc_status_of(ErrorCode::client_closed), 1);
}

}  // namespace
}  // namespace banyan::exchange
