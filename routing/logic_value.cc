#include "routing/logic_value.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/headers.h"

namespace banyan::routing {
namespace {

using Kind = Value::Kind;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
constexpr double kIntegersMax = 1e21;  // from here on JavaScript writes an exponent
constexpr std::string_view kSpace = " \t\n\v\f\r";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

double hexadecimal(std::string_view digits) {
  double number = 0;
  for (const char c : digits) {
    const char l = ascii_lower(c);
    const bool is_letter = l >= 'a' && l <= 'f';
    if (!is_digit(c) && !is_letter) return kNotANumber;
    number = number * 16 + (is_letter ? l - 'a' + 10 : c - '0');
  }
  return digits.empty() ? kNotANumber : number;
}

double decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "Infinity") {
    return negative ? -std::numeric_limits<double>::infinity()
                    : std::numeric_limits<double>::infinity();
  }
  // What the library reads besides: inf and nan.
  if (text.empty() || (!is_digit(text[0]) && text[0] != '.')) return kNotANumber;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size()) return kNotANumber;
  if (error == std::errc::result_out_of_range) {  // `number` is left alone then
    number = text.find("e-") == std::string_view::npos && text.find("E-") == std::string_view::npos
                 ? std::numeric_limits<double>::infinity()
                 : 0;
  } else if (error != std::errc()) {
    return kNotANumber;
  }
  return negative ? -number : number;
}

void append_number(double number, std::string& out) {
  const auto into = std::back_inserter(out);
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
  } else if (number == std::trunc(number) && std::abs(number) < kIntegersMax) {
    fmt::format_to(into, "{:.0f}", number == 0 ? 0.0 : number);
  } else {
    fmt::format_to(into, "{}", number);
  }
}

bool is_primitive(const Value& v) { return v.kind() != Kind::list && v.kind() != Kind::object; }

std::string text_of(const Value& value) {
  std::string text;
  append_text(value, text);
  return text;
}

// A list beside a primitive counts as its text.
bool list_equals(const Value& list, const Value& other) {
  if (list.kind() == Kind::object) return false;
  const std::string text = text_of(list);
  return loosely_equal(Value::of(std::string_view(text)), other);
}

}  // namespace

bool truthy(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return false;
    case Kind::boolean:
      return value.boolean();
    case Kind::number:
      return value.number() != 0 && !std::isnan(value.number());
    case Kind::text:
      return !value.text().empty();
    case Kind::list:
      return !value.items().empty();
    case Kind::object:
      return true;
  }
  return false;
}

double to_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return 0;
  if (text.starts_with("0x") || text.starts_with("0X")) return hexadecimal(text.substr(2));
  return decimal(text);
}

double to_number(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return 0;
    case Kind::boolean:
    case Kind::number:
      return value.number();
    case Kind::text:
      return to_number(value.text());
    case Kind::list:
      return to_number(std::string_view(text_of(value)));
    case Kind::object:
      return kNotANumber;
  }
  return kNotANumber;
}

void append_text(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Kind::null:
      return;
    case Kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case Kind::number:
      append_number(value.number(), out);
      return;
    case Kind::text:
      out += value.text();
      return;
    case Kind::list:
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        if (i > 0) out += ',';
        append_text(value.items()[i], out);
      }
      return;
    case Kind::object:
      out += "[object Object]";
      return;
  }
}

// Two lists are never the same one.
bool strictly_equal(const Value& a, const Value& b) {
  if (a.kind() != b.kind() || !is_primitive(a)) return false;
  if (a.is_null()) return true;
  return a.is_text() ? a.text() == b.text() : a.number() == b.number();
}

bool loosely_equal(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) return strictly_equal(a, b);
  if (a.is_null() || b.is_null()) return false;
  if (is_primitive(a) && is_primitive(b)) return to_number(a) == to_number(b);
  if (!is_primitive(a) && !is_primitive(b)) return false;
  return is_primitive(a) ? list_equals(b, a) : list_equals(a, b);
}

Order order_of(const Value& a, const Value& b) {
  if (a.is_text() && b.is_text()) {
    const int order = a.text().compare(b.text());
    return order < 0 ? Order::less : order > 0 ? Order::greater : Order::equal;
  }
  const double x = to_number(a);
  const double y = to_number(b);
  if (std::isnan(x) || std::isnan(y)) return Order::none;
  return x < y ? Order::less : x > y ? Order::greater : Order::equal;
}

}  // namespace banyan::routing
