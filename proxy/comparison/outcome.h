// proxy/comparison/outcome.h: how an arm's exchange ended, as the comparison sees it. Pure.
#pragma once

#include "base/error.h"
#include "shadow/capture.h"

namespace banyan::comparison {

[[nodiscard]] constexpr shadow::Outcome outcome_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::connect_refused:
    case ErrorCode::unresolved:
    case ErrorCode::upstream_tls:
      return shadow::Outcome::refused;
    case ErrorCode::connect_timeout:
    case ErrorCode::response_timeout:
    case ErrorCode::idle_timeout:
      return shadow::Outcome::timed_out;
    case ErrorCode::upstream_reset:
      return shadow::Outcome::reset;
    case ErrorCode::upstream_malformed:
      return shadow::Outcome::malformed;
    case ErrorCode::upstream_cut_off:
      return shadow::Outcome::cut_off;
    default:
      return shadow::Outcome::abandoned;  // a limit of ours, or a client that left
  }
}

// Where the kept connection that a shadow went to was just being closed, it may never have arrived;
// or the upstream says that it was not processed (HTTP/2), which can come before it was sent. That
// says nothing about the arm; a connection reset before it was sent does.
[[nodiscard]] inline shadow::Outcome shadow_outcome_of(const Error& error, bool was_sent) {
  const bool had_no_room = error.retry == Retry::unprocessed;
  const bool was_closed = was_sent && error.retry != Retry::unsafe;
  const bool is_stale = error.code == ErrorCode::upstream_reset && (had_no_room || was_closed);
  return is_stale ? shadow::Outcome::stale_connection : outcome_of(error.code);
}

}  // namespace banyan::comparison
