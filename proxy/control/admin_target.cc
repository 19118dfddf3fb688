#include "proxy/control/admin_target.h"

#include <algorithm>
#include <charconv>

#include "base/headers.h"
#include "config/scalar.h"

namespace banyan::control {
namespace {

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    const auto done = std::from_chars(digits, digits + 2, value, 16);
    if (done.ec != std::errc{} || done.ptr != digits + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::string_view next_piece(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return piece;
}

bool parse_query(std::string_view rest, std::multimap<std::string, std::string>& query) {
  while (!rest.empty()) {
    std::string_view value = next_piece(rest, '&');
    const std::string_view key = next_piece(value, '=');
    const auto decoded_key = decoded(key, true);
    const auto decoded_value = decoded(value, true);
    if (!decoded_key || !decoded_value) return false;
    if (!decoded_key->empty()) query.emplace(*decoded_key, *decoded_value);
  }
  return true;
}

}  // namespace

std::optional<AdminTarget> AdminTarget::parse(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  AdminTarget parsed;
  std::string_view query = target;
  std::string_view path = next_piece(query, '?');
  path.remove_prefix(1);
  for (bool more = true; more;) {
    more = path.find('/') != std::string_view::npos;
    const auto segment = decoded(next_piece(path, '/'), false);
    if (!segment) return std::nullopt;
    parsed.segments.push_back(*segment);
  }
  if (!parse_query(query, parsed.query)) return std::nullopt;
  return parsed;
}

std::vector<std::string> AdminTarget::all(const std::string& key) const {
  std::vector<std::string> values;
  const auto [begin, end] = query.equal_range(key);
  for (auto at = begin; at != end; ++at) values.push_back(at->second);
  return values;
}

std::optional<std::string> AdminTarget::first(const std::string& key) const {
  const auto at = query.find(key);
  if (at == query.end()) return std::nullopt;
  return at->second;
}

std::optional<std::vector<std::string>> AdminTarget::match(std::string_view pattern) const {
  std::vector<std::string> names;
  pattern.remove_prefix(1);
  for (const std::string& segment : segments) {
    if (pattern.empty()) return std::nullopt;
    const std::string_view expected = next_piece(pattern, '/');
    if (expected == "{}" && !segment.empty()) {
      names.push_back(segment);
    } else if (expected != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty()) return std::nullopt;
  return names;
}

std::string host_of_authority(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  std::string lower(host);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

bool is_loopback_authority(std::string_view authority) {
  const std::string host = host_of_authority(authority);
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const bool is_v6 = authority.starts_with('[');
  const auto address = config::read_address((is_v6 ? "[" + host + "]" : host) + ":1");
  return address && config::is_loopback(*address);
}

bool origin_agrees(std::string_view origin, std::string_view authority) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  return equals_ignoring_case(origin.substr(scheme_end + 3), authority);
}

}  // namespace banyan::control
