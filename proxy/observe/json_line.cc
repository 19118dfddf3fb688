#include "proxy/observe/json_line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/eight.h"

namespace banyan::observe {
namespace {

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

// Text into a bounded place; once something does not fit, nothing is written any more.
class Escaper {
 public:
  Escaper(char* at, char* end) : at_(at), end_(end) {}

  void put(char c) { put(std::string_view(&c, 1)); }
  void put(std::string_view text) {
    fits_ = fits_ && static_cast<std::size_t>(end_ - at_) >= text.size();
    if (fits_) at_ = std::copy(text.begin(), text.end(), at_);
  }
  void put_escaped(std::string_view text) {
    while (!text.empty()) {
      const char* const plain_end = find_not_plain(text.data(), text.data() + text.size());
      const auto plain = static_cast<std::size_t>(plain_end - text.data());
      put(text.substr(0, plain));
      text.remove_prefix(plain);
      if (!text.empty()) put_special(text);
    }
  }
  [[nodiscard]] bool fits() const { return fits_; }
  [[nodiscard]] char* at() const { return at_; }

 private:
  // The character at the front, which is taken off.
  void put_special(std::string_view& text);

  char* at_;
  char* end_;
  bool fits_ = true;
};

std::string_view cut_at_character(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  // At most three steps back to where a character begins; more is no UTF-8 anyway.
  while (end > 0 && bytes_max - end < 3 && is_tail(byte_at(text, end))) --end;
  return text.substr(0, end);
}

void Escaper::put_special(std::string_view& text) {
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

bool JsonLine::is_plain(std::string_view value) {
  const char* const end = value.data() + value.size();
  return find_not_plain(value.data(), end) == end;
}

void JsonLine::put_text(char* to, std::string_view value, std::size_t bytes_max) {
  Escaper out(to, end_);
  out.put('"');
  out.put_escaped(cut_at_character(value, bytes_max));
  if (value.size() > bytes_max) out.put(kCutMark);
  out.put('"');
  if (out.fits()) at_ = out.at();
}

void JsonLine::put_number(char* to, std::uint64_t value) {
  const auto [behind, failure] = std::to_chars(to, end_, value);
  if (failure == std::errc()) at_ = behind;
}

std::string_view JsonLine::finish() {
  if (holds_nothing_) return {};
  if (at_ == begin_) ++at_;
  *begin_ = '{';  // in the place of the first member's comma
  *at_++ = '}';
  *at_++ = '\n';
  return {begin_, static_cast<std::size_t>(at_ - begin_)};
}

}  // namespace banyan::observe
