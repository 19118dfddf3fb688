#include "config/webhook_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/header_id.h"

namespace banyan::config {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

tl::unexpected<std::string> bad(std::string message) {
  return tl::unexpected<std::string>(std::move(message));
}

// What RFC 3986 §2 leaves out is not sent as it is by anybody, and hardly ever meant.
bool is_url_character(char c) {
  constexpr std::string_view kNever = "\"<>\\^`{|}";
  return c > ' ' && c <= '~' && kNever.find(c) == std::string_view::npos;
}

// Of what begins with `http://` or `https://`: the length of that, in any case (RFC 3986 §3.1).
std::size_t scheme_bytes(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(text.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lower;
}

bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

}  // namespace

Read<WebhookUrl> read_webhook_url(std::string_view text) {
  const std::size_t scheme = scheme_bytes(text);
  if (scheme == 0) return bad("expected a URL that begins with http:// or https://");
  if (text.size() > kUrlBytesMax) {
    return bad(fmt::format("longer than {} characters", kUrlBytesMax));
  }
  if (!std::all_of(text.begin(), text.end(), is_url_character)) {
    return bad("has a character that must be percent-encoded in a URL");
  }
  if (text.find('#') != std::string_view::npos)
    return bad("a fragment is never sent: leave it out");
  WebhookUrl url;
  url.tls = scheme == std::string_view("https://").size();
  const std::string_view rest = text.substr(scheme);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = lower_case(rest.substr(0, path));
  if (url.authority.find('@') != std::string::npos) {
    return bad("a user and password do not belong into a URL: see authorization_file");
  }
  const std::uint16_t usual = url.tls ? kHttpsPort : kHttpPort;
  const bool port_given = has_port(url.authority);
  auto address =
      read_endpoint(port_given ? url.authority : fmt::format("{}:{}", url.authority, usual));
  if (!address) return bad(std::move(address.error()));
  if (address->port == 0) return bad("a port must be from 1 to 65535");
  if (port_given && address->port == usual) url.authority.resize(url.authority.rfind(':'));
  url.address = std::move(*address);
  url.target = rest.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

}  // namespace banyan::config
