#include "proxy/observe/json_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/eight.h"

namespace banyan::observe {
namespace {

constexpr std::size_t kEndBytes = 3;  // `{` of an empty object, `}` and the newline

void put_digits(char* to, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i > 0; --i) {
    to[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

bool is_tail(unsigned byte) { return (byte & 0xC0U) == 0x80U; }

// The least and the greatest second byte, which is where overlong forms, surrogates and what lies
// above U+10FFFF show.
bool second_byte_fits(unsigned first, unsigned second) {
  switch (first) {
    case 0xE0U:
      return second >= 0xA0U && second <= 0xBFU;
    case 0xEDU:
      return second >= 0x80U && second <= 0x9FU;
    case 0xF0U:
      return second >= 0x90U && second <= 0xBFU;
    case 0xF4U:
      return second >= 0x80U && second <= 0x8FU;
    default:
      return is_tail(second);
  }
}

// Characters that move a cursor or end a line although they are no ASCII control characters:
// U+0080..U+009F, U+2028 and U+2029, and the ones that turn the direction of what follows.
bool is_hidden(std::string_view c) {
  if (c.size() == 2) return byte_at(c, 0) == 0xC2U && byte_at(c, 1) < 0xA0U;
  if (c.size() != 3 || byte_at(c, 0) != 0xE2U) return false;
  const unsigned tail = byte_at(c, 1) << 8U | byte_at(c, 2);
  return (tail >= 0x80A8U && tail <= 0x80AEU) || (tail >= 0x81A6U && tail <= 0x81A9U);
}

std::uint32_t code_point(std::string_view c) {
  if (c.size() == 2) return (byte_at(c, 0) & 0x1FU) << 6U | (byte_at(c, 1) & 0x3FU);
  return (byte_at(c, 0) & 0x0FU) << 12U | (byte_at(c, 1) & 0x3FU) << 6U | (byte_at(c, 2) & 0x3FU);
}

std::array<char, kEscapedMax> u_escape(std::uint32_t code) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  return {'\\',
          'u',
          kHex[code >> 12U & 15U],
          kHex[code >> 8U & 15U],
          kHex[code >> 4U & 15U],
          kHex[code & 15U]};
}

// The first character that is not written as it is without a closer look.
const char* find_not_plain(const char* at, const char* end) {
  const auto marks = [](auto chars) {
    return mark_below(chars, 0x20) | mark_equal(chars, '"') | mark_equal(chars, '\\') |
           mark_equal(chars, 0x7F) | mark_high(chars);
  };
  return find_marked(at, end, marks, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20U || u >= 0x7FU || c == '"' || c == '\\';
  });
}

using TimestampText = std::array<char, kTimestampBytes>;

// Whole seconds; what is smaller is 0.
void put_second(TimestampText& to, std::chrono::sys_seconds at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  static constexpr std::string_view kShape = "0000-00-00T00:00:00.000000Z";
  std::copy(kShape.begin(), kShape.end(), to.begin());
  put_digits(&to[0], 4, static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))));
  put_digits(&to[5], 2, static_cast<unsigned>(date.month()));
  put_digits(&to[8], 2, static_cast<unsigned>(date.day()));
  put_digits(&to[11], 2, static_cast<std::uint64_t>(time.hours().count()));
  put_digits(&to[14], 2, static_cast<std::uint64_t>(time.minutes().count()));
  put_digits(&to[17], 2, static_cast<std::uint64_t>(time.seconds().count()));
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  if (text.empty()) return 0;
  if (first < 0x80U) return 1;
  const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || text.size() < length) return 0;
  if (!second_byte_fits(first, byte_at(text, 1))) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_tail(byte_at(text, i))) return 0;
  }
  return length;
}

void put_timestamp(std::span<char, kTimestampBytes> to, WallTime at) {
  using namespace std::chrono;
  // Lines come many to a second: only its fraction is new then.
  thread_local sys_seconds last{seconds::min()};
  thread_local TimestampText text;
  const auto micros = floor<microseconds>(at);
  const auto second = floor<seconds>(micros);
  if (second != last) {
    put_second(text, second);
    last = second;
  }
  std::copy(text.begin(), text.end(), to.begin());
  put_digits(&to[20], 6, static_cast<std::uint64_t>((micros - second).count()));
}

char* JsonLine::take(std::size_t size) {
  if (!fits_ || size_ + size + kEndBytes > buffer_.size()) {
    fits_ = false;
    return nullptr;
  }
  return buffer_.data() + std::exchange(size_, size_ + size);
}

void JsonLine::put(char c) {
  if (char* to = take(1)) *to = c;
}

void JsonLine::put(std::string_view text) {
  if (char* to = take(text.size())) std::memcpy(to, text.data(), text.size());
}

void JsonLine::begin(std::string_view key) {
  char* to = take(key.size() + 4);
  if (to == nullptr) return;
  *to++ = whole_ == 0 ? '{' : ',';
  *to++ = '"';
  std::memcpy(to, key.data(), key.size());
  to += key.size();
  *to++ = '"';
  *to = ':';
}

void JsonLine::end_member() {
  if (fits_) whole_ = size_;
  size_ = whole_;
  fits_ = true;
}

void JsonLine::put_escaped(std::string_view text) {
  while (!text.empty()) {
    const char* const plain_end = find_not_plain(text.data(), text.data() + text.size());
    const auto plain = static_cast<std::size_t>(plain_end - text.data());
    put(text.substr(0, plain));
    text.remove_prefix(plain);
    if (!text.empty()) put_special(text);
  }
}

void JsonLine::put_special(std::string_view& text) {
  const std::size_t length = utf8_length(text);
  const std::string_view c = text.substr(0, std::max<std::size_t>(length, 1));
  text.remove_prefix(c.size());
  const unsigned first = byte_at(c, 0);
  if (length == 0) {
    put("\\ufffd");
  } else if (first == '"' || first == '\\') {
    put('\\');
    put(c);
  } else if (first < 0x20U || first == 0x7FU) {
    put(std::string_view(u_escape(first).data(), kEscapedMax));
  } else if (is_hidden(c)) {
    put(std::string_view(u_escape(code_point(c)).data(), kEscapedMax));
  } else {
    put(c);
  }
}

// A member whose value is written as it is, which nearly every one is.
bool JsonLine::add_plain(std::string_view key, std::string_view value) {
  const char* const end = value.data() + value.size();
  if (find_not_plain(value.data(), end) != end) return false;
  begin(key);
  if (char* to = take(value.size() + 2)) {
    *to++ = '"';
    to = std::copy(value.begin(), value.end(), to);
    *to = '"';
  }
  end_member();
  return true;
}

void JsonLine::add(std::string_view key, std::string_view value, std::size_t bytes_max) {
  const bool cut = value.size() > bytes_max;
  if (!cut && add_plain(key, value)) return;
  if (cut) {
    std::size_t end = bytes_max;
    // At most three steps back to where a character begins; more is no UTF-8 anyway.
    while (end > 0 && bytes_max - end < 3 && is_tail(byte_at(value, end))) --end;
    value = value.substr(0, end);
  }
  begin(key);
  put('"');
  put_escaped(value);
  if (cut) put(kCutMark);
  put('"');
  end_member();
}

void JsonLine::add(std::string_view key, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  begin(key);
  put(std::string_view(digits.data(), static_cast<std::size_t>(done.ptr - digits.data())));
  end_member();
}

void JsonLine::add(std::string_view key, bool value) {
  begin(key);
  put(value ? "true" : "false");
  end_member();
}

void JsonLine::add(std::string_view key, WallTime value) {
  begin(key);
  if (char* to = take(kTimestampBytes + 2)) {
    *to++ = '"';
    put_timestamp(std::span<char, kTimestampBytes>(to, kTimestampBytes), value);
    to[kTimestampBytes] = '"';
  }
  end_member();
}

std::string_view JsonLine::finish() {
  if (buffer_.size() < kEndBytes) return {};
  if (size_ == 0) buffer_[size_++] = '{';
  buffer_[size_++] = '}';
  buffer_[size_++] = '\n';
  return {buffer_.data(), size_};
}

}  // namespace banyan::observe
