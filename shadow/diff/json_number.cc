#include "shadow/diff/json_number.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
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

// Of a JSON number.
Decimal decimal_of(std::string_view text) {
  Decimal d;
  d.negative = take(text, '-');
  d.whole = take_digits(text);
  if (take(text, '.')) d.fraction = take_digits(text);
  if (take(text, 'e') || take(text, 'E')) {
    d.exponent_negative = take(text, '-');
    if (!d.exponent_negative) take(text, '+');
    d.exponent = take_digits(text);
  }
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

// A number with all its digits written out around the point, the lowest place first.
struct Places {
  std::string digits;  // values 0 to 9, not characters
  bool negative = false;
};

// Places from 10^low to below 10^high.
Places places_of(const Decimal& d, std::int64_t low, std::int64_t high) {
  Places places{std::string(static_cast<std::size_t>(high - low), '\0'), d.negative};
  if (d.is_zero()) return places;
  const std::int64_t top = small_scale(d);
  for (std::size_t i = d.first; i < d.last; ++i) {
    const std::int64_t place = top - 1 - static_cast<std::int64_t>(i - d.first);
    places.digits[static_cast<std::size_t>(place - low)] = static_cast<char>(d.digit(i) - '0');
  }
  return places;
}

bool less(const std::string& a, const std::string& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

// |a - b|, in as many places; the highest one of both is 0.
std::string distance(const Places& a, const Places& b) {
  const bool add = a.negative != b.negative;
  const bool swap = less(a.digits, b.digits);
  const std::string& larger = swap ? b.digits : a.digits;
  const std::string& smaller = swap ? a.digits : b.digits;
  std::string out(larger.size(), '\0');
  int carry = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int digit = add ? larger[i] + smaller[i] + carry : larger[i] - smaller[i] - carry;
    carry = digit > 9 || digit < 0 ? 1 : 0;
    out[i] = static_cast<char>((digit + 10) % 10);
  }
  return out;
}

}  // namespace

bool is_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto is_digit = [&] { return at != end && *at >= '0' && *at <= '9'; };
  const auto take_some_digits = [&] {
    if (!is_digit()) return false;
    while (is_digit()) ++at;
    return true;
  };
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else if (!take_some_digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
    if (!take_some_digits()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (!take_some_digits()) return false;
  }
  return at == end;
}

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

std::uint64_t hash_number(std::string_view text) {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;
  const Decimal d = decimal_of(text);
  if (d.is_zero()) return kMultiplier;
  std::uint64_t hash = d.negative ? 3 : 1;
  for (std::size_t i = d.first; i < d.last; ++i) {
    hash = hash * kMultiplier + static_cast<unsigned char>(d.digit(i));
  }
  // A number may be written with a small and with a large exponent.
  const bool comparable = is_small(d) && std::abs(small_scale(d)) < (std::int64_t{1} << 40U);
  if (comparable) hash = hash * kMultiplier + static_cast<std::uint64_t>(small_scale(d));
  hash ^= hash >> 29U;
  return hash * kMultiplier;
}

bool within_tolerance(std::string_view a, std::string_view b, std::string_view tolerance) {
  if (equal_numbers(a, b)) return true;
  std::int64_t low = 0;
  std::int64_t high = 1;
  const Decimal all[] = {decimal_of(a), decimal_of(b), decimal_of(tolerance)};
  for (const Decimal& d : all) {
    if (d.is_zero()) continue;
    if (!is_small(d)) return false;
    const std::int64_t top = small_scale(d);
    high = std::max(high, top);
    low = std::min(low, top - static_cast<std::int64_t>(d.last - d.first));
  }
  if (high - low > static_cast<std::int64_t>(kToleranceDigitsMax)) return false;
  ++high;  // for the carry of a sum
  const std::string apart = distance(places_of(all[0], low, high), places_of(all[1], low, high));
  return !less(places_of(all[2], low, high).digits, apart);
}

}  // namespace banyan::shadow
