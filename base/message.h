// base/message.h: the heads of a request and of a response, whatever protocol they came by.
//
// Filled by a codec, reused from exchange to exchange (clear() keeps the memory), copied where a
// shadow needs one of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/headers.h"
#include "base/text.h"

namespace banyan {

enum class Method : std::uint8_t {
  get,
  head,
  options,
  post,
  put,
  del,
  patch,
  trace,
  connect,
  other
};

enum class HttpVersion : std::uint8_t { http10, http11, http2 };

// How the end of a body is told (RFC 9112 §6.3). Never guessed: what is ambiguous is refused.
enum class Framing : std::uint8_t {
  none,            // there is no body
  content_length,  // exactly `content_length` bytes
  chunked,
  until_close,  // responses only
};

[[nodiscard]] Method method_of(std::string_view text);
// The reason phrase that RFC 9110 §15 gives the statuses of our own answers; else empty.
[[nodiscard]] std::string_view reason_phrase(int status);
// RFC 9110 §9.2.1, without TRACE, which is never forwarded.
[[nodiscard]] constexpr bool is_safe(Method m) {
  return m == Method::get || m == Method::head || m == Method::options;
}

// A method as it came. What is longer than every method that is forwarded is cut: it is refused,
// and only the log shows it.
class MethodText {
 public:
  static constexpr std::size_t kSizeMax = 15;

  constexpr MethodText& operator=(std::string_view text) {
    assign(text);
    return *this;
  }
  constexpr void assign(std::string_view text) {
    size_ = static_cast<std::uint8_t>(std::min(text.size(), kSizeMax));
    std::copy_n(text.data(), size_, text_.data());
  }
  constexpr void clear() { size_ = 0; }
  [[nodiscard]] constexpr std::string_view view() const { return {text_.data(), size_}; }
  constexpr operator std::string_view() const { return view(); }  // NOLINT
  friend constexpr bool operator==(const MethodText& a, std::string_view b) {
    return a.view() == b;
  }

 private:
  std::array<char, kSizeMax> text_{};
  std::uint8_t size_ = 0;
};

struct RequestHead {
  Method method = Method::get;
  HttpVersion version = HttpVersion::http11;
  Framing framing = Framing::none;
  bool keep_alive = true;
  bool expect_continue = false;
  std::uint64_t content_length = 0;
  MethodText method_text;
  Text target;      // origin-form, `*` for OPTIONS; absolute-form is split by the codec
  Text authority;   // Host, or that of an absolute-form target, which comes first
  Headers headers;  // as they came, Host included

  [[nodiscard]] std::string_view path() const {
    return target.view().substr(0, target.view().find('?'));
  }
  // Without the question mark.
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = target.view().find('?');
    return mark == std::string_view::npos ? std::string_view{} : target.view().substr(mark + 1);
  }
  [[nodiscard]] bool has_body() const {
    return framing == Framing::chunked ||
           (framing == Framing::content_length && content_length > 0);
  }
  void clear();
  void swap(RequestHead& other) noexcept;
};

struct ResponseHead {
  int status = 0;
  HttpVersion version = HttpVersion::http11;
  Framing framing = Framing::none;
  bool keep_alive = true;
  // Also told where there is no body: to HEAD, and with 304 (RFC 9110 §8.6).
  std::optional<std::uint64_t> content_length;
  Text reason;
  Headers headers;

  void clear();
  void swap(ResponseHead& other) noexcept;
};

}  // namespace banyan
