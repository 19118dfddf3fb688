// base/error.h: everything that can go wrong in an exchange, as a value.
//
// An Error is made where the fact is known and carries what later stages need to decide: which
// side was at fault, whether repeating the request is safe, and a detail for the log. One pure
// table (error.cc) maps the code to the status and to the reason word that the response body, the
// access log, `banyan_local_errors_total` and docs/errors.md share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace banyan {

enum class ErrorCode : std::uint8_t {
  // The client's request, refused.
  malformed_request,              // 400
  bad_host,                       // 400: missing, repeated, or not agreeing with the target
  bad_target,                     // 400: not a request-target, dot segments, fragment
  bad_framing,                    // 400: length and coding that a proxy would have to guess
  plain_http,                     // 400: HTTP without TLS where TLS is spoken
  no_route,                       // 404
  method_not_allowed,             // 405
  shadow_write,                   // 405: an unsafe method of a trusted shadow
  request_timeout,                // 408: head or body came too slowly
  body_too_large,                 // 413
  url_too_long,                   // 414
  head_too_large,                 // 431
  unsupported_transfer_encoding,  // 501
  upgrade_unsupported,            // 501: the upstream's protocol can not carry the upgrade
  // The upstream gave no usable answer.
  connect_refused,       // 503: no byte of the request was sent
  connect_timeout,       // 503
  unresolved,            // 503: no address is known for the upstream's host names
  pending_overflow,      // 503: limits.pending
  too_many_connections,  // 503: limits.connections
  draining,              // 503
  upstream_tls,          // 502: no handshake, or a certificate was refused
  upstream_reset,        // 502: connection broke before a response head
  upstream_malformed,    // 502: what came was not HTTP we accept
  upstream_cut_off,      // 502: broke inside the response; the client sees its connection end
  response_timeout,      // 504
  idle_timeout,          // 504: pause in a response body
  // Nobody is left to answer.
  client_closed,  // no status: the client went away first
  tls_handshake,  // no status: the client's handshake failed or took too long
  proxy_header,   // no status: the proxy in front did not say whose connection it is
  internal,       // 503: a bug of ours; this exchange fails alone
};
inline constexpr std::size_t kErrorCodeCount = static_cast<std::size_t>(ErrorCode::internal) + 1;

enum class Side : std::uint8_t { downstream, upstream, local };

// Whether the request can not have had an effect on the upstream.
enum class Retry : std::uint8_t {
  unsafe,
  safe,           // no byte of it was sent
  unprocessed,    // an HTTP/2 upstream had no room for it, or was leaving (RFC 9113 §8.7)
  if_repeatable,  // bytes were sent on a reused connection that closed without any answer
};
[[nodiscard]] constexpr bool has_had_no_effect(Retry retry) {
  return retry == Retry::safe || retry == Retry::unprocessed;
}

struct Error {
  ErrorCode code = ErrorCode::internal;
  Side side = Side::local;
  Retry retry = Retry::unsafe;
  std::string detail = {};
};

// 0 where there is nobody to answer.
[[nodiscard]] int status_of(ErrorCode code);
// The reason word: [a-z_]+, stable, bounded.
[[nodiscard]] std::string_view reason_of(ErrorCode code);

}  // namespace banyan
