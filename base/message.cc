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

void ResponseHead::clear() {
  status = 0;
  version = HttpVersion::http11;
  framing = Framing::none;
  keep_alive = true;
  content_length.reset();
  reason.clear();
  headers.clear();
}

}  // namespace banyan
