#include <algorithm>
#include <array>

#include "config/yaml_tree.h"

namespace banyan::config {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_one_of(std::string_view text, const std::array<std::string_view, 3>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_of(std::string_view text, bool (*fits)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const std::string_view digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  return digits;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  bool has_digits = !take_digits(text).empty();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    has_digits = !take_digits(text).empty() || has_digits;
  }
  if (!has_digits) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_of(text, is_digit);
}

bool is_special_number(std::string_view text) {
  constexpr std::array<std::string_view, 3> kInfinity{".inf", ".Inf", ".INF"};
  constexpr std::array<std::string_view, 3> kNotANumber{".nan", ".NaN", ".NAN"};
  if (is_one_of(text, kNotANumber)) return true;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return is_one_of(text, kInfinity);
}

}  // namespace

bool Node::is_null() const {
  constexpr std::array<std::string_view, 3> kWords{"null", "Null", "NULL"};
  return kind == Kind::plain && (text.empty() || text == "~" || is_one_of(text, kWords));
}

std::optional<bool> Node::as_bool() const {
  constexpr std::array<std::string_view, 3> kTrue{"true", "True", "TRUE"};
  constexpr std::array<std::string_view, 3> kFalse{"false", "False", "FALSE"};
  if (kind != Kind::plain) return std::nullopt;
  if (is_one_of(text, kTrue)) return true;
  if (is_one_of(text, kFalse)) return false;
  return std::nullopt;
}

bool Node::is_number() const {
  if (kind != Kind::plain) return false;
  const std::string_view rest =
      std::string_view(text).substr(std::min<std::size_t>(2, text.size()));
  if (text.starts_with("0x")) {
    return all_of(rest, [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
  }
  if (text.starts_with("0o")) return all_of(rest, [](char c) { return c >= '0' && c <= '7'; });
  return is_decimal(text) || is_special_number(text);
}

bool Node::is_text() const {
  return kind == Kind::quoted ||
         (kind == Kind::plain && !is_null() && !as_bool().has_value() && !is_number());
}

}  // namespace banyan::config
