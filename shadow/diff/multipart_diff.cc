#include "shadow/diff/multipart_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/headers.h"
#include "base/path_pattern.h"
#include "shadow/diff/body_diff.h"
#include "shadow/diff/field_line.h"
#include "shadow/diff/header_value.h"
#include "shadow/diff/json_text.h"
#include "shadow/diff/text_diff.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kBoundaryMax = 70;  // RFC 2046 §5.1.1
constexpr std::size_t kPartFieldsMax = 64;

struct Part {
  std::string_view type;
  std::string_view disposition;
  std::string_view bytes;
};

bool read_part(std::string_view text, Part& part) {
  for (std::size_t fields = 0; fields <= kPartFieldsMax; ++fields) {
    const auto line = take_line(text);
    if (!line) return false;
    if (line->empty()) {
      part.bytes = text;
      return true;
    }
    const auto field = field_of(*line);
    if (!field) return false;
    if (equals_ignoring_case(field->name, "content-type")) part.type = field->value;
    if (equals_ignoring_case(field->name, "content-disposition")) part.disposition = field->value;
  }
  return false;
}

// Where the next delimiter line begins, from `at` on; npos where there is none.
std::size_t find_delimiter(std::string_view body, const std::string& delimiter, std::size_t at) {
  for (;; ++at) {
    at = body.find(delimiter, at);
    if (at == std::string_view::npos || at == 0 || body[at - 1] == '\n') return at;
  }
}

std::optional<std::vector<Part>> parts_of(const Content& content) {
  const std::string boundary = parameter_of(content.type, "boundary");
  if (boundary.empty() || boundary.size() > kBoundaryMax) return std::nullopt;
  const std::string delimiter = "--" + boundary;
  const std::string_view body = content.bytes;
  std::vector<Part> parts;
  std::size_t at = find_delimiter(body, delimiter, 0);
  while (at != std::string_view::npos && parts.size() <= kPartsMax) {
    std::string_view rest = body.substr(at + delimiter.size());
    if (rest.starts_with("--")) return parts;
    const auto padding = take_line(rest);
    if (!padding || !trimmed(*padding).empty()) return std::nullopt;
    const std::size_t start = body.size() - rest.size();
    at = find_delimiter(body, delimiter, start);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view text = body.substr(start, at - start);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    // A part without fields and without a body has lost its empty line with the delimiter's.
    if (text.empty()) text = "\n";
    if (!read_part(text, parts.emplace_back()) &&
        !(parts.back().bytes.empty() &&
          read_part(std::string_view(body).substr(start, at - start), parts.back()))) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

struct Paired {
  std::vector<Part> left;
  std::vector<Part> right;
};
using ByName = std::map<std::string, Paired>;

void collect(const std::vector<Part>& parts, ByName& by_name, std::vector<Part> Paired::*side) {
  for (const Part& part : parts) {
    (by_name[parameter_of(part.disposition, "name")].*side).push_back(part);
  }
}

std::string place_of(const std::string& name, std::size_t index, bool is_list) {
  std::string place = "$";
  if (!name.empty()) {
    std::string shown_name = name.substr(0, kNameShownMax + 1);
    cut(shown_name, kNameShownMax);
    append_member(place, shown_name);
  }
  if (is_list || name.empty()) place += fmt::format("[{}]", index);
  return place;
}

std::string shown_part(const Part& part, bool for_shapes) {
  if (for_shapes) return size_and_hash(part.bytes);
  std::string out = fmt::format("{} bytes", part.bytes.size());
  if (!part.type.empty()) out += fmt::format(" of {}", printable(part.type.substr(0, 100)));
  return out;
}

void compare_field(const std::string& place, std::string_view name, const std::string& left,
                   const std::string& right, Findings& findings) {
  if (left == right) return;
  const auto shown = [&findings](std::string text) {
    cut(text, findings.shown_max());
    return text;
  };
  findings.add(
      Kind::value,
      [&] {
        std::string path = place;
        append_member(path, name);
        return path;
      },
      [&] { return shown(left); }, [&] { return shown(right); });
}

void compare_parts(const std::string& place, const Part& left, const Part& right,
                   Findings& findings) {
  compare_field(place, "filename", parameter_of(left.disposition, "filename"),
                parameter_of(right.disposition, "filename"), findings);
  compare_field(place, "content-type", lower_case(left.type), lower_case(right.type), findings);
  if (left.bytes == right.bytes) return;
  Findings below(findings, place);
  compare_part(Content{left.type, left.bytes}, Content{right.type, right.bytes}, below);
}

}  // namespace

bool is_multipart(const Content& content) { return parts_of(content).has_value(); }

bool compare_as_multipart(const Content& left, const Content& right, Findings& findings) {
  const auto a = parts_of(left);
  const auto b = parts_of(right);
  if (!a || !b) return false;
  ByName by_name;
  collect(*a, by_name, &Paired::left);
  collect(*b, by_name, &Paired::right);
  const auto shown = [&](const Part& part) { return shown_part(part, findings.for_shapes()); };
  for (const auto& [name, parts] : by_name) {
    const std::size_t most = std::max(parts.left.size(), parts.right.size());
    for (std::size_t i = 0; i < most; ++i) {
      const std::string place = place_of(name, i, most > 1);
      const auto at = [&place] { return place; };
      if (i >= parts.right.size()) {
        findings.add(
            Kind::missing, at, [&, &sides = parts] { return shown(sides.left[i]); },
            [] { return std::string(); }, Holds::bytes);
      } else if (i >= parts.left.size()) {
        findings.add(
            Kind::extra, at, [] { return std::string(); },
            [&, &sides = parts] { return shown(sides.right[i]); }, Holds::bytes);
      } else {
        compare_parts(place, parts.left[i], parts.right[i], findings);
      }
    }
  }
  return true;
}

}  // namespace banyan::shadow
