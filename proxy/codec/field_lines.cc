#include "proxy/codec/field_lines.h"

#include <algorithm>

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
};

const char* find_colon(const char* at, const char* end) {
  return find_marked(
      at, end, [](auto chars) { return mark_equal(chars, ':'); }, [](char c) { return c == ':'; });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

Bytes between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

// A name that is known consists of what names consist of.
bool is_name(Bytes name, HeaderId id) {
  if (id != HeaderId::other) return true;
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_char);
}

inline bool take_field_line(const char* begin, const char* end, FieldLine& field) {
  const char* const colon = find_colon(begin, end);
  if (colon == end) return false;
  field.name = between(begin, colon);
  field.id = header_id(field.name);
  if (!is_name(field.name, field.id)) return false;
  const char* value = colon + 1;
  while (is_blank(*value)) ++value;  // stops at the CR of this line
  const char* const cr = find_no_text(value, end);
  if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n') return false;
  const char* value_end = cr;
  while (value_end != value && is_blank(value_end[-1])) --value_end;
  field.value = between(value, value_end);
  if (value_end != cr && kFraming.has(field.id) && std::find(value_end, cr, '\t') != cr)
    return false;
  field.end = cr + 2;
  return true;
}

// As Headers writes lines: one space before the value, nothing behind it.
bool is_as_written(const FieldLine& field) {
  const char* const colon = field.name.data() + field.name.size();
  const char* const value = field.value.data();
  return value == colon + 2 && colon[1] == ' ' && !field.value.empty() &&
         value + field.value.size() + 2 == field.end;
}

// The rare way: at least one line has to be written differently.
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

}  // namespace

bool parse_field_lines(Bytes lines, Headers& headers) {
  headers.adopt_lines(lines);
  const char* const begin = lines.data();
  const char* const end = begin + lines.size();
  FieldLine field;
  for (const char* at = begin; at != end; at = field.end) {
    if (!take_field_line(at, end, field)) {
      headers.clear();
      return false;
    }
    if (!is_as_written(field)) {
      const bool good = parse_one_by_one(lines, headers);
      if (!good) headers.clear();
      return good;
    }
    headers.tell_line(static_cast<std::size_t>(at - begin), field.name.size(), field.value.size(),
                      field.id);
  }
  return true;
}

}  // namespace banyan::codec
