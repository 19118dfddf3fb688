#include "base/error.h"

#include <array>

namespace banyan {
namespace {

struct Row {
  ErrorCode code;
  int status;
  std::string_view reason;
};

constexpr std::array kRows{
    Row{ErrorCode::malformed_request, 400, "malformed_request"},
    Row{ErrorCode::bad_host, 400, "bad_host"},
    Row{ErrorCode::bad_target, 400, "bad_target"},
    Row{ErrorCode::bad_framing, 400, "bad_framing"},
    Row{ErrorCode::plain_http, 400, "plain_http"},
    Row{ErrorCode::no_route, 404, "no_route"},
    Row{ErrorCode::method_not_allowed, 405, "method_not_allowed"},
    Row{ErrorCode::shadow_write, 405, "shadow_write"},
    Row{ErrorCode::request_timeout, 408, "request_timeout"},
    Row{ErrorCode::body_too_large, 413, "body_too_large"},
    Row{ErrorCode::url_too_long, 414, "url_too_long"},
    Row{ErrorCode::head_too_large, 431, "head_too_large"},
    Row{ErrorCode::unsupported_transfer_encoding, 501, "unsupported_transfer_encoding"},
    Row{ErrorCode::upgrade_unsupported, 501, "upgrade_unsupported"},
    Row{ErrorCode::connect_refused, 503, "connect_refused"},
    Row{ErrorCode::connect_timeout, 503, "connect_timeout"},
    Row{ErrorCode::unresolved, 503, "unresolved"},
    Row{ErrorCode::pending_overflow, 503, "pending_overflow"},
    Row{ErrorCode::too_many_connections, 503, "too_many_connections"},
    Row{ErrorCode::draining, 503, "draining"},
    Row{ErrorCode::upstream_tls, 502, "upstream_tls"},
    Row{ErrorCode::upstream_reset, 502, "upstream_reset"},
    Row{ErrorCode::upstream_malformed, 502, "upstream_malformed"},
    Row{ErrorCode::upstream_cut_off, 502, "upstream_cut_off"},
    Row{ErrorCode::response_timeout, 504, "response_timeout"},
    Row{ErrorCode::idle_timeout, 504, "idle_timeout"},
    Row{ErrorCode::client_closed, 0, "client_closed"},
    Row{ErrorCode::tls_handshake, 0, "tls_handshake"},
    Row{ErrorCode::proxy_header, 0, "proxy_header"},
    Row{ErrorCode::internal, 503, "internal"},
};
static_assert(kRows.size() == kErrorCodeCount);

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].code) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

}  // namespace

int status_of(ErrorCode code) { return kRows[static_cast<std::size_t>(code)].status; }

std::string_view reason_of(ErrorCode code) { return kRows[static_cast<std::size_t>(code)].reason; }

}  // namespace banyan
