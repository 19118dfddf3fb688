#include "proxy/exchange/error_response.h"

namespace banyan::exchange {
namespace {

constexpr std::string_view kAllow = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

}  // namespace

bool make_error_response(const Error& error, ResponseHead& head, std::string& body) {
  const int status = status_of(error.code);
  if (status == 0) return false;
  head.clear();
  body.assign(reason_of(error.code)).push_back('\n');
  head.status = status;
  head.reason = reason_phrase(status);
  head.framing = Framing::content_length;
  head.content_length = body.size();
  head.headers.add("content-type", "text/plain; charset=utf-8");
  head.headers.add("cache-control", "no-store");
  if (error.code == ErrorCode::method_not_allowed) {
    head.headers.add("allow", kAllow);
  }
  if (error.code == ErrorCode::shadow_write) head.headers.add("allow", "GET, HEAD, OPTIONS");
  return true;
}

void make_options_response(ResponseHead& head) {
  head.clear();
  head.status = 200;
  head.reason = reason_phrase(head.status);
  head.framing = Framing::content_length;
  head.content_length = 0;
  head.headers.add("allow", kAllow);
}

}  // namespace banyan::exchange
