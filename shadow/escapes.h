// shadow/escapes.h: a text without its escapes, that still knows where each character stood.
//
// Percent-encoding (RFC 3986 §2.1) and the escapes of JSON strings (RFC 8259 §7). What is no valid
// escape stays as it is; nothing fails. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace banyan::shadow {

// Of one hexadecimal digit; -1: it is none.
[[nodiscard]] int hex_value(char c);

struct Unescaped {
  std::string text;
  std::vector<std::size_t> at;  // where each character of `text` began before, and the end
};

[[nodiscard]] Unescaped as_it_is(std::string_view text);
// Take one level of escapes off; false where there was none, and nothing changed.
[[nodiscard]] bool unescape_percent(Unescaped& text);
[[nodiscard]] bool unescape_json(Unescaped& text);

}  // namespace banyan::shadow
