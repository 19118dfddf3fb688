#include "shadow/noise/shape.h"

#include <algorithm>
#include <bit>

#include "base/stable_hash.h"
#include "shadow/diff/timestamp.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kUuid = 36;
constexpr std::string_view kContentType = "header:content-type";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_token(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-_.~=+/:").find(c) != std::string_view::npos;
}

template <class F>
bool all(std::string_view text, F is) {
  return std::all_of(text.begin(), text.end(), is);
}

bool is_uuid(std::string_view text) {
  if (text.size() != kUuid) return false;
  for (std::size_t i = 0; i < kUuid; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

// `Mon, 23 Nov 2026 05:09:15 GMT`
bool is_http_date(std::string_view text) {
  constexpr std::string_view kShape = "aaa, 00 aaa 0000 00:00:00 GMT";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const char wanted = kShape[i];
    const bool is_letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z');
    if (wanted == '0' ? !is_digit(text[i]) : wanted == 'a' ? !is_letter : text[i] != wanted) {
      return false;
    }
  }
  return true;
}

Format format_of_text(std::string_view text) {
  if (text.empty()) return Format::empty;
  if (all(text, is_digit)) return Format::digits;
  if (is_uuid(text)) return Format::uuid;
  if (timestamp_of(text) || is_http_date(text)) return Format::timestamp;
  if (all(text, is_hex)) return Format::hex;
  return all(text, is_token) ? Format::token : Format::text;
}

Format format_of_json(std::string_view value) {
  switch (value.front()) {
    case 'n':
      return Format::null;
    case 't':
    case 'f':
      return Format::boolean;
    case '{':
      return Format::object;
    case '[':
      return Format::array;
    default:
      return value.find_first_of(".eE") == std::string_view::npos ? Format::integer
                                                                  : Format::number;
  }
}

// How many digits a number has follows from its value, and small ones are rare and right.
bool has_length(Format format) {
  switch (format) {
    case Format::null:
    case Format::boolean:
    case Format::integer:
    case Format::number:
    case Format::digits:
      return false;
    default:
      return true;
  }
}

std::uint8_t length_class(std::size_t size) {
  return static_cast<std::uint8_t>(std::bit_width(size));
}

// Behind the parameters, which are no kind of content.
std::string_view media_type(std::string_view value) { return value.substr(0, value.find(';')); }

}  // namespace

Shape shape_of(std::string_view path, std::string_view shown) {
  const bool is_type = path == kContentType;
  if (path == "status" || is_type) {
    return {Format::exact, 0, murmur3_x86_32(is_type ? media_type(shown) : shown, 0)};
  }
  const bool is_json = path.starts_with('$') && !shown.empty();
  if (is_json && shown.front() != '"') {
    return {format_of_json(shown), length_class(shown.size()), 0};
  }
  std::string_view text = shown;
  if (is_json) {
    text.remove_prefix(1);
    if (text.ends_with('"')) text.remove_suffix(1);
  }
  return {format_of_text(text), length_class(text.size()), 0};
}

void ShapesSeen::add(const Shape& shape) {
  formats_ = static_cast<std::uint16_t>(formats_ | 1U << static_cast<unsigned>(shape.format));
  if (has_length(shape.format)) {
    ++lengths_;
    shortest_ = std::min(shortest_, shape.length);
    longest_ = std::max(longest_, shape.length);
  }
  if (shape.format != Format::exact || knows_value(shape.value)) return;
  if (exact_count_ < kExactMax) exact_[exact_count_++] = shape.value;
}

void ShapesSeen::add(const ShapesSeen& others) {
  lengths_ += others.lengths_;
  formats_ = static_cast<std::uint16_t>(formats_ | others.formats_);
  shortest_ = std::min(shortest_, others.shortest_);
  longest_ = std::max(longest_, others.longest_);
  for (std::size_t i = 0; i < others.exact_count_; ++i) {
    if (!knows_value(others.exact_[i]) && exact_count_ < kExactMax) {
      exact_[exact_count_++] = others.exact_[i];
    }
  }
}

bool ShapesSeen::knows_value(std::uint32_t value) const {
  const auto end = exact_.begin() + exact_count_;
  return std::find(exact_.begin(), end, value) != end;
}

// Random ids are now and then all digits, and a number is now and then a whole one: what was seen
// in a wider format fits.
bool ShapesSeen::fits(const Shape& shape) const {
  const auto seen = [this](auto... formats) { return (has(formats) || ...); };
  bool known = false;
  switch (shape.format) {
    case Format::exact:
      return knows_value(shape.value);
    case Format::integer:
      known = seen(Format::integer, Format::number);
      break;
    case Format::digits:
      known = seen(Format::digits, Format::hex, Format::token, Format::text);
      break;
    case Format::hex:
      known = seen(Format::hex, Format::token, Format::text);
      break;
    case Format::token:
    case Format::uuid:
    case Format::timestamp:
      known = seen(shape.format, Format::text);
      break;
    default:
      known = has(shape.format);
  }
  if (!known || !has_length(shape.format) || lengths_ < kLengthsFrom) return known;
  return shape.length + 1 >= shortest_ && shape.length <= longest_ + 1;
}

}  // namespace banyan::shadow
