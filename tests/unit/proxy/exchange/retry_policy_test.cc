#include "proxy/exchange/retry_policy.h"

#include <gtest/gtest.h>

namespace banyan::exchange {
namespace {

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
const Error kNothingSent = error(ErrorCode::connect_refused, Retry::safe);

TEST(RetryPolicy, Rfc9112Section931AKeptConnectionThatClosedIsTriedAgainForSafeMethods) {
  for (const Method m : {Method::get, Method::head, Method::options}) {
    EXPECT_TRUE(may_retry(kKeptAndClosed, request(m), 1, false));
  }
  for (const Method m : {Method::post, Method::put, Method::del, Method::patch, Method::other}) {
    EXPECT_FALSE(may_retry(kKeptAndClosed, request(m), 1, false));
  }
}

TEST(RetryPolicy, ARequestWithABodyIsNotRepeated) {
  EXPECT_FALSE(may_retry(kKeptAndClosed, request(Method::get, 5), 1, false));
  EXPECT_FALSE(may_retry(kNothingSent, request(Method::post, 5), 1, true));
}

TEST(RetryPolicy, WhatWasNotSentMayBeSentByAnyMethod) {
  EXPECT_TRUE(may_retry(kNothingSent, request(Method::post, 5), 1, false));
  EXPECT_FALSE(may_retry(kNothingSent, request(Method::post, 5), 2, false));
}

TEST(RetryPolicy, WhatMayHaveHappenedIsNeverRepeated) {
  const Error unsafe = error(ErrorCode::upstream_reset, Retry::unsafe);
  EXPECT_FALSE(may_retry(unsafe, request(Method::get), 1, false));
}

TEST(RetryPolicy, TheNumberOfAttemptsIsBounded) {
  EXPECT_TRUE(may_retry(kKeptAndClosed, request(Method::get), kAttemptsMax - 1, false));
  EXPECT_FALSE(may_retry(kKeptAndClosed, request(Method::get), kAttemptsMax, false));
}

TEST(RetryPolicy, AClientThatWaitedForAConnectTimeoutDoesNotWaitAgain) {
  const Error timed_out = error(ErrorCode::connect_timeout, Retry::safe);
  EXPECT_FALSE(may_retry(timed_out, request(Method::get), 1, false));
}

}  // namespace
}  // namespace banyan::exchange
