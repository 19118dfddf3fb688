// proxy/observe/json_line.h: one JSON object in a fixed buffer, for lines that are written often.
//
// Allocates nothing. What comes from traffic is cut and escaped: the result is always valid UTF-8
// on one line, without control characters. Any thread; borrowed buffer.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"

namespace banyan::observe {

// `2026-11-22T13:34:13.123456Z`, RFC 3339 §5.6, always UTC and always this long.
inline constexpr std::size_t kTimestampBytes = 27;
void put_timestamp(std::span<char, kTimestampBytes> to, WallTime at);

// An escaped byte takes at most this many: `\u001f`, `\ufffd`.
inline constexpr std::size_t kEscapedMax = 6;
// What stands at the end of a text that was cut.
inline constexpr std::string_view kCutMark = "\xE2\x80\xA6";

// What stands before a member's value: `,"name":`, put together by the compiler. Plain letters.
template <std::size_t N>
struct MemberName {
  consteval MemberName(const char (&name)[N]) {  // NOLINT(google-explicit-constructor)
    text[0] = ',';
    text[1] = '"';
    for (std::size_t i = 0; i + 1 < N; ++i) text[i + 2] = name[i];
    text[N + 1] = '"';
    text[N + 2] = ':';
  }
  std::array<char, N + 3> text{};
};

class JsonLine {
 public:
  // A buffer too small for everything: add() leaves out what does not fit, whole members only.
  explicit JsonLine(std::span<char> buffer)
      : begin_(buffer.data()),
        at_(begin_),
        end_(begin_ + (buffer.size() < kEndBytes ? 0 : buffer.size() - kEndBytes)),
        holds_nothing_(buffer.size() < kEndBytes) {}

  // From traffic. Longer ones than `bytes_max` are cut at a character and marked.
  template <MemberName kName>
  void add(std::string_view value, std::size_t bytes_max) {
    if (value.size() <= bytes_max && is_plain(value)) return add_plain<kName>(value);
    if (char* to = member<kName>(0)) put_text(to, value, bytes_max);
  }
  // Printable ASCII without quotes and backslashes, such as a name of the configuration.
  template <MemberName kName>
  void add_plain(std::string_view value) {
    char* to = member<kName>(value.size() + 2);
    if (to == nullptr) return;
    *to++ = '"';
    to = std::copy(value.begin(), value.end(), to);
    *to++ = '"';
    at_ = to;
  }
  template <MemberName kName>
  void add(std::uint64_t value) {
    if (char* to = member<kName>(0)) put_number(to, value);
  }
  template <MemberName kName>
  void add(bool value) {
    const std::string_view text = value ? "true" : "false";
    if (char* to = member<kName>(text.size())) at_ = std::copy(text.begin(), text.end(), to);
  }
  template <MemberName kName>
  void add(WallTime value) {
    char* to = member<kName>(kTimestampBytes + 2);
    if (to == nullptr) return;
    *to++ = '"';
    put_timestamp(std::span<char, kTimestampBytes>(to, kTimestampBytes), value);
    to += kTimestampBytes;
    *to++ = '"';
    at_ = to;
  }
  // Closes the object and adds the newline; the bytes lie in the buffer.
  [[nodiscard]] std::string_view finish();

 private:
  static constexpr std::size_t kEndBytes = 3;  // `{` of an empty object, `}` and the newline

  // Writes the name where there is room for it and `value_bytes`; where the value goes, or nullptr.
  // The member counts once at_ stands behind it.
  template <MemberName kName>
  [[nodiscard]] char* member(std::size_t value_bytes) {
    constexpr auto kText = kName.text;
    if (static_cast<std::size_t>(end_ - at_) < kText.size() + value_bytes) return nullptr;
    return std::copy(kText.begin(), kText.end(), at_);
  }
  [[nodiscard]] static bool is_plain(std::string_view value);
  void put_text(char* to, std::string_view value, std::size_t bytes_max);
  void put_number(char* to, std::uint64_t value);

  char* begin_;
  char* at_;   // behind the last whole member
  char* end_;  // of the room for members
  bool holds_nothing_;
};

// The length of the well-formed UTF-8 character at the front of `text` (Unicode table 3-7), or 0.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace banyan::observe
