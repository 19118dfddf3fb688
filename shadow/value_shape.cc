#include "shadow/value_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace banyan::shadow {
namespace {

constexpr std::string_view kCutMark = "\u2026";
constexpr std::string_view kHashMark = ", hash ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_number(std::string_view text) {
  const bool begins = is_digit(text.front()) || text.front() == '-';
  return begins && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

// Code points; those of a JSON string without its escapes.
std::size_t characters_in(std::string_view text, bool is_json) {
  constexpr std::size_t kUnicodeEscape = 6;  // \u001f
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
    ++count;
    if (!is_json || text[i] != '\\') continue;
    i += text.substr(i + 1).starts_with('u') ? kUnicodeEscape - 1 : 1;
  }
  return count;
}

std::string counted(std::string_view type, std::size_t count, std::string_view unit, bool is_cut) {
  return fmt::format("{} of {}{} {}{}", type, is_cut ? "at least " : "", count, unit,
                     count == 1 ? "" : "s");
}

std::string with_hash(std::string shape, const KeyedHash& hash, std::string_view value) {
  return hash ? fmt::format("{}{}{:016x}", std::move(shape), kHashMark, hash(value)) : shape;
}

bool is_grpc_status(std::string_view path, std::string_view value) {
  const bool named = path == "trailer:grpc-status" || path == "header:grpc-status";
  return named && value.size() <= 2 && are_digits(value);
}

// Sizes stay; the hash is one that anybody could have made, so it is hashed again.
std::string shape_of_bytes(const KeyedHash& hash, std::string_view value) {
  const std::size_t size = value.find_first_not_of("0123456789");
  std::string shape(value.substr(0, size));
  constexpr std::string_view kBytes = " bytes", kFrom = ", from byte ";
  value.remove_prefix(shape.size());
  shape += kBytes;
  if (value.starts_with(kBytes)) value.remove_prefix(kBytes.size());
  if (value.starts_with(kFrom)) {
    value.remove_prefix(kFrom.size());
    const std::string_view offset = value.substr(0, value.find_first_not_of("0123456789"));
    shape.append(kFrom).append(offset);
    value.remove_prefix(offset.size());
  }
  return value.starts_with(kHashMark) ? with_hash(std::move(shape), hash, value) : shape;
}

std::string shape_of_json(std::string_view value, bool is_cut) {
  if (value == "true" || value == "false") return "boolean";
  if (value.starts_with('{')) return counted("object", value.size(), "byte", is_cut);
  if (value.starts_with('[')) return counted("array", value.size(), "byte", is_cut);
  if (is_number(value)) return counted("number", value.size(), "character", is_cut);
  if (!value.starts_with('"')) {
    return counted("text", characters_in(value, false), "character", is_cut);
  }
  value.remove_prefix(1);
  if (value.ends_with('"')) value.remove_suffix(1);
  return counted("string", characters_in(value, true), "character", is_cut);
}

}  // namespace

std::string value_shape(const KeyedHash& hash, std::string_view path, Holds holds,
                        std::string_view value) {
  if (value.empty()) return {};
  if (holds == Holds::description || is_grpc_status(path, value)) return std::string(value);
  if (holds == Holds::bytes) return shape_of_bytes(hash, value);
  // A short one that ends like this says so itself.
  const bool is_cut = value.ends_with(kCutMark) && value.size() + kCutMark.size() >= kShownBytesMax;
  const std::string_view known = is_cut ? value.substr(0, value.size() - kCutMark.size()) : value;
  const bool is_json = path.starts_with('$');
  if (is_json && value == "null") return "null";
  return with_hash(is_json ? shape_of_json(known, is_cut)
                           : counted("text", characters_in(known, false), "character", is_cut),
                   hash, value);
}

std::string target_shape(const KeyedHash& hash, std::string_view endpoint,
                         std::string_view target) {
  const std::string_view path = endpoint.substr(std::min(endpoint.find(' ') + 1, endpoint.size()));
  return fmt::format("{} ({})", path,
                     with_hash(fmt::format("{} bytes", target.size()), hash, target));
}

}  // namespace banyan::shadow
