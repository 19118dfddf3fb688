#include "proxy/codec/trailers.h"

#include <algorithm>
#include <array>

namespace banyan::codec {
namespace {

// Of the names without an id.
constexpr std::array<std::string_view, 9> kDropped{
    "content-range", "expires", "if-range",  "max-forwards",    "pragma",
    "retry-after",   "warning", "x-real-ip", "www-authenticate"};

bool is_dropped(std::string_view name) {
  return std::any_of(kDropped.begin(), kDropped.end(),
                     [&](std::string_view one) { return equals_ignoring_case(one, name); });
}

}  // namespace

TrailerUse trailer_use(std::string_view name) {
  switch (header_id(name)) {
    case HeaderId::connection:
    case HeaderId::content_length:
    case HeaderId::host:
    case HeaderId::te:
    case HeaderId::trailer:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
      return TrailerUse::refuse;
    case HeaderId::accept_ranges:
    case HeaderId::age:
    case HeaderId::authorization:
    case HeaderId::baggage:
    case HeaderId::cache_control:
    case HeaderId::content_encoding:
    case HeaderId::content_type:
    case HeaderId::cookie:
    case HeaderId::date:
    case HeaderId::expect:
    case HeaderId::forwarded:
    case HeaderId::if_match:
    case HeaderId::if_modified_since:
    case HeaderId::if_none_match:
    case HeaderId::if_unmodified_since:
    case HeaderId::keep_alive:
    case HeaderId::location:
    case HeaderId::proxy_authenticate:
    case HeaderId::proxy_authorization:
    case HeaderId::proxy_connection:
    case HeaderId::range:
    case HeaderId::set_cookie:
    case HeaderId::traceparent:
    case HeaderId::vary:
    case HeaderId::via:
    case HeaderId::x_banyan_shadow:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_proto:
      return TrailerUse::drop;
    case HeaderId::other:
      return is_dropped(name) ? TrailerUse::drop : TrailerUse::forward;
    default:
      return TrailerUse::forward;
  }
}

bool trailers_may_pass(const Headers& head) {
  bool may_pass = true;
  for (const Header h : head) {
    if (h.id != HeaderId::connection) continue;
    for_each_list_member(h.value, [&](std::string_view option) {
      const bool is_field =
          !equals_ignoring_case(option, "close") && trailer_use(option) == TrailerUse::forward;
      may_pass = may_pass && !is_field;
    });
  }
  return may_pass;
}

}  // namespace banyan::codec
