#include "shadow/diff/json_number.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace banyan::shadow {
namespace {

constexpr std::string_view kDigits = "0123456789";
// Exponents of so many digits still leave room in 64 bits for the length of the number itself.
constexpr std::size_t kSmallExponentDigits = 18;

std::string_view take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of(kDigits), text.size());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// value = 0.d1d2d3… × 10^(exponent + shift), d1 and the last digit not 0; or zero.
struct Decimal {
  std::string_view whole;
  std::string_view fraction;
  std::size_t first = 0;      // of the significant digits in whole + fraction
  std::size_t last = 0;       // one behind the last
  std::string_view exponent;  // without sign and leading zeros
  std::int64_t shift = 0;
  bool negative = false;
  bool exponent_negative = false;
  bool well_formed = false;

  [[nodiscard]] char digit(std::size_t i) const {
    return i < whole.size() ? whole[i] : fraction[i - whole.size()];
  }
  [[nodiscard]] bool is_zero() const { return first == last; }
};

void normalise(Decimal& d) {
  d.last = d.whole.size() + d.fraction.size();
  while (d.first < d.last && d.digit(d.first) == '0') ++d.first;
  while (d.last > d.first && d.digit(d.last - 1) == '0') --d.last;
  d.shift = static_cast<std::int64_t>(d.whole.size()) - static_cast<std::int64_t>(d.first);
  d.exponent.remove_prefix(std::min(d.exponent.find_first_not_of('0'), d.exponent.size()));
}

Decimal decimal_of(std::string_view text) {
  Decimal d;
  d.negative = take(text, '-');
  d.whole = take_digits(text);
  if (d.whole.empty() || (d.whole.size() > 1 && d.whole.front() == '0')) return d;
  if (take(text, '.')) {
    d.fraction = take_digits(text);
    if (d.fraction.empty()) return d;
  }
  if (take(text, 'e') || take(text, 'E')) {
    d.exponent_negative = take(text, '-');
    if (!d.exponent_negative) take(text, '+');
    d.exponent = take_digits(text);
    if (d.exponent.empty()) return d;
  }
  d.well_formed = text.empty();
  normalise(d);
  return d;
}

bool is_small(const Decimal& d) { return d.exponent.size() <= kSmallExponentDigits; }

std::int64_t small_scale(const Decimal& d) {
  std::int64_t exponent = 0;
  std::from_chars(d.exponent.data(), d.exponent.data() + d.exponent.size(), exponent);
  return (d.exponent_negative ? -exponent : exponent) + d.shift;
}

// exponent + shift as text. The exponent is far larger than the shift, so its sign stays.
std::string large_scale(const Decimal& d) {
  std::string sum(d.exponent);
  std::int64_t carry = d.exponent_negative ? -d.shift : d.shift;
  for (std::size_t i = sum.size(); i-- > 0 && carry != 0;) {
    const std::int64_t digit = sum[i] - '0' + carry;
    const std::int64_t rest = ((digit % 10) + 10) % 10;
    sum[i] = static_cast<char>('0' + rest);
    carry = (digit - rest) / 10;
  }
  if (carry > 0) sum.insert(0, std::to_string(carry));
  sum.erase(0, sum.find_first_not_of('0'));
  return d.exponent_negative ? "-" + sum : sum;
}

bool same_scale(const Decimal& a, const Decimal& b) {
  if (is_small(a) && is_small(b)) return small_scale(a) == small_scale(b);
  const auto text = [](const Decimal& d) {
    return is_small(d) ? std::to_string(small_scale(d)) : large_scale(d);
  };
  return text(a) == text(b);
}

}  // namespace

bool is_json_number(std::string_view text) { return decimal_of(text).well_formed; }

bool equal_numbers(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const Decimal x = decimal_of(a);
  const Decimal y = decimal_of(b);
  if (x.is_zero() || y.is_zero()) return x.is_zero() && y.is_zero();
  if (x.negative != y.negative || x.last - x.first != y.last - y.first) return false;
  for (std::size_t i = 0; i < x.last - x.first; ++i) {
    if (x.digit(x.first + i) != y.digit(y.first + i)) return false;
  }
  return same_scale(x, y);
}

}  // namespace banyan::shadow
