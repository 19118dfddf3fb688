// base/path_pattern.h: which places of a compared document a rule means.
//
//   pattern := "$" step* | "header:" name | "trailer:" name | "status" | "body"
//            | "header:set-cookie[" cookie "]" [ "." attribute ]
//   step    := "." plain | "['" quoted "']" | "[" digits "]" | "[*]" | ".*" | ".**"
//   plain   := [A-Za-z_$@] [A-Za-z0-9_$@-]*
//   quoted  := any bytes, those of ' and \ with a \ before them
//
// `[*]` is any index, `.*` any member, `.**` any number of steps, also none. A pattern matches a
// path and everything below it: `$.meta` covers `$.meta.generated_at`. Paths are written in the
// same notation, without wildcards, members as append_member() writes them: `$.time['1.0.0']`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace banyan {

// Appends the step to the member `name`: `.name` where that is a plain name, else `['name']`.
void append_member(std::string& path, std::string_view name);

class PathPattern {
 public:
  static constexpr std::size_t kStepsMax = 64;

  // The message says what is wrong, for people. `at`: byte offset into the text.
  struct ParseError {
    std::string message;
    std::size_t at;
  };
  // False and `error` filled where `text` is not a pattern; `pattern` is then as it was.
  [[nodiscard]] static bool parse(std::string_view text, PathPattern& pattern, ParseError& error);

  // Allocates nothing. Takes steps of the pattern times steps of the path at most.
  [[nodiscard]] bool matches(std::string_view path) const;
  [[nodiscard]] const std::string& text() const { return text_; }

  enum class StepKind : std::uint8_t { member, index, any_member, any_index, any_depth };
  struct Step {
    StepKind kind;
    std::string text;  // of a member or an index, as a path writes it
    std::string name;  // of a member, as a document has it; of an index its digits
  };
  // For a walk along a document, step by step. Not those of `header:x`, `status` and the like.
  [[nodiscard]] bool is_document_path() const { return exact_.empty() && !text_.empty(); }
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

 private:
  class Parser;
  [[nodiscard]] static bool accepts(const Step& step, std::string_view path_step);
  [[nodiscard]] bool matches_steps(std::string_view rest) const;

  std::string text_;
  std::string
      exact_;  // `header:x`, `trailer:x` in lower case, `status`, `body`; empty for `$` patterns
  std::vector<Step> steps_;
};

}  // namespace banyan
