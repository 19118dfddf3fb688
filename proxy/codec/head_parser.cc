#include "proxy/codec/head_parser.h"

#include <algorithm>
#include <utility>

#include "proxy/codec/chars.h"
#include "proxy/codec/field_lines.h"
#include "proxy/codec/forwarded_method.h"
#include "proxy/codec/framing.h"
#include "proxy/codec/request_target.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kLineEndSize = 2;
constexpr std::size_t kVersionSize = 8;  // "HTTP/1.1"

bool ends_line(Bytes rest) { return rest.starts_with("\r\n"); }

// 1.0 and 1.1 (RFC 9112 §2.3).
bool take_version(Bytes text, HttpVersion& version) {
  if (text.size() < kVersionSize || !text.starts_with("HTTP/1.")) return false;
  const char minor = text[kVersionSize - 1];
  version = minor == '1' ? HttpVersion::http11 : HttpVersion::http10;
  return minor == '0' || minor == '1';
}

// ---- Requests ---------------------------------------------------------------------------------

Error request_error(ErrorCode code, std::string_view detail) {
  return Error{code, Side::downstream, Retry::unsafe, std::string(detail)};
}

Failure malformed(std::string_view detail) {
  return Failure(request_error(ErrorCode::malformed_request, detail));
}

// method SP request-target SP HTTP-version CRLF, with these two spaces and no other, off the front
// of `in`. `target` is set as soon as it is known.
Result<void> take_request_line(Bytes& in, const HeadLimits& limits, RequestHead& head,
                               Bytes& target) {
  const auto* const token_end =
      std::find_if_not(in.begin(), in.end(), [](char c) { return is_token_char(c); });
  const auto method_size = static_cast<std::size_t>(token_end - in.begin());
  head.method_text.assign(in.substr(0, method_size));
  head.method = method_of(head.method_text);
  if (method_size == 0 || method_size == in.size() || *token_end != ' ') {
    return malformed("method");
  }
  in.remove_prefix(method_size + 1);
  const char* const end = in.data() + in.size();
  const char* const target_end = find_not_visible(in.data(), end);
  target = in.substr(0, static_cast<std::size_t>(target_end - in.data()));
  if (target.size() > limits.url_bytes_max) {
    return Failure(request_error(ErrorCode::url_too_long, "target too long"));
  }
  if (target.empty() || target_end == end || *target_end == '\r') return malformed("request line");
  if (*target_end != ' ') return Failure(request_error(ErrorCode::bad_target, "character"));
  in.remove_prefix(target.size() + 1);
  if (!take_version(in, head.version) || !ends_line(in.substr(kVersionSize))) {
    return malformed("HTTP version");
  }
  in.remove_prefix(kVersionSize + kLineEndSize);
  return {};
}

bool expects_continue(const RequestHead& head) {
  return head.version != HttpVersion::http10 &&
         head.headers.has_token(HeaderId::expect, "100-continue");
}

Result<void> check_request(Bytes target, RequestHead& head) {
  head.keep_alive = keeps_alive(head.version, head.headers);
  if (Result<void> resolved = resolve_target(target, head); !resolved) return resolved;
  const Result<BodyLength> length = request_body_length(head.version, head.headers);
  if (!length) return Failure(length.error());
  head.framing = length->framing;
  head.content_length = length->content_length.value_or(0);
  head.expect_continue = expects_continue(head);
  return {};
}

Result<std::size_t> read_request(Bytes in, const HeadLimits& limits, RequestHead& head,
                                 Bytes& target) {
  const std::size_t size = in.size();
  if (Result<void> line = take_request_line(in, limits, head, target); !line) {
    return Failure(std::move(line.error()));
  }
  if (!is_forwarded(head)) {
    return Failure(request_error(ErrorCode::method_not_allowed, head.method_text));
  }
  const std::size_t lines = parse_field_lines(in, limits.header_count_max, head.headers);
  if (lines == 0) return malformed("field");
  if (Result<void> checked = check_request(target, head); !checked) {
    return Failure(std::move(checked.error()));
  }
  return size - in.size() + lines;
}

// ---- Responses --------------------------------------------------------------------------------

constexpr std::size_t kStatusAt = kVersionSize + 1;
constexpr std::size_t kStatusSize = 3;
constexpr std::size_t kReasonAt = kStatusAt + kStatusSize + 1;

bool is_acceptable_status(int status) { return status >= 100 && status < 600; }

// HTTP-version SP 3DIGIT [ SP reason-phrase ] CRLF off the front of `in`: the second space is often
// missing where there is no reason.
const char* take_status_line(Bytes& in, ResponseHead& head) {
  if (in.size() < kReasonAt || in[kVersionSize] != ' ') return "status line";
  if (!take_version(in, head.version)) return "HTTP version";
  head.status = 0;
  for (const char c : in.substr(kStatusAt, kStatusSize)) {
    if (c < '0' || c > '9') return "status line";
    head.status = head.status * 10 + (c - '0');
  }
  if (!is_acceptable_status(head.status)) return "status";
  const bool has_reason = in[kReasonAt - 1] == ' ';
  in.remove_prefix(has_reason ? kReasonAt : kReasonAt - 1);
  const char* const reason_end =
      has_reason ? find_no_text(in.data(), in.data() + in.size()) : in.data();
  const auto reason_size = static_cast<std::size_t>(reason_end - in.data());
  if (!ends_line(in.substr(reason_size))) return has_reason ? "reason phrase" : "status line";
  head.reason.assign(in.substr(0, reason_size));
  in.remove_prefix(reason_size + kLineEndSize);
  return nullptr;
}

Result<void> check_response(Method asked, ResponseHead& head) {
  const Result<BodyLength> length =
      response_body_length(asked, head.status, head.version, head.headers);
  if (!length) return Failure(length.error());
  head.framing = length->framing;
  head.content_length = length->content_length;
  head.keep_alive = keeps_alive(head.version, head.headers) && !length->contradicts_itself &&
                    head.framing != Framing::until_close;
  return {};
}

}  // namespace

Result<std::size_t> parse_request_head(Bytes in, const HeadLimits& limits, RequestHead& head) {
  Bytes target;
  Result<std::size_t> size =
      read_request(in.substr(0, limits.header_bytes_max), limits, head, target);
  if (!size && head.target.empty()) head.target.assign(target);  // for the log
  return size;
}

Result<std::size_t> parse_response_head(Bytes in, const HeadLimits& limits, Method asked,
                                        ResponseHead& head) {
  in = in.substr(0, limits.header_bytes_max);
  const std::size_t size = in.size();
  if (const char* fault = take_status_line(in, head); fault != nullptr) {
    return Failure(response_error(fault));
  }
  const std::size_t lines = parse_field_lines(in, limits.header_count_max, head.headers);
  if (lines == 0) return Failure(response_error("field"));
  if (Result<void> checked = check_response(asked, head); !checked) {
    return Failure(std::move(checked.error()));
  }
  return size - in.size() + lines;
}

Error request_error(HeadFault fault) {
  switch (fault) {
    case HeadFault::start_line_too_long:
      return request_error(ErrorCode::url_too_long, to_string(fault));
    case HeadFault::too_many_bytes:
    case HeadFault::too_many_fields:
      return request_error(ErrorCode::head_too_large, to_string(fault));
    default:
      return request_error(ErrorCode::malformed_request, to_string(fault));
  }
}

Error response_error(std::string_view detail) {
  return Error{ErrorCode::upstream_malformed, Side::upstream, Retry::unsafe, std::string(detail)};
}

}  // namespace banyan::codec
