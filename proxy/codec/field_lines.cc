#include "proxy/codec/field_lines.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "base/header_id_table.h"
#include "proxy/codec/chars.h"

namespace banyan::codec {
namespace {

// HTAB behind one of these is white space to one reader and a part of the value to another.
constexpr HeaderIds kFraming{HeaderId::content_length, HeaderId::transfer_encoding};

struct FieldLine {
  Bytes name;
  Bytes value;
  HeaderId id;
  const char* end;  // behind its CRLF
  bool as_written;  // as Headers writes it
};

// Where a line's text ends and its first colon, which is the text's end where there is none.
struct LineMarks {
  const char* colon;
  const char* text_end;
};

LineMarks marks_of_few(const char* at, const char* end, const char* colon) {
  while (at != end && is_text_char(*at)) {
    if (colon == nullptr && *at == ':') colon = at;
    ++at;
  }
  return {colon != nullptr ? colon : at, at};
}

#ifdef __SSE2__
inline LineMarks find_marks(const char* at, const char* end) {
  const char* colon = nullptr;
  for (; end - at >= static_cast<std::ptrdiff_t>(sizeof(Sixteen)); at += sizeof(Sixteen)) {
    const Sixteen chars = load_sixteen(at);
    const unsigned colons = colon == nullptr ? bits_of(mark_equal(chars, ':')) : 0;
    if (colons != 0) colon = at + std::countr_zero(colons);
    unsigned stops = bits_of(mark_below(chars, 0x20) | mark_equal(chars, 0x7F));
    for (; stops != 0; stops &= stops - 1) {
      const char* const stop = at + std::countr_zero(stops);
      if (*stop != '\t') return {colon != nullptr && colon < stop ? colon : stop, stop};
    }
  }
  return marks_of_few(at, end, colon);
}
#else
inline LineMarks find_marks(const char* at, const char* end) {
  const char* const text_end = find_no_text(at, end);
  return {marks_of_few(at, text_end, nullptr).colon, text_end};
}
#endif

bool is_blank(char c) { return c == ' ' || c == '\t'; }

Bytes between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool is_name(Bytes name) {
  bool all = !name.empty();
  for (const char c : name) all &= is_token_char(c);  // without a branch for each
  return all;
}

// Of a name that is not empty, in bytes that go on to `end`.
inline HeaderId id_of(Bytes name, const char* end) {
  constexpr auto kReach = static_cast<std::ptrdiff_t>(header_table::kNameMax);
  const bool is_in_reach = end - name.data() >= kReach;
  return is_in_reach ? header_table::id_in_line(name.data(), name.size()) : header_id(name);
}

// The value between colon and CR, where the line is not as Headers writes it; false for HTAB
// behind a length or a coding.
bool take_odd_value(const char* colon, const char* cr, FieldLine& field) {
  const char* value = colon + 1;
  while (is_blank(*value)) ++value;  // stops at the CR
  const char* value_end = cr;
  while (value_end != value && is_blank(value_end[-1])) --value_end;
  field.value = between(value, value_end);
  return !kFraming.has(field.id) || std::find(value_end, cr, '\t') == cr;
}

inline bool take_field_line(const char* begin, const char* end, FieldLine& field) {
  const auto [colon, cr] = find_marks(begin, end);
  if (colon == cr || colon == begin || end - cr < 2 || cr[0] != '\r' || cr[1] != '\n') return false;
  field.name = between(begin, colon);
  field.id = id_of(field.name, end);
  // A name that is known consists of what names consist of.
  if (field.id == HeaderId::other && !is_name(field.name)) return false;
  field.end = cr + 2;
  const char* const value = colon + 2;
  // One space before the value, nothing behind it.
  field.as_written = value < cr && value[-1] == ' ' && !is_blank(value[0]) && !is_blank(cr[-1]);
  if (!field.as_written) return take_odd_value(colon, cr, field);
  field.value = between(value, cr);
  return true;
}

constexpr std::size_t kBlankLineSize = 2;

bool is_blank_line(const char* at, const char* end) {
  return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

// The rare way: at least one of `lines` has to be written differently.
bool parse_one_by_one(Bytes lines, Headers& headers) {
  headers.clear();
  const char* const end = lines.data() + lines.size();
  FieldLine field;
  for (const char* at = lines.data(); at != end; at = field.end) {
    if (!take_field_line(at, end, field)) return false;
    headers.add(field.name, field.value);
  }
  return true;
}

// The lines before the blank one, told to `headers`, which is to adopt them; nullptr for a fault.
const char* tell_lines(const char* begin, const char* end, std::size_t fields_max, Headers& headers,
                       bool& as_written) {
  FieldLine field;
  const char* at = begin;
  for (std::size_t fields = 0; !is_blank_line(at, end); at = field.end) {
    if (fields++ == fields_max || !take_field_line(at, end, field)) return nullptr;
    as_written = as_written && field.as_written;
    headers.tell_line(static_cast<std::size_t>(at - begin), field.name.size(), field.value.size(),
                      field.id);
  }
  return at;
}

}  // namespace

std::size_t parse_field_lines(Bytes bytes, std::size_t fields_max, Headers& headers) {
  bool as_written = true;
  const char* const begin = bytes.data();
  const char* const blank =
      tell_lines(begin, begin + bytes.size(), fields_max, headers, as_written);
  if (blank == nullptr) {
    headers.clear();
    return 0;
  }
  const Bytes lines = between(begin, blank);
  if (as_written) {
    headers.adopt_lines(lines);
  } else if (!parse_one_by_one(lines, headers)) {
    headers.clear();
    return 0;
  }
  return lines.size() + kBlankLineSize;
}

}  // namespace banyan::codec
