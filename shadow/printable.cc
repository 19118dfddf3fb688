#include "shadow/printable.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace banyan::shadow {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

struct CodePoint {
  std::uint32_t value;
  std::size_t size;  // 0: not UTF-8
};

std::size_t sequence_size(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

CodePoint decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = sequence_size(lead);
  if (size <= 1) return {lead, size};
  if (size > text.size()) return {lead, 0};
  std::uint32_t value = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {lead, 0};
    value = value << 6 | (byte & 0x3FU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {lead, 0};
  return {value, size};
}

// C1 controls, zero-width, line and direction marks: what changes how the rest is shown.
bool is_hidden(std::uint32_t c) {
  return (c >= 0x80 && c <= 0x9F) || c == 0xAD || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

void append_control(std::string& out, std::uint32_t c) {
  switch (c) {
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (c.size == 0 || c.value < 0x20 || c.value == 0x7F) {
      append_control(out, c.value);
    } else if (is_hidden(c.value)) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", c.value);
    } else {
      out.append(text.substr(0, c.size));
    }
    text.remove_prefix(c.size == 0 ? 1 : c.size);
  }
  return out;
}

void cut(std::string& text, std::size_t size_max) {
  if (text.size() <= size_max) return;
  std::size_t end = size_max - kEllipsis.size();
  // A character has at most three continuation bytes; more of them are no UTF-8 anyway.
  for (int i = 0; i < 3 && end > 0; ++i) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80) break;
    --end;
  }
  text.resize(end);
  text += kEllipsis;
}

}  // namespace banyan::shadow
