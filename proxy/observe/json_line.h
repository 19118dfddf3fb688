// proxy/observe/json_line.h: one JSON object in a fixed buffer, for lines that are written often.
//
// Allocates nothing. What comes from traffic is cut and escaped: the result is always valid UTF-8
// on one line, without control characters. Any thread; borrowed buffer.
#pragma once

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

class JsonLine {
 public:
  // A buffer too small for everything: add() leaves out what does not fit, whole members only.
  explicit JsonLine(std::span<char> buffer) : buffer_(buffer) {}

  // `key`: plain letters. Values longer than `bytes_max` are cut at a character and marked.
  void add(std::string_view key, std::string_view value, std::size_t bytes_max);
  void add(std::string_view key, std::uint64_t value);
  void add(std::string_view key, bool value);
  void add(std::string_view key, WallTime value);
  // Closes the object and adds the newline; the bytes lie in the buffer.
  [[nodiscard]] std::string_view finish();

 private:
  void begin(std::string_view key);
  // Room for `size` bytes, or nullptr.
  [[nodiscard]] char* take(std::size_t size);
  void put(char c);
  void put(std::string_view text);
  void put_escaped(std::string_view text);
  // The character at the front, which is taken off.
  void put_special(std::string_view& text);
  void end_member();
  bool add_plain(std::string_view key, std::string_view value);

  std::span<char> buffer_;
  std::size_t size_ = 0;
  std::size_t whole_ = 0;  // the end of the last member that fitted
  bool fits_ = true;
};

// The length of the well-formed UTF-8 character at the front of `text` (Unicode table 3-7), or 0.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace banyan::observe
