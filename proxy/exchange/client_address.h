// proxy/exchange/client_address.h: which client a request comes from. Pure.
//
//   X-Forwarded-For: client, proxy, proxy        each hop writes who it got the request from
//
// The peer's word counts only where the peer is a trusted proxy, and so on to the left: the client
// is the right-most address of the way that is not a trusted proxy's. Whatever stands left of it,
// the client may have made up.
#pragma once

#include <span>
#include <string_view>

#include "base/headers.h"
#include "base/ip_network.h"

namespace banyan::exchange {

// So many addresses of one way are looked at; the client is then the last of them.
inline constexpr int kForwardedHopsMax = 32;

struct Client {
  std::string_view address;  // into the request's fields, or `peer`
  bool peer_trusted = false;
};

// `peer` is the address of the connection. Where all are trusted, the client is the first of the
// way; where something that is no address stands in it, the one that wrote that. An address may
// have a port behind it (`192.0.2.1:4711`, `[2001:db8::1]:4711`), which is left out.
[[nodiscard]] Client client_of(const Headers& request, std::string_view peer,
                               std::span<const IpNetwork> trusted);

}  // namespace banyan::exchange
