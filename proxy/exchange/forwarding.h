// proxy/exchange/forwarding.h: what changes in a head on its way through. Pure.
//
// Hop-by-hop fields end here (RFC 9110 §7.6.1), framing is written anew by the codec, the marker
// of Banyan's own requests is taken from clients, and X-Forwarded-* says what this hop knows: a
// client's own word on it is not passed on, a trusted proxy's is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/message.h"

namespace banyan::exchange {

struct ForwardRules {
  std::string_view peer = {};  // address; for X-Forwarded-For
  std::string_view scheme = "http";
  // Its X-Forwarded-* and Forwarded stay: -For gets `peer` behind it, the others as they came.
  bool peer_trusted = false;
  bool x_forwarded = true;  // whether this hop adds its own
  bool via = false;
  bool keep_marker = false;       // of a shadow that is trusted
  std::string_view dropped = {};  // a field that ends here; empty: none
};

// How many more hops the request may go, where it says so: `Max-Forwards` of OPTIONS
// (RFC 9110 §7.6.2; TRACE is refused). At 0 it must not be forwarded; forwarding counts it down.
[[nodiscard]] std::optional<std::uint64_t> hops_left(const RequestHead& in);
// Whether another Banyan, or a service that its shadow reached, marked the request as a shadow's.
[[nodiscard]] bool is_marked(const Headers& headers);

// Fills `out`, which was cleared, from the client's request.
void forward_request(const RequestHead& in, const ForwardRules& rules, RequestHead& out);
// Makes of the upstream's response, as the codec told it, what goes on.
void forward_response(ResponseHead& head, bool via);

// `list` without its `banyan-shadow` members (W3C Baggage).
[[nodiscard]] std::string baggage_without_marker(std::string_view list);

}  // namespace banyan::exchange
