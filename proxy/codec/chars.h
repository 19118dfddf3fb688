// proxy/codec/chars.h: the character classes of RFC 9110 §5 that the codec checks by itself.
#pragma once

#include <array>
#include <string_view>

#include "base/eight.h"

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
inline constexpr auto kRegName = class_of("-._~%!$&'()*+;=");

}  // namespace detail

// A character of a field name or a method (RFC 9110 §5.6.2).
[[nodiscard]] constexpr bool is_token_char(char c) {
  return detail::kToken[static_cast<unsigned char>(c)];
}
// A character of a host that is a name or an IPv4 address (RFC 3986 §3.2.2). The comma, though a
// sub-delim, is left out: it is what joining two Host fields would leave behind.
[[nodiscard]] constexpr bool is_reg_name_char(char c) {
  return detail::kRegName[static_cast<unsigned char>(c)];
}
// HTAB, SP, VCHAR or obs-text: what a value or a reason phrase consists of (RFC 9110 §5.5).
[[nodiscard]] constexpr bool is_text_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u == '\t' || (u >= 0x20 && u != 0x7F);
}

// What a target consists of (RFC 3986 §2 and whatever else is seen in the wild).
[[nodiscard]] constexpr bool is_visible_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u > 0x20 && u < 0x7F;
}

// The first character that is no text; HTAB may stand in text, and its mark is looked at twice.
[[nodiscard]] inline const char* find_no_text(const char* at, const char* end) {
  const auto marks = [](auto chars) { return mark_below(chars, 0x20) | mark_equal(chars, 0x7F); };
  for (;;) {
    at = find_marked(at, end, marks, [](char c) { return !is_text_char(c); });
    if (at == end || *at != '\t') return at;
    ++at;
  }
}
// The first control character or space; obs-text is neither.
[[nodiscard]] inline const char* find_control_or_space(const char* at, const char* end) {
  const auto marks = [](auto chars) { return mark_below(chars, 0x21) | mark_equal(chars, 0x7F); };
  return find_marked(at, end, marks,
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
}
[[nodiscard]] inline const char* find_not_visible(const char* at, const char* end) {
  const auto marks = [](auto chars) {
    return mark_below(chars, 0x21) | mark_equal(chars, 0x7F) | mark_high(chars);
  };
  return find_marked(at, end, marks, [](char c) { return !is_visible_char(c); });
}

}  // namespace banyan::codec
