// base/path_pattern.h: which places of a compared document a rule means.
//
//   pattern := "$" step* | "header:" name | "status"
//   step    := "." name | "[" digits "]" | "[*]" | ".*" | ".**"
//
// `[*]` is any index, `.*` any member, `.**` any number of steps, also none. A pattern matches a
// path and everything below it: `$.meta` covers `$.meta.generated_at`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace banyan {

class PathPattern {
 public:
  // The message says what is wrong, for people.
  struct ParseError {
    std::string message;
    std::size_t at;
  };
  // False and `error` filled where `text` is not a pattern.
  [[nodiscard]] static bool parse(std::string_view text, PathPattern& pattern, ParseError& error);

  [[nodiscard]] bool matches(std::string_view path) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class StepKind { member, index, any_member, any_index, any_depth };
  struct Step {
    StepKind kind;
    std::string name;  // of a member; the digits of an index
  };
  [[nodiscard]] bool matches_from(std::size_t step, std::string_view rest) const;

  std::string text_;
  std::string exact_;  // `header:x` in lower case, `status`; empty for `$` patterns
  std::vector<Step> steps_;
};

}  // namespace banyan
