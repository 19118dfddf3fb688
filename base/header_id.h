// base/header_id.h: the names of header fields that are known by a number, and sets of them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace banyan {

// The names that some part of Banyan asks for, and the commonest of the others: a name that is
// known need not be read character by character.
enum class HeaderId : std::uint8_t {
  other,
  accept,
  accept_encoding,
  accept_language,
  accept_ranges,
  age,
  authorization,
  baggage,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  etag,
  expect,
  forwarded,
  grpc_accept_encoding,
  grpc_encoding,
  grpc_message,
  grpc_status,
  grpc_timeout,
  host,
  if_match,
  if_modified_since,
  if_none_match,
  if_unmodified_since,
  keep_alive,
  last_modified,
  location,
  origin,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  server,
  set_cookie,
  te,
  traceparent,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  x_banyan_shadow,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  x_request_id,
};

// A set of them.
class HeaderIds {
 public:
  constexpr HeaderIds() = default;
  constexpr HeaderIds(std::initializer_list<HeaderId> ids) {
    for (const HeaderId id : ids) add(id);
  }
  constexpr void add(HeaderId id) { bits_ |= bit(id); }
  constexpr void add(HeaderIds ids) { bits_ |= ids.bits_; }
  [[nodiscard]] constexpr HeaderIds without(HeaderIds ids) const {
    HeaderIds rest;
    rest.bits_ = bits_ & ~ids.bits_;
    return rest;
  }
  [[nodiscard]] constexpr HeaderIds common(HeaderIds ids) const {
    HeaderIds both;
    both.bits_ = bits_ & ids.bits_;
    return both;
  }
  [[nodiscard]] constexpr bool has(HeaderId id) const { return (bits_ & bit(id)) != 0; }
  [[nodiscard]] constexpr bool has_any(HeaderIds ids) const { return (bits_ & ids.bits_) != 0; }

 private:
  static constexpr std::uint64_t bit(HeaderId id) {
    return std::uint64_t{1} << static_cast<unsigned>(id);
  }
  std::uint64_t bits_ = 0;
};

// Those that no part of Banyan gives a meaning.
inline constexpr HeaderIds kOnlyCommon{
    HeaderId::accept,        HeaderId::accept_encoding, HeaderId::accept_language,
    HeaderId::accept_ranges, HeaderId::cache_control,   HeaderId::grpc_accept_encoding,
    HeaderId::last_modified, HeaderId::location,        HeaderId::origin,
    HeaderId::referer,       HeaderId::user_agent,      HeaderId::vary};

// Case-insensitive. `other` for every name without an id.
[[nodiscard]] HeaderId header_id(std::string_view name);
// What a line with that field begins with: its name in lower case, ": ", and what is to be copied
// along so that the copy has one size.
struct LineStart {
  static constexpr std::size_t kBytes = 32;
  std::array<char, kBytes> text;
  std::uint32_t name_size;
};
// Not for `other`.
[[nodiscard]] const LineStart& line_start(HeaderId id);
// In lower case; empty for `other`.
[[nodiscard]] std::string_view name_of(HeaderId id);
// ASCII only, as RFC 9110 §5.1 asks of field names.
[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace banyan
