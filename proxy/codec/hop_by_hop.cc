#include "proxy/codec/hop_by_hop.h"

namespace banyan::codec {
namespace {

bool names_a_field(std::string_view option) {
  return !equals_ignoring_case(option, "keep-alive") && !equals_ignoring_case(option, "close") &&
         !kHopByHop.has(header_id(option));
}

}  // namespace

bool says_keep_alive(const Headers& headers) {
  return headers.find(HeaderId::connection) == "keep-alive" &&
         headers.count(HeaderId::connection) == 1;
}

HopByHop::HopByHop(const Headers& headers) : headers_(headers) {
  if (says_keep_alive(headers)) return;
  headers.for_each(HeaderId::connection, [&](std::string_view value) {
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
