#include "routing/rewrite.h"

#include <algorithm>
#include <array>

#include "routing/request_path.h"

namespace banyan::routing {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kBlank = " \t";

// Where the segments of `prefix` end in `path`, which it covers.
std::size_t end_of_prefix(std::string_view path, std::string_view prefix) {
  if (prefix == "/") return 0;
  std::size_t at = 0;
  for (auto n = std::count(prefix.begin(), prefix.end(), '/'); n > 0; --n) {
    at = std::min(path.find('/', at + 1), path.size());
  }
  return at;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view begin) {
  return text.size() >= begin.size() && equals_ignoring_case(text.substr(0, begin.size()), begin);
}

// `http://`, `https://` or `//`, and the port that its scheme means; 0: there is none of them.
struct Scheme {
  std::size_t size = 0;
  std::string_view port;
};

Scheme scheme_of(std::string_view uri) {
  if (starts_with_ignoring_case(uri, "http://")) return {7, ":80"};
  if (starts_with_ignoring_case(uri, "https://")) return {8, ":443"};
  if (uri.starts_with("//")) return {2, {}};
  return {};
}

std::string_view without(std::string_view authority, std::string_view port) {
  if (!port.empty() && authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

bool is_the_arms(const WayBack& way, std::string_view authority, std::string_view port) {
  const auto same = [&](std::string_view host) {
    return equals_ignoring_case(without(authority, port), without(host, port));
  };
  return same(way.authority) || std::any_of(way.hosts.begin(), way.hosts.end(), same);
}

std::optional<std::string> path_mapped_back(const WayBack& way, std::string_view path) {
  std::string mapped;
  if (way.matched.empty() || way.path_prefix.empty()) return std::nullopt;
  if (!replace_prefix(path, way.path_prefix, way.matched, mapped)) return std::nullopt;
  // `//host/…` is another place altogether (RFC 3986 §4.2).
  if (mapped.starts_with("//")) return std::nullopt;
  return mapped;
}

std::optional<std::string> link_mapped_back(const WayBack& way, std::string_view value) {
  std::string out;
  bool changed = false;
  std::size_t at = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && quoted) {
      ++i;
    } else if (value[i] == '"') {
      quoted = !quoted;
    } else if (value[i] == '<' && !quoted) {
      const std::size_t end = value.find('>', i);
      if (end == kNone) break;
      if (const auto mapped = uri_mapped_back(way, value.substr(i + 1, end - i - 1))) {
        out.append(value.substr(at, i + 1 - at)).append(*mapped);
        at = end;
        changed = true;
      }
      i = end;
    }
  }
  if (!changed) return std::nullopt;
  return out.append(value.substr(at));
}

// `5; url=/orders`, with `,` instead of `;`, with quotes or without.
std::optional<std::string> refresh_mapped_back(const WayBack& way, std::string_view value) {
  std::size_t at = value.find_first_of(";,");
  if (at == kNone) return std::nullopt;
  at = value.find_first_not_of(kBlank, at + 1);
  if (at == kNone || !starts_with_ignoring_case(value.substr(at), "url")) return std::nullopt;
  at = value.find_first_not_of(kBlank, at + 3);
  if (at == kNone || value[at] != '=') return std::nullopt;
  at = value.find_first_not_of(kBlank, at + 1);
  if (at == kNone) return std::nullopt;
  const bool quoted = value[at] == '"' || value[at] == '\'';
  const std::size_t begin = quoted ? at + 1 : at;
  const std::size_t end = quoted ? std::min(value.find(value[at], begin), value.size())
                                 : value.find_last_not_of(kBlank) + 1;
  const auto mapped = uri_mapped_back(way, value.substr(begin, end - begin));
  if (!mapped) return std::nullopt;
  return std::string(value.substr(0, begin)).append(*mapped).append(value.substr(end));
}

// A cookie for all below a folder that holds the arm's prefix (`/api` of `/api/orders`) is meant
// for what the client calls by the matched prefix. For `/` it may stay.
std::optional<std::string> cookie_path_mapped_back(const WayBack& way, std::string_view path) {
  if (auto mapped = path_mapped_back(way, path)) return mapped;
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const bool above = path.size() > 1 && path.starts_with('/') && covers(path, way.path_prefix);
  return above && !way.matched.empty() ? std::optional(std::string(way.matched)) : std::nullopt;
}

std::optional<std::string> cookie_mapped_back(const WayBack& way, std::string_view value) {
  std::string out;
  bool changed = false;
  std::size_t begin = value.find(';');
  if (begin == kNone) return std::nullopt;
  out.append(value.substr(0, begin));
  while (begin < value.size()) {
    const std::size_t end = std::min(value.find(';', begin + 1), value.size());
    const std::string_view attribute = value.substr(begin, end - begin);  // `; Path=/x`
    begin = end;
    const std::size_t name = attribute.find_first_not_of(kBlank, 1);
    const std::size_t equals = attribute.find('=');
    const bool is_path =
        name != kNone && equals != kNone &&
        equals_ignoring_case(attribute.substr(name, attribute.find_first_of(" \t=", name) - name),
                             "path");
    const std::size_t at = is_path ? attribute.find_first_not_of(kBlank, equals + 1) : kNone;
    const auto mapped =
        at != kNone ? cookie_path_mapped_back(
                          way, attribute.substr(at, attribute.find_last_not_of(kBlank) + 1 - at))
                    : std::nullopt;
    out.append(mapped ? attribute.substr(0, at) : attribute).append(mapped.value_or(""));
    changed = changed || mapped;
  }
  return changed ? std::optional(std::move(out)) : std::nullopt;
}

using MapBack = std::optional<std::string> (*)(const WayBack&, std::string_view);
struct MappedField {
  std::string_view name;
  MapBack map_back;
};
constexpr std::array kFields{
    MappedField{"location", uri_mapped_back},      MappedField{"content-location", uri_mapped_back},
    MappedField{"link", link_mapped_back},         MappedField{"refresh", refresh_mapped_back},
    MappedField{"set-cookie", cookie_mapped_back},
};

}  // namespace

bool replace_prefix(std::string_view target, std::string_view from, std::string_view to,
                    std::string& out) {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  std::string scratch;
  const auto normalised = normalised_path(path, scratch);
  if (!normalised || *normalised == "*" || !covers(from, *normalised)) return false;
  const std::string_view rest = target.substr(end_of_prefix(path, from));
  out.clear();
  if (to != "/") out.append(to);
  if (out.empty() && !rest.starts_with('/')) out.push_back('/');
  out.append(rest);
  return true;
}

std::optional<std::string> uri_mapped_back(const WayBack& way, std::string_view uri) {
  const Scheme scheme = scheme_of(uri);
  if (scheme.size == 0) return path_mapped_back(way, uri);
  const std::size_t end = std::min(uri.find_first_of("/?#", scheme.size), uri.size());
  const std::string_view authority = uri.substr(scheme.size, end - scheme.size);
  if (!is_the_arms(way, authority, scheme.port)) return std::nullopt;
  const auto path = path_mapped_back(way, uri.substr(end));
  return std::string(uri.substr(0, scheme.size))
      .append(way.authority)
      .append(path ? std::string_view(*path) : uri.substr(end));
}

std::optional<std::string> field_mapped_back(const WayBack& way, const Header& field) {
  for (const MappedField& known : kFields) {
    if (equals_ignoring_case(field.name, known.name)) return known.map_back(way, field.value);
  }
  return std::nullopt;
}

}  // namespace banyan::routing
