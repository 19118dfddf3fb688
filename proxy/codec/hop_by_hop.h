// proxy/codec/hop_by_hop.h: the fields that are meant for the next hop only (RFC 9110 §7.6.1).
//
// Pure. Besides the connection fields this covers Proxy-Authenticate and Proxy-Authorization:
// Banyan stands where the origin does, so credentials between a client and some forward proxy are
// not the application's. Host and the length fields have their own writers and are not meant here,
// except that Transfer-Encoding never passes.
#pragma once

#include "base/headers.h"

namespace banyan::codec {

// Fields that are never forwarded, whatever Connection says.
inline constexpr HeaderIds kHopByHop{HeaderId::connection,
                                     HeaderId::keep_alive,
                                     HeaderId::proxy_authenticate,
                                     HeaderId::proxy_authorization,
                                     HeaderId::proxy_connection,
                                     HeaderId::te,
                                     HeaderId::trailer,
                                     HeaderId::transfer_encoding,
                                     HeaderId::upgrade};

// Connection is that one option, as in nearly every answer.
[[nodiscard]] bool says_keep_alive(const Headers& headers);

// Made once for each message, refers to its headers and must not outlive them.
class HopByHop {
 public:
  explicit HopByHop(const Headers& headers);
  // Whether `header` of that message must not be forwarded.
  [[nodiscard]] bool covers(const Header& header) const;
  // Connection names more than the fields of kHopByHop.
  [[nodiscard]] bool names_others() const { return names_others_; }

 private:
  const Headers& headers_;
  bool names_others_ = false;
};

}  // namespace banyan::codec
