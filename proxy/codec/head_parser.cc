#include "proxy/codec/head_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proxy/codec/chars.h"
#include "proxy/codec/framing.h"
#include "proxy/codec/request_target.h"

namespace banyan::codec {
namespace {

// What a callback of llhttp returns to stop it. The reason is in the build.
constexpr int kStop = -1;
constexpr int kGoOn = 0;
constexpr int kNoBody = 1;

// What is known while llhttp walks through a head. `Head` is RequestHead or ResponseHead.
template <class Head>
struct Build {
  Head& head;
  Bytes name = {};
  Bytes value = {};
  bool complete = false;
  std::optional<Error> error = std::nullopt;
};
struct RequestBuild : Build<RequestHead> {
  const HeadLimits& limits;
  Bytes bytes;
  Bytes url = {};
};
struct ResponseBuild : Build<ResponseHead> {
  Method asked;
};

template <class B>
B& build_of(llhttp_t* parser) {
  return *static_cast<B*>(parser->data);
}

template <class B>
int on_name(llhttp_t* parser, const char* at, std::size_t size) {
  build_of<B>(parser).name = {at, size};
  build_of<B>(parser).value = {};
  return kGoOn;
}

template <class B>
int on_value(llhttp_t* parser, const char* at, std::size_t size) {
  build_of<B>(parser).value = {at, size};
  return kGoOn;
}

// The whole line, where it came as it would be written: one space before the value, none behind it.
Bytes line_as_written(Bytes name, Bytes value) {
  const char* const colon = name.data() + name.size();
  if (value.empty() || value.data() != colon + 2 || colon[1] != ' ') return {};
  const char* const end = value.data() + value.size();
  if (end[0] != '\r' || end[-1] == ' ' || end[-1] == '\t') return {};
  return {name.data(), static_cast<std::size_t>(end + 2 - name.data())};
}

template <class B>
int on_field(llhttp_t* parser) {
  B& build = build_of<B>(parser);
  const Bytes line = line_as_written(build.name, build.value);
  if (!line.empty()) {
    build.head.headers.add_line(line, build.name.size());
  } else {
    const std::size_t last = build.value.find_last_not_of(" \t");
    build.head.headers.add(build.name, build.value.substr(0, last + 1));
  }
  return kGoOn;
}

template <class B>
int stop(B& build, Error&& error) {
  build.error = std::move(error);
  return kStop;
}

// 1.0 and 1.1 (RFC 9112 §2.3). llhttp lets 0.9 and 2.0 through.
std::optional<HttpVersion> version_of(const llhttp_t& parser) {
  if (parser.http_major != 1 || parser.http_minor > 1) return std::nullopt;
  return parser.http_minor == 1 ? HttpVersion::http11 : HttpVersion::http10;
}

// A second opinion: a difference would mean that one of us misread the head.
bool llhttp_agrees(const llhttp_t& parser, Framing framing, std::uint64_t content_length) {
  const bool chunked = (parser.flags & F_CHUNKED) != 0;
  const bool counted = (parser.flags & F_CONTENT_LENGTH) != 0;
  return chunked == (framing == Framing::chunked) &&
         counted == (framing == Framing::content_length) &&
         (!counted || parser.content_length == content_length);
}

// ---- Requests ---------------------------------------------------------------------------------

Error request_error(ErrorCode code, std::string_view detail) {
  return Error{code, Side::downstream, Retry::unsafe, std::string(detail)};
}

int on_method(llhttp_t* parser, const char* at, std::size_t size) {
  RequestHead& head = build_of<RequestBuild>(parser).head;
  head.method_text.assign(at, size);
  head.method = method_of(head.method_text);
  return kGoOn;
}

// llhttp takes any number of spaces around the target and also RTSP/ and ICE/ after it.
bool stands_alone(Bytes url, const RequestBuild& build) {
  const auto at = static_cast<std::size_t>(url.data() - build.bytes.data());
  return at == build.head.method_text.size() + 1 &&
         build.bytes.substr(at + url.size()).starts_with(" HTTP/");
}

int on_url(llhttp_t* parser, const char* at, std::size_t size) {
  auto& build = build_of<RequestBuild>(parser);
  build.url = {at, size};
  build.head.target.assign(build.url);
  if (size > build.limits.url_bytes_max) {
    return stop(build, request_error(ErrorCode::url_too_long, "target too long"));
  }
  if (!stands_alone(build.url, build)) {
    return stop(build, request_error(ErrorCode::malformed_request, "bad request line"));
  }
  return kGoOn;
}

bool expects_continue(const RequestHead& head) {
  return head.version != HttpVersion::http10 &&
         head.headers.has_token(HeaderId::expect, "100-continue");
}

Result<void> check_request(const llhttp_t& parser, RequestBuild& build) {
  RequestHead& head = build.head;
  const auto version = version_of(parser);
  if (!version) return Failure(request_error(ErrorCode::malformed_request, "HTTP version"));
  head.version = *version;
  head.keep_alive = keeps_alive(head.version, head.headers);
  if (head.method == Method::connect || head.method == Method::trace) {
    return Failure(request_error(ErrorCode::method_not_allowed, head.method_text));
  }
  if (Result<void> target = resolve_target(build.url, head); !target) return target;
  const Result<BodyLength> length = request_body_length(head.version, head.headers);
  if (!length) return Failure(length.error());
  head.framing = length->framing;
  head.content_length = length->content_length.value_or(0);
  head.expect_continue = expects_continue(head);
  if (!llhttp_agrees(parser, head.framing, head.content_length)) {
    return Failure(request_error(ErrorCode::bad_framing, "two readings of the length"));
  }
  return {};
}

int on_request_complete(llhttp_t* parser) {
  auto& build = build_of<RequestBuild>(parser);
  build.complete = true;
  parser->upgrade = 0;  // RFC 9110 §7.8: we answer as if it had not been asked for
  Result<void> checked = check_request(*parser, build);
  return checked ? kGoOn : stop(build, std::move(checked.error()));
}

ErrorCode request_code(int llhttp_error) {
  switch (llhttp_error) {
    case HPE_INVALID_URL:
      return ErrorCode::bad_target;
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_INVALID_TRANSFER_ENCODING:
      return ErrorCode::bad_framing;
    default:
      return ErrorCode::malformed_request;
  }
}

// llhttp knows the methods by name; a method that it does not know is no malformed request.
bool is_unknown_method(Bytes bytes, RequestHead& head) {
  const Bytes line = bytes.substr(0, bytes.find('\r'));
  const std::size_t size = std::min(line.find(' '), line.size());
  if (!line.ends_with(" HTTP/1.1") && !line.ends_with(" HTTP/1.0")) return false;
  if (!std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(size), is_token_char)) {
    return false;
  }
  head.method = Method::other;
  head.method_text.assign(line.substr(0, size));
  return true;
}

constexpr llhttp_settings_t make_request_settings() {
  llhttp_settings_t s{};
  s.on_method = on_method;
  s.on_url = on_url;
  s.on_header_field = on_name<RequestBuild>;
  s.on_header_value = on_value<RequestBuild>;
  s.on_header_value_complete = on_field<RequestBuild>;
  s.on_headers_complete = on_request_complete;
  return s;
}
constexpr llhttp_settings_t kRequestSettings = make_request_settings();

// ---- Responses --------------------------------------------------------------------------------

// llhttp takes any number of digits up to 999.
bool is_status_line(Bytes bytes) {
  constexpr std::size_t kStatusAt = 9;
  constexpr std::size_t kStatusEnd = 12;
  if (bytes.size() <= kStatusEnd || bytes[kStatusAt - 1] != ' ') return false;
  const Bytes status = bytes.substr(kStatusAt, kStatusEnd - kStatusAt);
  const bool digits =
      std::all_of(status.begin(), status.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && (bytes[kStatusEnd] == ' ' || bytes[kStatusEnd] == '\r');
}

int on_reason(llhttp_t* parser, const char* at, std::size_t size) {
  auto& build = build_of<ResponseBuild>(parser);
  build.head.reason.assign(at, size);
  if (!std::all_of(at, at + size, is_text_char)) {
    return stop(build, response_error("reason phrase"));
  }
  return kGoOn;
}

bool is_acceptable_status(int status) { return status >= 100 && status < 600 && status != 101; }

Result<BodyLength> check_response(const llhttp_t& parser, ResponseBuild& build) {
  ResponseHead& head = build.head;
  const auto version = version_of(parser);
  if (!version) return Failure(response_error("HTTP version"));
  head.version = *version;
  head.status = parser.status_code;
  if (!is_acceptable_status(head.status)) return Failure(response_error("status"));
  Result<BodyLength> length =
      response_body_length(build.asked, head.status, head.version, head.headers);
  if (!length) return length;
  head.framing = length->framing;
  head.content_length = length->content_length;
  head.keep_alive = keeps_alive(head.version, head.headers) && !length->contradicts_itself &&
                    head.framing != Framing::until_close;
  return length;
}

int on_response_complete(llhttp_t* parser) {
  auto& build = build_of<ResponseBuild>(parser);
  build.complete = true;
  parser->upgrade = 0;
  Result<BodyLength> length = check_response(*parser, build);
  if (!length) return stop(build, std::move(length.error()));
  if (length->framing == Framing::none) return kNoBody;
  if (!llhttp_agrees(*parser, length->framing, length->content_length.value_or(0))) {
    return stop(build, response_error("two readings of the length"));
  }
  return kGoOn;
}

constexpr llhttp_settings_t make_response_settings() {
  llhttp_settings_t s{};
  s.on_status = on_reason;
  s.on_header_field = on_name<ResponseBuild>;
  s.on_header_value = on_value<ResponseBuild>;
  s.on_header_value_complete = on_field<ResponseBuild>;
  s.on_headers_complete = on_response_complete;
  return s;
}
constexpr llhttp_settings_t kResponseSettings = make_response_settings();

}  // namespace

Result<void> parse_request_head(llhttp_t& parser, Bytes bytes, const HeadLimits& limits,
                                RequestHead& head) {
  RequestBuild build{{head}, limits, bytes};
  llhttp_init(&parser, HTTP_REQUEST, &kRequestSettings);
  parser.data = &build;
  const llhttp_errno_t result = llhttp_execute(&parser, bytes.data(), bytes.size());
  parser.data = nullptr;
  if (build.error) return Failure(std::move(*build.error));
  if (result == HPE_INVALID_METHOD && is_unknown_method(bytes, head)) {
    return Failure(request_error(ErrorCode::method_not_allowed, head.method_text));
  }
  if (result != HPE_OK) {
    const char* reason = llhttp_get_error_reason(&parser);
    return Failure(request_error(request_code(result), reason == nullptr ? "" : reason));
  }
  // The HTTP/2 preface is the one head that llhttp waits on.
  if (!build.complete) {
    return Failure(request_error(ErrorCode::malformed_request, "HTTP/2 preface"));
  }
  return {};
}

Result<void> parse_response_head(llhttp_t& parser, Bytes bytes, Method asked, ResponseHead& head) {
  if (!is_status_line(bytes)) return Failure(response_error("status line"));
  ResponseBuild build{{head}, asked};
  llhttp_init(&parser, HTTP_RESPONSE, &kResponseSettings);
  parser.data = &build;
  const llhttp_errno_t result = llhttp_execute(&parser, bytes.data(), bytes.size());
  parser.data = nullptr;
  if (build.error) return Failure(std::move(*build.error));
  if (result != HPE_OK || !build.complete) {
    const char* reason = llhttp_get_error_reason(&parser);
    return Failure(response_error(reason == nullptr ? "head" : reason));
  }
  return {};
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
