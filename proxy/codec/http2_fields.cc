#include "proxy/codec/http2_fields.h"

#include <algorithm>
#include <string>
#include <utility>

#include "proxy/codec/chars.h"
#include "proxy/codec/forwarded_method.h"
#include "proxy/codec/framing.h"
#include "proxy/codec/head_scanner.h"
#include "proxy/codec/request_target.h"
#include "proxy/codec/trailers.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kLineMarksSize = 4;  // ": " and CRLF
constexpr std::size_t kStatusSize = 3;

// RFC 9113 §8.2.2: what HTTP/2 says by other means.
constexpr HeaderIds kConnectionSpecific{HeaderId::connection, HeaderId::keep_alive,
                                        HeaderId::proxy_connection, HeaderId::transfer_encoding,
                                        HeaderId::upgrade};

bool is_lower_case_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_token_char(c) && ascii_lower(c) == c;
  });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// RFC 9113 §8.2.1, and no control character, which HTTP/1.1 does not take either.
bool is_value(std::string_view value) {
  if (value.empty()) return true;
  const char* const end = value.data() + value.size();
  return !is_blank(value.front()) && !is_blank(value.back()) &&
         find_no_text(value.data(), end) == end;
}

bool is_visible(std::string_view text) {
  const char* const end = text.data() + text.size();
  return find_not_visible(text.data(), end) == end;
}

enum Pseudo : std::uint8_t {
  kMethod = 1,
  kScheme = 2,
  kAuthority = 4,
  kPath = 8,
  kProtocol = 16,  // RFC 8441 §4
};

std::uint8_t pseudo_of(std::string_view name) {
  if (name == ":method") return kMethod;
  if (name == ":scheme") return kScheme;
  if (name == ":authority") return kAuthority;
  if (name == ":path") return kPath;
  if (name == ":protocol") return kProtocol;
  return 0;
}

}  // namespace

// ---- what every section has to keep to --------------------------------------------------------

void Http2Section::begin(std::size_t bytes_max, std::size_t fields_max) {
  fault_.reset();
  bytes_left_ = bytes_max;
  fields_left_ = fields_max;
  regular_seen_ = false;
  cookie_seen_ = false;
}

void Http2Section::refuse(ErrorCode code, std::string_view detail) {
  if (!fault_) fault_ = Error{code, Side::downstream, Retry::unsafe, std::string(detail)};
}

Result<void> Http2Section::result() const {
  if (fault_) return Failure(*fault_);
  return {};
}

bool Http2Section::within_limits(std::string_view name, std::string_view value) {
  const std::size_t size = name.size() + value.size() + kLineMarksSize;
  const bool is_pseudo = name.starts_with(':');
  const bool is_further_crumb = name == "cookie" && std::exchange(cookie_seen_, true);
  const std::size_t fields = is_pseudo || is_further_crumb ? 0 : 1;
  if (size > bytes_left_ || fields > fields_left_) return false;
  bytes_left_ -= size;
  fields_left_ -= fields;
  return true;
}

Http2Section::Kind Http2Section::admit(const Http2Field& field) {
  if (fault_) return Kind::refused;
  const auto& [name, value, never_indexed] = field;
  const bool is_pseudo = name.starts_with(':');
  if (!within_limits(name, value)) {
    refuse(ErrorCode::head_too_large, "too many or too large fields");
  } else if (is_pseudo) {
    if (regular_seen_) refuse(ErrorCode::malformed_request, "pseudo-header behind a field");
  } else {
    regular_seen_ = true;
    check_regular(name, value);
  }
  if (fault_) return Kind::refused;
  return is_pseudo ? Kind::pseudo : Kind::regular;
}

void Http2Section::add_to(Headers& headers, const Http2Field& field) const {
  headers.add_line(field.name, id_, field.value);
  if (field.never_indexed) headers.never_index_last();
}

void Http2Section::check_name(std::string_view name) {
  id_ = header_id(name);
  const bool known = id_ != HeaderId::other;
  const bool valid = known ? name == name_of(id_) : is_lower_case_name(name);
  if (!valid) return refuse(ErrorCode::malformed_request, "field name");
}

void Http2Section::check_regular(std::string_view name, std::string_view value) {
  check_name(name);
  if (!is_value(value)) return refuse(ErrorCode::malformed_request, "field value");
  if (kConnectionSpecific.has(id_)) {
    return refuse(ErrorCode::malformed_request, "connection-specific field");
  }
  if (id_ == HeaderId::te && !equals_ignoring_case(value, "trailers")) {
    refuse(ErrorCode::malformed_request, "TE is not `trailers`");
  }
}

// ---- requests ---------------------------------------------------------------------------------

void Http2RequestFields::begin(const HeadLimits& limits) {
  Http2Section::begin(limits.header_bytes_max, limits.header_count_max);
  cookie_.clear();
  cookie_never_indexed_ = false;
  url_bytes_max_ = limits.url_bytes_max;
  pseudo_seen_ = 0;
  scheme_is_http_ = false;
  protocol_is_websocket_ = false;
}

void Http2RequestFields::take(const Http2Field& field, RequestHead& head) {
  switch (admit(field)) {
    case Kind::refused:
      return;
    case Kind::pseudo:
      return take_pseudo(field.name, field.value, head);
    case Kind::regular:
      return field.name == "cookie" ? take_cookie(field) : add_to(head.headers, field);
  }
}

// RFC 9113 §8.2.3.
void Http2RequestFields::take_cookie(const Http2Field& crumb) {
  if (crumb.value.empty()) return;
  if (cookie_.size() > 0) cookie_.append("; ");
  cookie_.append(crumb.value);
  cookie_never_indexed_ = cookie_never_indexed_ || crumb.never_indexed;
}

void Http2RequestFields::take_pseudo(std::string_view name, std::string_view value,
                                     RequestHead& head) {
  const std::uint8_t pseudo = pseudo_of(name);
  if (pseudo == 0) return refuse(ErrorCode::malformed_request, "unknown pseudo-header");
  if ((pseudo_seen_ & pseudo) != 0) {
    return refuse(ErrorCode::malformed_request, "pseudo-header repeated");
  }
  pseudo_seen_ = static_cast<std::uint8_t>(pseudo_seen_ | pseudo);
  if (pseudo == kMethod) return take_method(value, head);
  if (pseudo == kPath) return take_path(value, head);
  if (pseudo == kAuthority) return take_authority(value, head);
  if (pseudo == kProtocol) {
    protocol_is_websocket_ = equals_ignoring_case(value, "websocket");
    return;
  }
  scheme_is_http_ = equals_ignoring_case(value, "http") || equals_ignoring_case(value, "https");
}

void Http2RequestFields::take_method(std::string_view value, RequestHead& head) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_token_char)) {
    return refuse(ErrorCode::malformed_request, "method");
  }
  head.method_text.assign(value);
  head.method = method_of(value);
}

void Http2RequestFields::take_path(std::string_view value, RequestHead& head) {
  if (value.size() > url_bytes_max_) return refuse(ErrorCode::url_too_long, ":path too long");
  if (!is_visible(value)) return refuse(ErrorCode::bad_target, "character");
  head.target.assign(value);
}

void Http2RequestFields::take_authority(std::string_view value, RequestHead& head) {
  if (!is_authority(value)) return refuse(ErrorCode::bad_host, ":authority");
  head.authority.assign(value);
}

Result<void> Http2RequestFields::end(bool ended, RequestHead& head) {
  head.version = HttpVersion::http2;
  if (!refused() && (pseudo_seen_ & kProtocol) != 0) take_extended_connect(head);
  if (!refused()) check_pseudo(head);
  if (!refused()) check_host(head);
  if (!refused()) finish(ended, head);
  return result();
}

// RFC 8441 §4 and §5: the same request as HTTP/1.1 would say it, but for the key of its handshake.
void Http2RequestFields::take_extended_connect(RequestHead& head) {
  if (head.method != Method::connect) {
    return refuse(ErrorCode::malformed_request, ":protocol without CONNECT");
  }
  if (head.headers.has(HeaderId::content_length)) {
    return refuse(ErrorCode::bad_framing, "Content-Length of a tunnel");
  }
  if (!protocol_is_websocket_) return refuse(ErrorCode::upgrade_unsupported, ":protocol");
  head.method_text.assign("GET");
  head.method = Method::get;
  head.headers.add(HeaderId::connection, "upgrade");
  head.headers.add(HeaderId::upgrade, "websocket");
}

// RFC 9113 §8.3.1 and §8.5.
void Http2RequestFields::check_pseudo(const RequestHead& head) {
  const auto seen = [&](std::uint8_t which) { return (pseudo_seen_ & which) != 0; };
  if (!seen(kMethod)) return refuse(ErrorCode::malformed_request, ":method missing");
  if (head.method == Method::connect && (seen(kScheme) || seen(kPath) || !seen(kAuthority))) {
    return refuse(ErrorCode::malformed_request, "CONNECT is more or less than :authority");
  }
  if (!is_forwarded(head)) return refuse(ErrorCode::method_not_allowed, head.method_text);
  if (!seen(kScheme)) return refuse(ErrorCode::malformed_request, ":scheme missing");
  if (!seen(kPath)) return refuse(ErrorCode::malformed_request, ":path missing");
  if (!scheme_is_http_) return refuse(ErrorCode::bad_target, "neither http nor https");
  if (!head.target.view().starts_with('/') && head.target != "*") {
    refuse(ErrorCode::bad_target, ":path is no path");  // absolute-form would name another host
  }
}

void Http2RequestFields::check_host(const RequestHead& head) {
  const std::optional<std::string_view> host = head.headers.find(HeaderId::host);
  if (!host && head.authority.empty()) return refuse(ErrorCode::bad_host, "no authority");
  if (host && !head.authority.empty() && !equals_ignoring_case(*host, head.authority)) {
    refuse(ErrorCode::bad_host, "Host is not :authority");
  }
}

void Http2RequestFields::finish(bool ended, RequestHead& head) {
  const auto refuse_as = [&](const Error& error) { refuse(error.code, error.detail); };
  if (Result<void> resolved = resolve_target(head.target, head); !resolved) {
    return refuse_as(resolved.error());
  }
  if (cookie_.size() > 0) {
    head.headers.add_line(HeaderId::cookie, cookie_.view());
    if (cookie_never_indexed_) head.headers.never_index_last();
  }
  const Result<BodyLength> length = request_body_length(head.version, head.headers);
  if (!length) return refuse_as(length.error());
  head.content_length = length->content_length.value_or(0);
  head.expect_continue = head.headers.has_token(HeaderId::expect, "100-continue");
  if ((pseudo_seen_ & kProtocol) != 0) return;  // what follows is no body
  if (!ended) {
    head.framing = length->content_length ? Framing::content_length : Framing::chunked;
  } else if (head.content_length > 0) {
    refuse(ErrorCode::bad_framing, "Content-Length without a body");
  } else {
    head.framing = length->framing;
  }
}

// ---- responses --------------------------------------------------------------------------------

namespace {

Result<void> of_upstream(Result<void> result) {
  if (result) return {};
  result.error().code = ErrorCode::upstream_malformed;
  result.error().side = Side::upstream;
  return result;
}

}  // namespace

void Http2ResponseFields::begin(const HeadLimits& limits) {
  Http2Section::begin(limits.header_bytes_max, limits.header_count_max);
}

void Http2ResponseFields::take(const Http2Field& field, ResponseHead& head) {
  switch (admit(field)) {
    case Kind::refused:
      return;
    case Kind::pseudo:
      if (field.name == ":status") return take_status(field.value, head);
      return refuse(ErrorCode::upstream_malformed, "unknown pseudo-header");
    case Kind::regular:
      add_to(head.headers, field);
  }
}

void Http2ResponseFields::take_status(std::string_view value, ResponseHead& head) {
  const bool is_number =
      value.size() == kStatusSize &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (head.status != 0 || !is_number) return refuse(ErrorCode::upstream_malformed, ":status");
  head.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
  if (head.status < 100 || head.status >= 600 || head.status == 101) {
    refuse(ErrorCode::upstream_malformed, ":status");  // 101: RFC 9113 §8.6
  }
}

Result<void> Http2ResponseFields::end(Method asked, bool ended, ResponseHead& head) {
  head.version = HttpVersion::http2;
  if (head.status == 0) refuse(ErrorCode::upstream_malformed, ":status missing");
  if (ended && head.status < 200) {
    refuse(ErrorCode::upstream_malformed, "ended by an informational head");
  }
  if (refused()) return of_upstream(result());
  Result<BodyLength> length = response_body_length(asked, head.status, head.version, head.headers);
  if (!length) return Failure(length.error());
  head.content_length = length->content_length;
  head.framing = length->framing == Framing::until_close ? Framing::chunked : length->framing;
  if (length->contradicts_itself) {
    refuse(ErrorCode::upstream_malformed, "Content-Length where there is no body");
  } else if (ended && head.framing != Framing::none) {
    if (head.content_length.value_or(0) > 0) {
      refuse(ErrorCode::upstream_malformed, "Content-Length without a body");
    }
    head.framing = Framing::none;
  }
  return of_upstream(result());
}

// ---- trailers ---------------------------------------------------------------------------------

void Http2TrailerFields::begin(const HeadLimits& limits) {
  const ScanLimits scan = trailer_scan_limits(limits);
  Http2Section::begin(scan.bytes_max, scan.fields_max);
}

void Http2TrailerFields::take(const Http2Field& field, Headers& kept) {
  switch (admit(field)) {
    case Kind::refused:
      return;
    case Kind::pseudo:
      return refuse(ErrorCode::bad_framing, "pseudo-header behind the body");
    case Kind::regular:
      break;
  }
  const TrailerUse use = trailer_use(field.name);
  if (use == TrailerUse::refuse) return refuse(ErrorCode::bad_framing, "field behind the body");
  if (use == TrailerUse::forward) add_to(kept, field);
}

}  // namespace banyan::codec
