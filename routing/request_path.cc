#include "routing/request_path.h"

#include <algorithm>

#include "base/eight.h"

namespace banyan::routing {
namespace {

constexpr std::string_view kEncodedSlash = "%2F";
constexpr int kNotHex = -1;

Failure refusal(const char* why) {
  return Failure(Error{ErrorCode::bad_target, Side::downstream, Retry::unsafe, why});
}

// `?` is here since the query is cut off before: a path that still has one is not a path.
constexpr bool is_forbidden(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\' || c == '#' || c == '?';
}

// Nothing in it has to be refused, decoded or looked at again, as in most paths.
bool is_plain(std::string_view path) {
  const auto marks = [](auto chars) {
    return mark_below(chars, 0x21) | mark_equal(chars, 0x7F) | mark_equal(chars, '\\') |
           mark_equal(chars, '#') | mark_equal(chars, '?') | mark_equal(chars, '%') |
           mark_equal(chars, '.');
  };
  const auto is_marked = [](char c) { return is_forbidden(c) || c == '%' || c == '.'; };
  const char* const end = path.data() + path.size();
  return find_marked(path.data(), end, marks, is_marked) == end;
}

// RFC 3986 §2.3
constexpr bool is_unreserved(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = static_cast<char>(c | 0x20);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : kNotHex;
}

constexpr char upper(char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c & ~0x20) : c; }

// Appends `path` with its escapes in normal form; why it is refused, or nullptr.
const char* append_unescaped(std::string_view path, std::string& to) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      to.push_back(path[i]);
      continue;
    }
    if (path.size() - i < 3) return "broken percent-escape";
    const int high = hex_digit(path[i + 1]);
    const int low = hex_digit(path[i + 2]);
    if (high == kNotHex || low == kNotHex) return "broken percent-escape";
    const int c = high * 16 + low;
    if (c == '\0') return "encoded NUL";
    if (c == '\\') return "encoded backslash";
    if (is_unreserved(c)) {
      to.push_back(static_cast<char>(c));
    } else {
      to.append({'%', upper(path[i + 1]), upper(path[i + 2])});
    }
    i += 2;
  }
  return nullptr;
}

// `%2F` ends a segment here, since some servers decode it before they resolve dots, and so does
// `;`, since some cut a segment's parameters off before.
bool is_dot_segment_at(std::string_view path, std::size_t dot) {
  const std::string_view before = path.substr(0, dot);
  if (!before.ends_with('/') && !before.ends_with(kEncodedSlash)) return false;
  std::string_view after = path.substr(dot + 1);
  if (after.starts_with('.')) after.remove_prefix(1);
  return after.empty() || after.front() == '/' || after.front() == ';' ||
         after.starts_with(kEncodedSlash);
}

bool has_dot_segment(std::string_view path) {
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    if (is_dot_segment_at(path, dot)) return true;
  }
  return false;
}

}  // namespace

Result<std::string_view> normalised_path(std::string_view path, std::string& scratch) {
  if (path == "*") return path;
  if (!path.starts_with('/')) return refusal("path does not begin with /");
  if (is_plain(path)) return path;
  if (std::any_of(path.begin(), path.end(), is_forbidden)) {
    return refusal("forbidden character in path");
  }
  if (path.find('%') != std::string_view::npos) {
    scratch.clear();
    if (const char* why = append_unescaped(path, scratch)) return refusal(why);
    path = scratch;
  }
  if (has_dot_segment(path)) return refusal("dot segment in path");
  return path;
}

bool covers(std::string_view prefix, std::string_view path) {
  if (prefix == "/") return true;
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace banyan::routing
