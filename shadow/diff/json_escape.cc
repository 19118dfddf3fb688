#include "shadow/diff/json_escape.h"

#include <algorithm>
#include <cstdint>

namespace banyan::shadow {
namespace {

constexpr std::size_t kHexDigits = 4;
constexpr std::uint32_t kHighSurrogate = 0xd800;
constexpr std::uint32_t kLowSurrogate = 0xdc00;
constexpr std::uint32_t kSurrogateEnd = 0xe000;

std::optional<std::uint32_t> hex(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  c = static_cast<char>(c | 0x20);
  if (c < 'a' || c > 'f') return std::nullopt;
  return static_cast<std::uint32_t>(c - 'a' + 10);
}

// XXXX at the front of `text`.
std::optional<std::uint32_t> code_unit(std::span<const char> text) {
  if (text.size() < kHexDigits) return std::nullopt;
  std::uint32_t unit = 0;
  for (std::size_t i = 0; i < kHexDigits; ++i) {
    const auto digit = hex(text[i]);
    if (!digit) return std::nullopt;
    unit = unit << 4U | *digit;
  }
  return unit;
}

// Behind `\u`; takes off what belongs to the character, and that is two escapes for a pair.
std::optional<std::uint32_t> take_code_point(std::span<const char>& rest) {
  const auto unit = code_unit(rest);
  if (!unit) return std::nullopt;
  rest = rest.subspan(kHexDigits);
  if (*unit < kHighSurrogate || *unit >= kSurrogateEnd) return unit;
  if (*unit >= kLowSurrogate || rest.size() < 2 || rest[0] != '\\' || rest[1] != 'u') {
    return std::nullopt;
  }
  const auto low = code_unit(rest.subspan(2));
  if (!low || *low < kLowSurrogate || *low >= kSurrogateEnd) return std::nullopt;
  rest = rest.subspan(2 + kHexDigits);
  return 0x10000 + ((*unit - kHighSurrogate) << 10U) + (*low - kLowSurrogate);
}

char* put_utf8(std::uint32_t point, char* out) {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6U);
    put(0x80 | (point & 0x3fU));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12U);
    put(0x80 | (point >> 6U & 0x3fU));
    put(0x80 | (point & 0x3fU));
  } else {
    put(0xf0 | point >> 18U);
    put(0x80 | (point >> 12U & 0x3fU));
    put(0x80 | (point >> 6U & 0x3fU));
    put(0x80 | (point & 0x3fU));
  }
  return out;
}

// What `\c` stands for; NUL where it is no escape.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

}  // namespace

std::optional<std::size_t> unescape(std::span<char> text) {
  char* out = text.data();
  std::span<const char> rest = text;
  while (!rest.empty()) {
    const auto escape = std::find(rest.begin(), rest.end(), '\\');
    out = std::copy(rest.begin(), escape, out);
    rest = {escape, rest.end()};
    if (rest.empty()) break;
    if (rest.size() < 2) return std::nullopt;
    const char kind = rest[1];
    rest = rest.subspan(2);
    if (kind == 'u') {
      const auto point = take_code_point(rest);
      if (!point) return std::nullopt;
      out = put_utf8(*point, out);
    } else {
      *out = short_escape(kind);
      if (*out++ == '\0') return std::nullopt;
    }
  }
  return static_cast<std::size_t>(out - text.data());
}

}  // namespace banyan::shadow
