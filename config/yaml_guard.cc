#include "config/yaml_guard.h"

#include <string>

#include "config/problems.h"

namespace banyan::config {
namespace {

// The library's time for a run of directives grows with its square.
std::optional<Refusal> find_directive(std::string_view text) {
  std::size_t start = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (start < text.size()) {
    if (text[start] == '%') {
      return Refusal{start, "a line that begins with % (a directive) is not taken here"};
    }
    const std::size_t end = text.find_first_of("\r\n", start);
    if (end == std::string_view::npos) break;
    start = end + 1;
  }
  return std::nullopt;
}

// The library loses memory, up to 32 times the text, over doubled quotes in a row within quotes.
std::optional<Refusal> find_quote_run(std::string_view text) {
  const std::size_t at = text.find(std::string(kQuoteRunMax + 1, '\''));
  if (at == std::string_view::npos) return std::nullopt;
  return Refusal{at, "more than 3 single quotes in a row are not taken here: use double quotes"};
}

std::optional<Refusal> find_bad_character(std::string_view text) {
  const std::size_t at = first_bad_character(text);
  if (at == std::string_view::npos) return std::nullopt;
  const bool is_utf8 = character_size(text.substr(at)) > 0;
  return Refusal{at, is_utf8 ? "a character that YAML does not allow" : "not UTF-8"};
}

}  // namespace

std::optional<Refusal> refused_unparsed(std::string_view text) {
  for (const auto find : {find_bad_character, find_directive, find_quote_run}) {
    if (const auto refusal = find(text)) return refusal;
  }
  return std::nullopt;
}

}  // namespace banyan::config
