#include "routing/sticky_key.h"

namespace banyan::routing {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// Keeps the first value, until one comes that is not empty.
void keep_better(std::optional<std::string_view>& kept, std::string_view value) {
  if (!kept || kept->empty()) kept = value;
}

void find_cookie(std::string_view pairs, std::string_view name,
                 std::optional<std::string_view>& found) {
  while (!pairs.empty()) {
    const std::size_t end = pairs.find(';');
    const std::string_view pair = pairs.substr(0, end);
    pairs = end == std::string_view::npos ? std::string_view{} : pairs.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
    keep_better(found, unquoted(trimmed(pair.substr(equals + 1))));
  }
}

std::optional<std::string_view> header_value(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Header h : headers) {
    if (equals_ignoring_case(h.name, name)) keep_better(found, trimmed(h.value));
  }
  return found;
}

}  // namespace

std::optional<std::string_view> cookie_value(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Header h : headers) {
    if (h.id == HeaderId::cookie) find_cookie(h.value, name, found);
  }
  return found;
}

std::optional<std::string_view> sticky_key(const std::vector<StickySource>& sources,
                                           const Headers& headers) {
  for (const StickySource& source : sources) {
    const auto value = source.kind == StickySource::Kind::header
                           ? header_value(headers, source.name)
                           : cookie_value(headers, source.name);
    if (value && !value->empty()) return value;
  }
  return std::nullopt;
}

}  // namespace banyan::routing
