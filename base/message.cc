#include "base/message.h"

#include <array>
#include <utility>

namespace banyan {

Method method_of(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Method>, 9> kMethods{{
      {"GET", Method::get},
      {"HEAD", Method::head},
      {"OPTIONS", Method::options},
      {"POST", Method::post},
      {"PUT", Method::put},
      {"DELETE", Method::del},
      {"PATCH", Method::patch},
      {"TRACE", Method::trace},
      {"CONNECT", Method::connect},
  }};
  for (const auto& [name, method] : kMethods) {
    if (name == text) return method;
  }
  return Method::other;
}

std::string_view reason_phrase(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 13> kPhrases{{
      {200, "OK"},
      {202, "Accepted"},
      {400, "Bad Request"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {431, "Request Header Fields Too Large"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  }};
  for (const auto& [known, phrase] : kPhrases) {
    if (known == status) return phrase;
  }
  return {};
}

void RequestHead::clear() {
  method = Method::get;
  version = HttpVersion::http11;
  framing = Framing::none;
  keep_alive = true;
  expect_continue = false;
  content_length = 0;
  method_text.clear();
  target.clear();
  authority.clear();
  headers.clear();
}

void RequestHead::swap(RequestHead& other) noexcept {
  std::swap(method, other.method);
  std::swap(version, other.version);
  std::swap(framing, other.framing);
  std::swap(keep_alive, other.keep_alive);
  std::swap(expect_continue, other.expect_continue);
  std::swap(content_length, other.content_length);
  std::swap(method_text, other.method_text);
  target.swap(other.target);
  authority.swap(other.authority);
  headers.swap(other.headers);
}

void ResponseHead::clear() {
  status = 0;
  version = HttpVersion::http11;
  framing = Framing::none;
  keep_alive = true;
  content_length.reset();
  reason.clear();
  headers.clear();
}

void ResponseHead::swap(ResponseHead& other) noexcept {
  std::swap(status, other.status);
  std::swap(version, other.version);
  std::swap(framing, other.framing);
  std::swap(keep_alive, other.keep_alive);
  std::swap(content_length, other.content_length);
  reason.swap(other.reason);
  headers.swap(other.headers);
}

}  // namespace banyan
