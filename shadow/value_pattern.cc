#include "shadow/value_pattern.h"

#include <re2/re2.h>

#include <utility>

namespace banyan::shadow {
namespace {

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_longest_match(true);
  options.set_max_mem(ValuePattern::kMemoryMax);
  return options;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

bool ValuePattern::parse(std::string_view text, ValuePattern& made, std::string& error) {
  if (text.size() > kBytesMax) {
    error = "is longer than " + std::to_string(kBytesMax) + " bytes";
    return false;
  }
  auto expression = std::make_shared<const re2::RE2>(piece(text), options());
  if (!expression->ok()) {
    error = expression->error();
    return false;
  }
  if (re2::RE2::PartialMatch("", *expression)) {
    error = "matches the empty text";
    return false;
  }
  made.expression_ = std::move(expression);
  return true;
}

void ValuePattern::find(std::string_view text, std::vector<TextRange>& found) const {
  const re2::StringPiece whole = piece(text);
  re2::StringPiece match;
  std::size_t at = 0;
  while (at < text.size() &&
         expression_->Match(whole, at, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    const std::size_t end = begin + match.size();
    if (match.empty()) {  // an assertion such as \b alone
      at = begin + 1;
      continue;
    }
    found.push_back({begin, end});
    at = end;
  }
}

const std::string& ValuePattern::text() const { return expression_->pattern(); }

}  // namespace banyan::shadow
