// proxy/codec/chars.h: the character classes of RFC 9110 §5 that the codec checks by itself.
#pragma once

#include <array>
#include <string_view>

namespace banyan::codec {

namespace detail {

constexpr bool is_alphanumeric(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr std::array<bool, 256> class_of(std::string_view marks) {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 256; ++c) table[c] = is_alphanumeric(static_cast<unsigned char>(c));
  for (const char mark : marks) table[static_cast<unsigned char>(mark)] = true;
  return table;
}

inline constexpr auto kToken = class_of("!#$%&'*+-.^_`|~");
inline constexpr auto kAuthority = class_of("-._~%!$&'()*+;=:[]");

}  // namespace detail

// A character of a field name or a method (RFC 9110 §5.6.2).
[[nodiscard]] constexpr bool is_token_char(char c) {
  return detail::kToken[static_cast<unsigned char>(c)];
}
// A character of `uri-host [":" port]` (RFC 3986 §3.2.2). The comma, though a sub-delim, is left
// out: it is what joining two Host fields would leave behind.
[[nodiscard]] constexpr bool is_authority_char(char c) {
  return detail::kAuthority[static_cast<unsigned char>(c)];
}
// HTAB, SP, VCHAR or obs-text: what a value or a reason phrase consists of (RFC 9110 §5.5).
[[nodiscard]] constexpr bool is_text_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u == '\t' || (u >= 0x20 && u != 0x7F);
}

}  // namespace banyan::codec
