#include "shadow/diff/header_value.h"

#include <algorithm>
#include <array>
#include <utility>

namespace banyan::shadow {
namespace {

constexpr std::array<std::string_view, 3> kCodingMarks{"gzip", "br", "zstd"};

bool is_named(const Header& header, std::string_view name) {
  return header.id == HeaderId::other && equals_ignoring_case(header.name, name);
}
bool is_location(const Header& header) {
  return header.id == HeaderId::location || is_named(header, "content-location");
}
bool is_list(const Header& header) {
  return header.id == HeaderId::vary || header.id == HeaderId::cache_control ||
         is_named(header, "allow");
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

std::string media_type(std::string_view value) {
  const std::vector<std::string_view> parts = split_outside_quotes(value, ';');
  if (parts.empty()) return std::string(value);
  const std::string type = lower_case(parts.front());
  std::vector<std::string> parameters;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = std::min(parts[i].find('='), parts[i].size());
    const std::string name = lower_case(trimmed(parts[i].substr(0, equals)));
    if (name == "boundary" && type.starts_with("multipart/")) continue;
    std::string given = unquoted(trimmed(parts[i].substr(std::min(equals + 1, parts[i].size()))));
    if (name == "charset") given = lower_case(given);
    parameters.push_back(";" + name + "=" + given);
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out = type;
  for (const std::string& parameter : parameters) out += parameter;
  return out;
}

std::string location(std::string_view value, std::string_view authority) {
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (authority.empty() || !equals_ignoring_case(value.substr(0, scheme.size()), scheme))
      continue;
    const std::string_view rest = value.substr(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    if (!equals_ignoring_case(rest.substr(0, end), authority)) continue;
    const std::string_view path = rest.substr(end);
    return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
  }
  return std::string(value);
}

std::string entity_tag(std::string_view value) {
  if (value.starts_with("W/")) value.remove_prefix(2);
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  std::string_view tag = value.substr(1, value.size() - 2);
  for (const std::string_view mark : kCodingMarks) {
    if (!tag.ends_with(mark) || tag.size() == mark.size()) continue;
    const std::string_view before = tag.substr(0, tag.size() - mark.size());
    if (before.back() == '-' || before.back() == ';' || before.back() == ':') {
      tag = before.substr(0, before.find_last_not_of("-;:") + 1);
    }
    break;
  }
  return std::string(tag);
}

// `<target>; rel=next`: the parameters' names and spaces do not matter, nor their order.
std::string link(std::string_view value) {
  std::vector<std::string> parameters;
  std::string out;
  for (const std::string_view part : split_outside_quotes(value, ';')) {
    if (out.empty()) {
      out = part;
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    parameters.push_back(";" + lower_case(trimmed(part.substr(0, equals))) + "=" +
                         unquoted(trimmed(part.substr(std::min(equals + 1, part.size())))));
  }
  std::sort(parameters.begin(), parameters.end());
  for (const std::string& parameter : parameters) out += parameter;
  return out;
}

template <class Normal>
std::vector<std::string> members(const std::vector<std::string_view>& values, Normal normal) {
  std::vector<std::string> out;
  for (const std::string_view value : values) {
    for (const std::string_view member : split_outside_quotes(value, ',')) {
      out.push_back(normal(member));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
  return out;
}

std::vector<std::string_view> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  bool quoted = false;
  bool bracketed = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool end = i == text.size();
    if (end || (text[i] == separator && !quoted && !bracketed)) {
      const std::string_view part = trimmed(text.substr(start, i - start));
      if (!part.empty()) parts.push_back(part);
      start = i + 1;
    } else if (quoted && text[i] == '\\') {
      ++i;
      if (i == text.size()) --i;
    } else if (text[i] == '"' && !bracketed) {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '<' || text[i] == '>')) {
      bracketed = text[i] == '<';
    }
  }
  return parts;
}

std::string parameter_of(std::string_view value, std::string_view name) {
  const std::vector<std::string_view> parts = split_outside_quotes(value, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) continue;
    if (equals_ignoring_case(trimmed(parts[i].substr(0, equals)), name)) {
      return unquoted(trimmed(parts[i].substr(equals + 1)));
    }
  }
  return {};
}

bool has_normal_form(const Header& name) {
  return name.id == HeaderId::content_type || name.id == HeaderId::etag || is_location(name) ||
         is_list(name) || is_named(name, "link");
}

std::vector<std::string> normal_values(const Header& name,
                                       const std::vector<std::string_view>& values,
                                       const HeaderContext& context) {
  if (is_list(name)) {
    const bool exact = is_named(name, "allow");
    return members(values, [exact](std::string_view member) {
      return exact ? std::string(member) : lower_case(member);
    });
  }
  if (is_named(name, "link")) return members(values, link);
  std::vector<std::string> out;
  for (const std::string_view value : values) {
    if (name.id == HeaderId::content_type) {
      out.push_back(media_type(value));
    } else if (name.id == HeaderId::etag && context.codings_differ) {
      out.push_back(entity_tag(value));
    } else if (is_location(name)) {
      out.push_back(location(value, context.authority));
    } else {
      out.emplace_back(value);
    }
  }
  return out;
}

}  // namespace banyan::shadow
