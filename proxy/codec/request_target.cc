#include "proxy/codec/request_target.h"

#include <algorithm>

#include "proxy/codec/chars.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kPortDigitsMax = 5;

Failure bad_target(const char* detail) {
  return Failure(Error{ErrorCode::bad_target, Side::downstream, Retry::unsafe, detail});
}

Failure bad_host(const char* detail) {
  return Failure(Error{ErrorCode::bad_host, Side::downstream, Retry::unsafe, detail});
}

bool is_port(std::string_view text) {
  return text.size() <= kPortDigitsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_ip_literal_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.';
}

// "[" IP-literal "]" [":" port]
bool is_literal_authority(std::string_view text) {
  const std::size_t end = text.find(']');
  if (end == text.npos) return false;
  const std::string_view address = text.substr(1, end - 1);
  const std::string_view port = text.substr(end + 1);
  if (!port.empty() && (port[0] != ':' || !is_port(port.substr(1)))) return false;
  return !address.empty() && std::all_of(address.begin(), address.end(), is_ip_literal_char);
}

constexpr std::string_view kSchemes[] = {"http://", "https://"};

// Of an absolute-form target; empty where it is none.
std::string_view scheme_of(std::string_view target) {
  for (const std::string_view scheme : kSchemes) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme;
  }
  return {};
}

Result<void> take_host(RequestHead& head) {
  const std::size_t hosts = head.headers.count(HeaderId::host);
  if (hosts > 1) return bad_host("Host repeated");
  if (hosts == 0) {
    if (head.version == HttpVersion::http11) return bad_host("Host missing");
    return {};
  }
  const std::string_view host = *head.headers.find(HeaderId::host);
  if (!is_authority(host)) return bad_host("Host is not a host and a port");
  head.authority.assign(host);
  return {};
}

// The target names the host; what Host says is ignored (RFC 9112 §3.2.2).
Result<void> split_absolute(std::string_view rest, RequestHead& head) {
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  const std::string_view path = rest.substr(end);
  if (!is_authority(authority)) return bad_target("no host in the target");
  head.authority.assign(authority);
  if (path.empty() && head.method == Method::options) {
    head.target.assign("*");  // RFC 9112 §3.2.4
  } else {
    head.target.assign(path.empty() || path[0] == '?' ? "/" : "").append(path);
  }
  return {};
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.starts_with('[')) return is_literal_authority(text);
  const auto* const host_end =
      std::find_if_not(text.begin(), text.end(), [](char c) { return is_reg_name_char(c); });
  if (host_end == text.begin()) return false;
  if (host_end == text.end()) return true;
  const auto host_size = static_cast<std::size_t>(host_end - text.begin());
  return *host_end == ':' && is_port(text.substr(host_size + 1));
}

Result<void> resolve_target(std::string_view text, RequestHead& head) {
  if (text.find('#') != text.npos) return bad_target("fragment");
  if (Result<void> host = take_host(head); !host) return host;
  if (text.starts_with('/')) {
    head.target.assign(text);
    return {};
  }
  if (text == "*") {
    if (head.method != Method::options) return bad_target("`*` without OPTIONS");
    head.target.assign(text);
    return {};
  }
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty()) return bad_target("neither a path nor an http URL");
  return split_absolute(text.substr(scheme.size()), head);
}

}  // namespace banyan::codec
