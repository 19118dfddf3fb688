#include "proxy/exchange/retry_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace banyan::exchange {
namespace {

constexpr Method kAllMethods[] = {Method::get, Method::head, Method::options, Method::post,
                                  Method::put, Method::del,  Method::patch,   Method::other};
constexpr bool safe_one(Method m) {
  return m == Method::get || m == Method::head || m == Method::options;
}

RequestHead request(Method method, std::uint64_t length = 0) {
  RequestHead head;
  head.method = method;
  if (length > 0) {
    head.framing = Framing::content_length;
    head.content_length = length;
  }
  return head;
}

Error error(ErrorCode code, Retry retry) { return {code, Side::upstream, retry, {}}; }

const Error kKeptAndClosed = error(ErrorCode::upstream_reset, Retry::if_repeatable);
const Error kSentAndClosed = error(ErrorCode::upstream_reset, Retry::unsafe);
const Error kTakenAndClosed = error(ErrorCode::upstream_reset, Retry::safe);  // nothing was sent
const Error kNoRoom = error(ErrorCode::upstream_reset, Retry::unprocessed);
const Error kRefused = error(ErrorCode::connect_refused, Retry::safe);
const Error kNotConnected = error(ErrorCode::connect_timeout, Retry::safe);
const Error kUnresolved = error(ErrorCode::unresolved, Retry::safe);

constexpr Attempt kLegacy{.arm = Arm::legacy};
constexpr Attempt kMonolith{.arm = Arm::monolith};
constexpr Attempt kLastOfMonolith{.arm = Arm::monolith, .number = kAttemptsMax};

// ---- once more to the same arm ----------------------------------------------------------------

TEST(RetryPolicy, Rfc9112Section931AKeptConnectionThatClosedIsTriedAgainForSafeMethods) {
  for (const Method m : kAllMethods) {
    EXPECT_EQ(after_error(kKeptAndClosed, request(m), kLegacy),
              safe_one(m) ? Next::send_again : Next::fail);
  }
}

TEST(RetryPolicy, ARequestWithABodyIsNotRepeated) {
  EXPECT_EQ(after_error(kKeptAndClosed, request(Method::get, 5), kLegacy), Next::fail);
  EXPECT_EQ(after_error(kRefused, request(Method::post, 5), {.body_sent = true}), Next::fail);
}

TEST(RetryPolicy, WhatWasNotSentMayBeSentByAnyMethod) {
  for (const Method m : kAllMethods) {
    EXPECT_EQ(after_error(kRefused, request(m, 5), kLegacy), Next::send_again);
    EXPECT_EQ(after_error(kTakenAndClosed, request(m, 5), kLegacy), Next::send_again);
    EXPECT_EQ(after_error(kNoRoom, request(m, 5), kLegacy), Next::send_again);
  }
  EXPECT_EQ(after_error(kRefused, request(Method::get), {.number = 2}), Next::fail);
}

TEST(RetryPolicy, WhatMayHaveHappenedIsNeverRepeated) {
  EXPECT_EQ(after_error(kSentAndClosed, request(Method::get), kLegacy), Next::fail);
}

TEST(RetryPolicy, TheNumberOfAttemptsIsBounded) {
  EXPECT_EQ(after_error(kKeptAndClosed, request(Method::get), {.number = kAttemptsMax - 1}),
            Next::send_again);
  EXPECT_EQ(after_error(kKeptAndClosed, request(Method::get), {.number = kAttemptsMax}),
            Next::fail);
}

TEST(RetryPolicy, AClientThatWaitedForAConnectTimeoutDoesNotWaitAgain) {
  EXPECT_EQ(after_error(kNotConnected, request(Method::get), kLegacy), Next::fail);
  EXPECT_EQ(after_error(kUnresolved, request(Method::get), kLegacy), Next::fail);
}

// ---- to the other arm -------------------------------------------------------------------------

TEST(Fallback, OfWhatWasNotSentIsForEveryMethodAndBody) {
  for (const Error& e : {kRefused, kNotConnected, kUnresolved, kTakenAndClosed, kNoRoom}) {
    for (const Method m : kAllMethods) {
      EXPECT_EQ(after_error(e, request(m), kLastOfMonolith), Next::fall_back);
      EXPECT_EQ(after_error(e, request(m, 5), kLastOfMonolith), Next::fall_back);
    }
  }
}

TEST(Fallback, OfWhatWasSentIsForSafeMethodsWithoutABody) {
  for (const Error& e : {kSentAndClosed, error(ErrorCode::upstream_reset, Retry::if_repeatable)}) {
    for (const Method m : kAllMethods) {
      EXPECT_EQ(after_error(e, request(m), kLastOfMonolith),
                safe_one(m) ? Next::fall_back : Next::fail);
      EXPECT_EQ(after_error(e, request(m, 5), kLastOfMonolith), Next::fail);
    }
  }
}

TEST(Fallback, ComesAfterTheMonolithWasTriedAgain) {
  EXPECT_EQ(after_error(kRefused, request(Method::get), kMonolith), Next::send_again);
  EXPECT_EQ(after_error(kKeptAndClosed, request(Method::get), kMonolith), Next::send_again);
  EXPECT_EQ(after_error(kNotConnected, request(Method::get), kMonolith), Next::fall_back);
  EXPECT_EQ(after_error(kSentAndClosed, request(Method::get), kMonolith), Next::fall_back);
}

TEST(Fallback, IsNeverFromLegacy) {
  for (const Error& e : {kRefused, kNotConnected, kUnresolved, kSentAndClosed}) {
    EXPECT_EQ(after_error(e, request(Method::get), {.number = kAttemptsMax}), Next::fail);
  }
}

TEST(Fallback, IsNotForAnAnswerNorForOneThatCameTooLate) {
  for (const ErrorCode code :
       {ErrorCode::response_timeout, ErrorCode::upstream_malformed, ErrorCode::upstream_cut_off,
        ErrorCode::idle_timeout, ErrorCode::pending_overflow, ErrorCode::client_closed}) {
    EXPECT_EQ(after_error(error(code, Retry::unsafe), request(Method::get), kMonolith), Next::fail);
  }
}

TEST(Fallback, IsNotForAClientThatGotAHead) {
  constexpr Attempt kInformed{.arm = Arm::monolith, .answer_begun = true};
  EXPECT_EQ(after_error(kSentAndClosed, request(Method::get), kInformed), Next::fail);
}

}  // namespace
}  // namespace banyan::exchange
