#include "base/path_pattern.h"

#include <algorithm>
#include <utility>

#include "base/headers.h"

namespace banyan {
namespace {

constexpr std::string_view kHeader = "header:";
constexpr std::string_view kTrailer = "trailer:";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool begins_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '@';
}
constexpr bool continues_plain(char c) { return begins_plain(c) || is_digit(c) || c == '-'; }
// RFC 9110 §5.6.2
constexpr bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_plain(std::string_view name) {
  return !name.empty() && begins_plain(name.front()) &&
         std::all_of(name.begin(), name.end(), continues_plain);
}

// The size of the quoted step `['…']` at the front of `path`, 0 where it does not end.
std::size_t quoted_size(std::string_view path) {
  for (std::size_t i = 2; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
    } else if (path[i] == '\'') {
      return path.substr(i + 1, 1) == "]" ? i + 2 : 0;
    }
  }
  return 0;
}

// Takes the first step off a path's `rest`; empty where there is none that is well-formed.
std::string_view take_step(std::string_view& rest) {
  std::size_t size = 0;
  if (rest.starts_with("['")) {
    size = quoted_size(rest);
  } else if (rest.starts_with('[')) {
    size = rest.find(']') + 1;  // npos + 1 is 0
  } else if (rest.starts_with('.')) {
    size = std::min(rest.find_first_of(".[", 1), rest.size());
  }
  const std::string_view step = rest.substr(0, size);
  rest.remove_prefix(size);
  return step;
}

}  // namespace

void append_member(std::string& path, std::string_view name) {
  if (is_plain(name)) {
    path.append(1, '.').append(name);
    return;
  }
  path.append("['");
  for (const char c : name) {
    if (c == '\'' || c == '\\') path.push_back('\\');
    path.push_back(c);
  }
  path.append("']");
}

class PathPattern::Parser {
 public:
  Parser(std::string_view text, PathPattern& into, ParseError& error)
      : text_(text), into_(into), error_(error) {}

  bool parse() {
    if (text_ == "status" || text_ == "body") {
      into_.exact_ = text_;
      return true;
    }
    if (text_.starts_with(kHeader)) return parse_field(kHeader);
    if (text_.starts_with(kTrailer)) return parse_field(kTrailer);
    if (!text_.starts_with('$'))
      return fail("must begin with $, header:, trailer:, status or body");
    at_ = 1;
    while (at_ < text_.size()) {
      if (into_.steps_.size() == kStepsMax) return fail("has too many steps");
      if (!parse_step()) return false;
    }
    return true;
  }

 private:
  bool fail(std::string message) {
    error_ = {std::move(message), at_};
    return false;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool add(StepKind kind, std::string text = {}, std::string name = {}) {
    into_.steps_.push_back({kind, std::move(text), std::move(name)});
    return true;
  }

  bool parse_field(std::string_view kind) {
    at_ = kind.size();
    if (at_ == text_.size()) return fail("lacks the name of the field");
    into_.exact_ = kind;
    for (; at_ < text_.size() && text_[at_] != '['; ++at_) {
      if (!is_token(text_[at_])) return fail("has a character that no header name has");
      into_.exact_.push_back(ascii_lower(text_[at_]));
    }
    return at_ == text_.size() || parse_cookie();
  }

  // `[session]` behind `header:set-cookie`: the rest as it is, whose case matters.
  bool parse_cookie() {
    if (!into_.exact_.ends_with(":set-cookie")) return fail("only set-cookie takes a name in []");
    if (text_.find(']', at_) == std::string_view::npos) return fail("lacks the closing ]");
    into_.exact_.append(text_.substr(at_));
    return true;
  }

  bool parse_step() {
    if (take(".**")) return add(StepKind::any_depth);
    if (take(".*")) return add(StepKind::any_member);
    if (take("[*]")) return add(StepKind::any_index);
    if (take("['")) return parse_quoted();
    if (take("[")) return parse_index();
    if (take(".")) return parse_plain();
    return fail("expected . or [ here; other member names are written ['like this']");
  }

  bool parse_plain() {
    std::size_t end = at_;
    while (end < text_.size() && continues_plain(text_[end])) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    if (!is_plain(name)) {
      return fail("expected a member name here; unusual ones are written ['like this']");
    }
    at_ = end;
    return add(StepKind::member, "." + std::string(name), std::string(name));
  }

  bool parse_quoted() {
    std::string name;
    for (; at_ < text_.size(); ++at_) {
      if (take("']")) {
        std::string step;
        append_member(step, name);
        return add(StepKind::member, std::move(step), std::move(name));
      }
      if (text_[at_] == '\'') return fail("expected ] after the quote; a ' in a name is \\'");
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '\\')) {
          return fail("expected ' or \\ after the backslash");
        }
      }
      name.push_back(text_[at_]);
    }
    return fail("lacks the closing ']");
  }

  bool parse_index() {
    std::size_t end = at_;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    const std::string_view digits = text_.substr(at_, end - at_);
    if (digits.empty()) return fail("expected an index, * or a name in single quotes");
    if (digits.size() > 1 && digits.front() == '0') return fail("an index has no leading zeros");
    at_ = end;
    if (!take("]")) return fail("expected ] after the index");
    return add(StepKind::index, "[" + std::string(digits) + "]", std::string(digits));
  }

  std::string_view text_;
  PathPattern& into_;
  ParseError& error_;
  std::size_t at_ = 0;
};

bool PathPattern::parse(std::string_view text, PathPattern& pattern, ParseError& error) {
  PathPattern parsed;
  parsed.text_ = text;
  if (!Parser(text, parsed, error).parse()) return false;
  pattern = std::move(parsed);
  return true;
}

bool PathPattern::matches(std::string_view path) const {
  if (!exact_.empty()) {
    // What is below it: `header:set-cookie[session].path`, `body[17]`.
    if (!path.starts_with(exact_)) return false;
    return path.size() == exact_.size() || path[exact_.size()] == '[' || path[exact_.size()] == '.';
  }
  return !text_.empty() && path.starts_with('$') && matches_steps(path.substr(1));
}

bool PathPattern::accepts(const Step& step, std::string_view path_step) {
  const bool is_index = path_step.starts_with('[') && !path_step.starts_with("['");
  switch (step.kind) {
    case StepKind::any_member:
      return !is_index;
    case StepKind::any_index:
      return is_index;
    default:
      return step.text == path_step;
  }
}

// Backtracks to the last `.**` only: an earlier one could not reach further than that one can.
bool PathPattern::matches_steps(std::string_view rest) const {
  std::size_t at = 0;
  std::size_t after_any_depth = 0;  // 0: none seen
  std::string_view resume;
  while (at < steps_.size()) {
    if (steps_[at].kind == StepKind::any_depth) {
      after_any_depth = ++at;
      resume = rest;
      continue;
    }
    const std::string_view step = take_step(rest);
    if (step.empty()) return false;
    if (accepts(steps_[at], step)) {
      ++at;
    } else {
      if (after_any_depth == 0) return false;
      at = after_any_depth;
      take_step(resume);
      rest = resume;
    }
  }
  return true;
}

}  // namespace banyan
