#include "proxy/codec/hop_by_hop.h"

namespace banyan::codec {
namespace {

bool names_a_field(std::string_view option) {
  return !equals_ignoring_case(option, "keep-alive") && !equals_ignoring_case(option, "close") &&
         !kHopByHop.has(header_id(option));
}

}  // namespace

HopByHop::HopByHop(const Headers& headers) : headers_(headers) {
  headers.for_each(HeaderId::connection, [&](std::string_view value) {
    if (equals_ignoring_case(value, "keep-alive")) return;  // what nearly every one says
    for_each_list_member(value, [&](std::string_view option) {
      names_others_ = names_others_ || names_a_field(option);
    });
  });
}

bool HopByHop::covers(const Header& header) const {
  if (kHopByHop.has(header.id)) return true;
  return names_others_ && headers_.has_token(HeaderId::connection, header.name);
}

}  // namespace banyan::codec
