#include "routing/sticky_key.h"

#include <fmt/format.h>

#include <iterator>

#include "base/ip_network.h"
#include "routing/jwt_claim.h"

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

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = ascii_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

void decode_into(std::string& out, std::string_view text) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && text.size() - i > 2 && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
}

}  // namespace

std::optional<std::string_view> header_value(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Header h : headers) {
    if (equals_ignoring_case(h.name, name)) keep_better(found, trimmed(h.value));
  }
  return found;
}

std::optional<std::string_view> cookie_value(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Header h : headers) {
    if (h.id == HeaderId::cookie) find_cookie(h.value, name, found);
  }
  return found;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name,
                                            std::string& scratch) {
  bool found = false;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const std::size_t equals = pair.find('=');
    decode_into(scratch, pair.substr(0, equals));
    if (scratch != name) continue;
    found = true;
    scratch.clear();
    if (equals != std::string_view::npos) decode_into(scratch, pair.substr(equals + 1));
    if (!scratch.empty()) return scratch;
  }
  scratch.clear();
  return found ? std::optional<std::string_view>(scratch) : std::nullopt;
}

namespace {

// The address, or the network that it is in: `192.0.2.0/24`, `2001:db8:0:0:0:0:0:0/56`.
std::string_view client_key(const StickySource& source, const KeyPlaces& places) {
  if (source.ipv4_bits == 32 && source.ipv6_bits == 128) return places.client;
  const auto address = IpAddress::parse(places.client);
  if (!address) return places.client;
  auto bytes = address->bytes();
  const std::size_t own_bits = address->is_v4() ? source.ipv4_bits : source.ipv6_bits;
  const std::size_t bits = address->is_v4() ? own_bits + 96 : own_bits;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t kept = bits > i * 8 ? std::min<std::size_t>(8, bits - i * 8) : 0;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  places.scratch.clear();
  const auto out = std::back_inserter(places.scratch);
  if (address->is_v4()) {
    fmt::format_to(out, "{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
  } else {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      fmt::format_to(out, "{}{:x}", i > 0 ? ":" : "", bytes[i] << 8U | bytes[i + 1]);
    }
  }
  fmt::format_to(out, "/{}", own_bits);
  return places.scratch;
}

std::optional<std::string_view> value_at(const StickySource& source, const KeyPlaces& places) {
  switch (source.kind) {
    case StickySource::Kind::header:
      return header_value(places.request.headers, source.name);
    case StickySource::Kind::cookie:
    case StickySource::Kind::issue_cookie:
      return cookie_value(places.request.headers, source.name);
    case StickySource::Kind::query:
      return query_value(places.request.query(), source.name, places.scratch);
    case StickySource::Kind::client_ip:
      return client_key(source, places);
    case StickySource::Kind::jwt_claim:
      return jwt_claim(places.request.headers, source.name, places.scratch);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> sticky_key(const std::vector<StickySource>& sources,
                                           const KeyPlaces& places) {
  for (const StickySource& source : sources) {
    const auto value = value_at(source, places);
    if (value && !value->empty()) return value;
  }
  return std::nullopt;
}

std::string_view issue_key(const KeyPlaces& places) {
  places.scratch.clear();
  for (int half = 0; half < 2; ++half) {
    fmt::format_to(std::back_inserter(places.scratch), "{:016x}", places.tools.random_bits());
  }
  return places.scratch;
}

}  // namespace banyan::routing
