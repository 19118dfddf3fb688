// proxy/codec/hop_by_hop.h: the fields that are meant for the next hop only (RFC 9110 §7.6.1).
//
// Pure. Besides the connection fields this covers Proxy-Authenticate and Proxy-Authorization:
// Banyan stands where the origin does, so credentials between a client and some forward proxy are
// not the application's. Host and the length fields have their own writers and are not meant here,
// except that Transfer-Encoding never passes.
#pragma once

#include "base/headers.h"

namespace banyan::codec {

// Made once for each message, refers to its headers and must not outlive them.
class HopByHop {
 public:
  explicit HopByHop(const Headers& headers);
  // Whether `header` of that message must not be forwarded.
  [[nodiscard]] bool covers(const Header& header) const;

 private:
  const Headers& headers_;
  bool names_fields_ = false;  // Connection says more than `close` and `keep-alive`
};

// Whether a field of that name is never forwarded, whatever Connection says.
[[nodiscard]] bool is_hop_by_hop(HeaderId id);

}  // namespace banyan::codec
