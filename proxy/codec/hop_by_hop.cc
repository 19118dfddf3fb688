#include "proxy/codec/hop_by_hop.h"

namespace banyan::codec {

bool is_hop_by_hop(HeaderId id) {
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_authenticate:
    case HeaderId::proxy_authorization:
    case HeaderId::proxy_connection:
    case HeaderId::te:
    case HeaderId::trailer:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
      return true;
    default:
      return false;
  }
}

HopByHop::HopByHop(const Headers& headers) : headers_(headers) {
  for (const Header h : headers) {
    if (h.id != HeaderId::connection) continue;
    for_each_list_member(h.value, [&](std::string_view option) {
      const bool is_field =
          !equals_ignoring_case(option, "close") && !equals_ignoring_case(option, "keep-alive");
      names_fields_ = names_fields_ || is_field;
    });
  }
}

bool HopByHop::covers(const Header& header) const {
  if (is_hop_by_hop(header.id)) return true;
  return names_fields_ && headers_.has_token(HeaderId::connection, header.name);
}

}  // namespace banyan::codec
