// proxy/exchange/retry_policy.h: what happens to a request that got no answer. Pure.
//
// It is sent again only where it can not have happened twice: no byte of it was sent, or it is safe
// and has no body (RFC 9110 §9.2.2) and the upstream closed a kept connection without a byte of an
// answer (RFC 9112 §9.3.1). Where the monolith can not be reached at all, legacy serves the request
// instead, under the same rule: PUT and DELETE can be repeated on one system, not across two.
#pragma once

#include <cstdint>

#include "base/arm.h"
#include "base/error.h"
#include "base/message.h"
#include "base/time.h"

namespace banyan::exchange {

inline constexpr std::uint32_t kAttemptsMax = 3;  // of one arm

struct Attempt {
  Arm arm = Arm::legacy;      // of a migration; what belongs to none is legacy's
  std::uint32_t number = 1;   // 1: the first
  bool body_sent = false;     // bytes of the body were handed to an upstream, so they are gone
  bool answer_begun = false;  // a head, also an informational one, went to the client
};

// What can not be sent again keeps away from connections that idled longer: they may be closing.
inline constexpr Milliseconds kUnrepeatableIdleMax{1'000};

enum class Next : std::uint8_t { fail, send_again, fall_back };

[[nodiscard]] inline bool is_repeatable(const RequestHead& request) {
  return is_safe(request.method) && !request.has_body();
}

[[nodiscard]] inline bool may_send_again(const Error& error, const RequestHead& request,
                                         const Attempt& attempt) {
  if (attempt.number >= kAttemptsMax) return false;
  switch (error.code) {
    case ErrorCode::connect_timeout:  // the client has waited enough
    case ErrorCode::unresolved:       // asking for an address again does not make one
      return false;
    case ErrorCode::connect_refused:  // one other endpoint
    case ErrorCode::upstream_tls:
      return error.retry == Retry::safe && attempt.number < 2;
    default:
      return has_had_no_effect(error.retry) ||
             (error.retry == Retry::if_repeatable && is_repeatable(request));
  }
}

// Only where there is no answer of any kind and nobody waited for one in vain.
[[nodiscard]] inline bool may_fall_back(const Error& error, const RequestHead& request,
                                        const Attempt& attempt) {
  if (attempt.arm != Arm::monolith) return false;
  switch (error.code) {
    case ErrorCode::connect_refused:
    case ErrorCode::connect_timeout:
    case ErrorCode::unresolved:
      return true;  // no byte was sent
    case ErrorCode::upstream_tls:
      return error.retry == Retry::safe;
    case ErrorCode::upstream_reset:
      return has_had_no_effect(error.retry) || is_repeatable(request);
    default:
      return false;
  }
}

[[nodiscard]] inline Next after_error(const Error& error, const RequestHead& request,
                                      const Attempt& attempt) {
  if (attempt.answer_begun || attempt.body_sent) return Next::fail;
  if (may_send_again(error, request, attempt)) return Next::send_again;
  return may_fall_back(error, request, attempt) ? Next::fall_back : Next::fail;
}

}  // namespace banyan::exchange
