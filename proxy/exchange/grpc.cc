#include "proxy/exchange/grpc.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace banyan::exchange {
namespace {

constexpr std::string_view kContentType = "application/grpc";
constexpr std::size_t kTimeoutDigitsMax = 8;
constexpr Milliseconds kTimeoutMax = std::chrono::hours(365 * 24);

enum GrpcStatus : int {
  kCancelled = 1,
  kUnknown = 2,
  kDeadlineExceeded = 4,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,  // the last one
};

// Units that are whole milliseconds.
std::optional<std::int64_t> milliseconds_of(char unit) {
  switch (unit) {
    case 'H':
      return 3'600'000;
    case 'M':
      return 60'000;
    case 'S':
      return 1'000;
    case 'm':
      return 1;
    default:
      return std::nullopt;
  }
}

// Units of which so many are a millisecond.
std::optional<std::int64_t> parts_of(char unit) {
  if (unit == 'u') return 1'000;
  if (unit == 'n') return 1'000'000;
  return std::nullopt;
}

}  // namespace

bool is_grpc(const RequestHead& head) {
  if (head.version != HttpVersion::http2) return false;
  const std::string_view type = head.headers.find(HeaderId::content_type).value_or("");
  if (!equals_ignoring_case(type.substr(0, kContentType.size()), kContentType)) return false;
  const std::string_view rest = type.substr(kContentType.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';' || rest.front() == ' ';
}

std::optional<Milliseconds> grpc_timeout(const RequestHead& head) {
  const std::string_view text = head.headers.find(HeaderId::grpc_timeout).value_or("");
  if (text.size() < 2 || text.size() > kTimeoutDigitsMax + 1) return std::nullopt;
  const char* const unit = text.data() + text.size() - 1;
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), unit, value);
  if (failure != std::errc() || end != unit) return std::nullopt;
  if (const auto each = milliseconds_of(*unit)) {
    return std::min(Milliseconds(value * *each), kTimeoutMax);
  }
  if (const auto parts = parts_of(*unit)) return Milliseconds((value + *parts - 1) / *parts);
  return std::nullopt;
}

std::optional<int> grpc_status_in(const Headers& fields) {
  const auto text = fields.find(HeaderId::grpc_status);
  if (!text) return std::nullopt;
  std::uint32_t status = 0;
  const char* const end = text->data() + text->size();
  const auto [read_to, failure] = std::from_chars(text->data(), end, status);
  const bool is_one = failure == std::errc() && read_to == end && status <= kUnauthenticated;
  return is_one ? static_cast<int>(status) : kUnknown;
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
int grpc_status_of_http(int status) {
  switch (status) {
    case 400:
      return kInternal;
    case 401:
      return kUnauthenticated;
    case 403:
      return kPermissionDenied;
    case 404:
      return kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return kUnavailable;
    default:
      return kUnknown;
  }
}

int grpc_status_of(ErrorCode code) {
  if (code == ErrorCode::shadow_write) return kPermissionDenied;
  if (code == ErrorCode::upstream_malformed || code == ErrorCode::internal) return kInternal;
  switch (status_of(code)) {
    case 0:
      return kCancelled;
    case 404:
    case 405:
    case 501:
      return kUnimplemented;
    case 408:
    case 504:
      return kDeadlineExceeded;
    case 413:
    case 414:
    case 431:
      return kResourceExhausted;
    case 502:
    case 503:
      return kUnavailable;
    default:
      return kInternal;
  }
}

int grpc_status_of(shadow::Outcome outcome) {
  switch (outcome) {
    case shadow::Outcome::timed_out:
      return kDeadlineExceeded;
    case shadow::Outcome::refused:
    case shadow::Outcome::reset:
    case shadow::Outcome::cut_off:
      return kUnavailable;
    case shadow::Outcome::malformed:
      return kInternal;
    default:
      return kCancelled;  // by us
  }
}

bool make_grpc_error(const Error& error, ResponseHead& head) {
  if (status_of(error.code) == 0) return false;
  head.clear();
  head.status = 200;
  head.framing = Framing::none;
  head.headers.add(HeaderId::content_type, kContentType);
  head.headers.add(HeaderId::grpc_status, std::to_string(grpc_status_of(error.code)));
  head.headers.add(HeaderId::grpc_message, reason_of(error.code));
  return true;
}

}  // namespace banyan::exchange
