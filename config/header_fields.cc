#include "config/header_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/headers.h"

namespace banyan::config {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ascii_lower);
  return text;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
  return text;
}

Read<std::string> read_header_value(std::string_view text) {
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  };
  const bool fits = !text.empty() && text.size() <= kHeaderValueBytesMax &&
                    text.find_first_not_of(" \t") == 0 &&
                    text.find_last_not_of(" \t") == text.size() - 1 &&
                    std::none_of(text.begin(), text.end(), is_control);
  if (fits) return std::string(text);
  return tl::unexpected(
      fmt::format("must be 1 to {} bytes without control characters and without space at the ends",
                  kHeaderValueBytesMax));
}

bool read_header_fields(const Cursor& cursor, std::size_t max, std::vector<HeaderField>& out) {
  const std::size_t problems_before = cursor.problems.count();
  const auto members = members_of(cursor, max);
  if (!members) return false;
  std::set<std::string> seen;
  for (const std::size_t i : *members) {
    const Cursor member = cursor.member(i);
    const Node::Key& key = cursor.node.keys[i];
    const HeaderField::Place place{key.at, member.path, cursor.problems};
    const auto name = read_token(key.text);
    std::string value;
    const bool readable = read_text(member, read_header_value, value);
    if (!name) {
      place.fail(quoted(key.text) + ": " + name.error());
    } else if (!seen.insert(lower(*name)).second) {
      place.fail("is there twice: field names have no case");
    } else if (readable) {
      out.push_back({*name, std::move(value), place});
    }
  }
  return cursor.problems.count() == problems_before;
}

}  // namespace banyan::config
