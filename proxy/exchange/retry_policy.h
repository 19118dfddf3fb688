// proxy/exchange/retry_policy.h: when a request may be sent a second time. Pure.
//
// Only where it can not have happened twice: no byte of it was sent, or the upstream closed a kept
// connection without a byte of an answer and the method is safe and has no body (RFC 9110 §9.2.2,
// RFC 9112 §9.3.1).
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/message.h"

namespace banyan::exchange {

inline constexpr std::uint32_t kAttemptsMax = 3;

// `body_sent`: bytes of the body were handed to an upstream, so they are gone.
[[nodiscard]] inline bool may_retry(const Error& error, const RequestHead& request,
                                    std::uint32_t attempts, bool body_sent) {
  if (attempts >= kAttemptsMax || body_sent) return false;
  if (error.code == ErrorCode::connect_timeout) return false;  // the client has waited enough
  if (error.retry == Retry::safe) return error.code != ErrorCode::connect_refused || attempts < 2;
  return error.retry == Retry::if_repeatable && is_safe(request.method) && !request.has_body();
}

// Requests that can not be repeated keep away from connections that may just be closing.
[[nodiscard]] inline bool is_repeatable(const RequestHead& request) {
  return is_safe(request.method) && !request.has_body();
}

}  // namespace banyan::exchange
