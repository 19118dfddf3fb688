#include "routing/sem_ver.h"

#include <algorithm>
#include <array>
#include <utility>

namespace banyan::routing {
namespace {

struct Version {
  std::array<std::string_view, 3> numbers{"0", "0", "0"};  // as digits: they have no largest one
  std::string_view pre_release;
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_part_of_identifier(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_numeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// §2: no leading zeroes.
std::optional<std::string_view> take_number(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const std::string_view digits = rest.substr(0, end);
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  rest.remove_prefix(end);
  return digits;
}

// §9, §10: identifiers with dots between them.
bool are_identifiers(std::string_view text, bool zero_may_lead) {
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view one = text.substr(0, dot);
    if (one.empty() || !std::all_of(one.begin(), one.end(), is_part_of_identifier)) return false;
    if (!zero_may_lead && one.size() > 1 && one[0] == '0' && is_numeric(one)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::optional<Version> parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Version version;
  for (std::size_t i = 0; i < version.numbers.size(); ++i) {
    if (i > 0) {
      if (text.empty()) return version;
      if (text[0] != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    version.numbers[i] = *number;
  }
  const std::size_t plus = text.find('+');
  const std::string_view build = plus == std::string_view::npos ? "" : text.substr(plus + 1);
  if (plus != std::string_view::npos && !are_identifiers(build, true)) return std::nullopt;
  text = text.substr(0, plus);
  if (text.empty()) return version;
  if (text[0] != '-' || !are_identifiers(text.substr(1), false)) return std::nullopt;
  version.pre_release = text.substr(1);
  return version;
}

int compare_text(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_digits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return compare_text(a, b);
}

// §11.4.1 to §11.4.3
int compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_is_numeric = is_numeric(a);
  if (a_is_numeric != is_numeric(b)) return a_is_numeric ? -1 : 1;
  return a_is_numeric ? compare_digits(a, b) : compare_text(a, b);
}

// §11.3, §11.4.4
int compare_pre_release(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : a.empty() ? 1 : -1;
  while (true) {
    const std::size_t a_dot = a.find('.');
    const std::size_t b_dot = b.find('.');
    if (const int order = compare_identifiers(a.substr(0, a_dot), b.substr(0, b_dot))) return order;
    const bool a_ends = a_dot == std::string_view::npos;
    const bool b_ends = b_dot == std::string_view::npos;
    if (a_ends || b_ends) return a_ends == b_ends ? 0 : a_ends ? -1 : 1;
    a.remove_prefix(a_dot + 1);
    b.remove_prefix(b_dot + 1);
  }
}

int compare(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < a.numbers.size(); ++i) {
    if (const int order = compare_digits(a.numbers[i], b.numbers[i])) return order;
  }
  return compare_pre_release(a.pre_release, b.pre_release);
}

constexpr std::array<std::pair<std::string_view, SemVerTest>, 8> kSigns{{
    {"=", SemVerTest::equal},
    {"!=", SemVerTest::not_equal},
    {"<", SemVerTest::less},
    {"<=", SemVerTest::less_or_equal},
    {">", SemVerTest::greater},
    {">=", SemVerTest::greater_or_equal},
    {"^", SemVerTest::same_major},
    {"~", SemVerTest::same_minor},
}};

}  // namespace

std::optional<SemVerTest> sem_ver_test(std::string_view sign) {
  for (const auto& [text, test] : kSigns) {
    if (text == sign) return test;
  }
  return std::nullopt;
}

bool is_sem_ver(std::string_view text) { return parse(text).has_value(); }

std::optional<bool> compare_sem_ver(std::string_view a, SemVerTest test, std::string_view b) {
  const auto left = parse(a);
  const auto right = parse(b);
  if (!left || !right) return std::nullopt;
  const int order = compare(*left, *right);
  switch (test) {
    case SemVerTest::equal:
      return order == 0;
    case SemVerTest::not_equal:
      return order != 0;
    case SemVerTest::less:
      return order < 0;
    case SemVerTest::less_or_equal:
      return order <= 0;
    case SemVerTest::greater:
      return order > 0;
    case SemVerTest::greater_or_equal:
      return order >= 0;
    case SemVerTest::same_major:
      return left->numbers[0] == right->numbers[0];
    case SemVerTest::same_minor:
      return left->numbers[0] == right->numbers[0] && left->numbers[1] == right->numbers[1];
  }
  return std::nullopt;
}

}  // namespace banyan::routing
