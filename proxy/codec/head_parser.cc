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

// A head without its blank line: the start line without its end, and the field lines.
struct Parts {
  Bytes start_line;
  Bytes field_lines;
};

Parts parts_of(Bytes head) {
  const std::size_t end = std::min(head.find('\r'), head.size() - kLineEndSize);
  head.remove_suffix(kLineEndSize);
  return {head.substr(0, end), head.substr(end + kLineEndSize)};
}

// 1.0 and 1.1 (RFC 9112 §2.3).
bool take_version(Bytes text, HttpVersion& version) {
  if (!text.starts_with("HTTP/1.")) return false;
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

// method SP request-target SP HTTP-version, with these two spaces and no other. `target` is set as
// soon as it is known.
Result<void> take_request_line(Bytes line, const HeadLimits& limits, RequestHead& head,
                               Bytes& target) {
  const auto* const token_end =
      std::find_if_not(line.begin(), line.end(), [](char c) { return is_token_char(c); });
  const auto method_size = static_cast<std::size_t>(token_end - line.begin());
  head.method_text.assign(line.substr(0, method_size));
  head.method = method_of(head.method_text);
  if (method_size == 0 || method_size == line.size() || *token_end != ' ') {
    return malformed("method");
  }
  line.remove_prefix(method_size + 1);
  const char* const line_end = line.data() + line.size();
  const char* const target_end = find_not_visible(line.data(), line_end);
  target = line.substr(0, static_cast<std::size_t>(target_end - line.data()));
  if (target.size() > limits.url_bytes_max) {
    return Failure(request_error(ErrorCode::url_too_long, "target too long"));
  }
  if (target.empty() || target_end == line_end) return malformed("request line");
  if (*target_end != ' ') return Failure(request_error(ErrorCode::bad_target, "character"));
  line.remove_prefix(target.size() + 1);
  if (line.size() != kVersionSize || !take_version(line, head.version)) {
    return malformed("HTTP version");
  }
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

Result<void> read_request(const Parts& parts, const HeadLimits& limits, RequestHead& head,
                          Bytes& target) {
  if (Result<void> line = take_request_line(parts.start_line, limits, head, target); !line) {
    return line;
  }
  if (!is_forwarded(head)) {
    return Failure(request_error(ErrorCode::method_not_allowed, head.method_text));
  }
  if (!parse_field_lines(parts.field_lines, head.headers)) return malformed("field");
  return check_request(target, head);
}

// ---- Responses --------------------------------------------------------------------------------

constexpr std::size_t kStatusAt = kVersionSize + 1;
constexpr std::size_t kStatusSize = 3;
constexpr std::size_t kReasonAt = kStatusAt + kStatusSize + 1;

bool is_acceptable_status(int status) { return status >= 100 && status < 600 && status != 101; }

// HTTP-version SP 3DIGIT [ SP reason-phrase ]: the second space is often missing where there is no
// reason.
const char* fault_of_status_line(Bytes line, ResponseHead& head) {
  if (line.size() < kStatusAt + kStatusSize || line[kVersionSize] != ' ') return "status line";
  if (!take_version(line, head.version)) return "HTTP version";
  head.status = 0;
  for (const char c : line.substr(kStatusAt, kStatusSize)) {
    if (c < '0' || c > '9') return "status line";
    head.status = head.status * 10 + (c - '0');
  }
  if (!is_acceptable_status(head.status)) return "status";
  if (line.size() == kStatusAt + kStatusSize) return nullptr;
  if (line[kReasonAt - 1] != ' ') return "status line";
  const Bytes reason = line.substr(kReasonAt);
  const char* const end = reason.data() + reason.size();
  if (find_no_text(reason.data(), end) != end) return "reason phrase";
  head.reason.assign(reason);
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

Result<void> parse_request_head(Bytes bytes, const HeadLimits& limits, RequestHead& head) {
  Bytes target;
  Result<void> parsed = read_request(parts_of(bytes), limits, head, target);
  if (!parsed && head.target.empty()) head.target.assign(target);  // for the log
  return parsed;
}

Result<void> parse_response_head(Bytes bytes, Method asked, ResponseHead& head) {
  const Parts parts = parts_of(bytes);
  if (const char* fault = fault_of_status_line(parts.start_line, head); fault != nullptr) {
    return Failure(response_error(fault));
  }
  if (!parse_field_lines(parts.field_lines, head.headers)) return Failure(response_error("field"));
  return check_response(asked, head);
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
