#include "shadow/escapes.h"

#include <numeric>
#include <optional>
#include <utility>

namespace banyan::shadow {
namespace {

// What an escape at the beginning of `text` stands for, and how long it is.
struct Escape {
  std::string stands_for;
  std::size_t size;
};

std::optional<unsigned> hex_number(std::string_view digits, std::size_t count) {
  if (digits.size() < count) return std::nullopt;
  unsigned number = 0;
  for (const char c : digits.substr(0, count)) {
    if (hex_value(c) < 0) return std::nullopt;
    number = number * 16 + static_cast<unsigned>(hex_value(c));
  }
  return number;
}

std::optional<Escape> percent_escape(std::string_view text) {
  if (text[0] != '%') return std::nullopt;
  const auto byte = hex_number(text.substr(1), 2);
  if (!byte) return std::nullopt;
  return Escape{std::string(1, static_cast<char>(*byte)), 3};
}

// Of the basic plane; surrogates are no characters by themselves.
std::string utf8(unsigned code) {
  const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
  if (code < 0x80) return {byte(code)};
  const char last = byte(0x80 | (code & 0x3F));
  if (code < 0x800) return {byte(0xC0 | (code >> 6)), last};
  return {byte(0xE0 | (code >> 12)), byte(0x80 | ((code >> 6) & 0x3F)), last};
}

std::optional<Escape> json_escape(std::string_view text) {
  if (text[0] != '\\' || text.size() < 2) return std::nullopt;
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  if (const auto letter = kLetters.find(text[1]); letter != std::string_view::npos) {
    return Escape{std::string(1, kMeanings[letter]), 2};
  }
  const auto code = text[1] == 'u' ? hex_number(text.substr(2), 4) : std::nullopt;
  if (!code || (*code >= 0xD800 && *code < 0xE000)) return std::nullopt;
  return Escape{utf8(*code), 6};
}

template <class Read>
bool unescape(Unescaped& from, Read read) {
  Unescaped to;
  bool changed = false;
  const std::string_view text = from.text;
  for (std::size_t i = 0; i < text.size();) {
    const std::optional<Escape> escape = read(text.substr(i));
    to.text += escape ? escape->stands_for : std::string(1, text[i]);
    to.at.resize(to.text.size(), from.at[i]);
    i += escape ? escape->size : 1;
    changed = changed || escape;
  }
  to.at.push_back(from.at.back());
  if (changed) from = std::move(to);
  return changed;
}

}  // namespace

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Unescaped as_it_is(std::string_view text) {
  Unescaped made{std::string(text), std::vector<std::size_t>(text.size() + 1)};
  std::iota(made.at.begin(), made.at.end(), std::size_t{0});
  return made;
}

bool unescape_percent(Unescaped& text) { return unescape(text, percent_escape); }
bool unescape_json(Unescaped& text) { return unescape(text, json_escape); }

}  // namespace banyan::shadow
