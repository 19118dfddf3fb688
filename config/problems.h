// config/problems.h: the problems of one text, collected while it is decoded.
//
// A place is a byte offset into the text; lines and columns are made from it at the end. Bounded:
// a text in which everything is wrong can not fill the memory or the screen.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace banyan::config {

inline constexpr std::size_t kProblemsMax = 500;     // what is over it is counted, not shown
inline constexpr std::size_t kSourceBytesMax = 400;  // of a source line; a longer one is not shown
inline constexpr std::size_t kQuotedBytesMax = 60;   // of what a message quotes from the file
inline constexpr std::size_t kSuggestBytesMax = 64;  // longer words get no "did you mean"
inline constexpr std::size_t kCandidatesMax = 200;   // that a "did you mean" looks at

class Problems {
 public:
  // `text` outlives this object.
  explicit Problems(std::string_view text);

  // The text's offset `at`; one past the end is fine, further is taken as the end.
  void add(std::size_t at, std::string path, std::string message);
  // What add() would add.
  [[nodiscard]] Problem at(std::size_t at, std::string path, std::string message) const;
  // For a problem without a place: the file can not be read.
  void add_without_place(std::string message);

  [[nodiscard]] bool none() const { return found_.empty(); }
  [[nodiscard]] std::size_t count() const { return found_.size() + left_out_; }
  // 1-based.
  [[nodiscard]] std::size_t line_of(std::size_t at) const;
  // The offset of a 1-based line and column (in characters); what is too far is moved back.
  [[nodiscard]] std::size_t offset_of(std::size_t line, std::size_t column) const;
  // In the order of their places; this object is empty afterwards.
  [[nodiscard]] std::vector<Problem> take();

 private:
  struct Found {
    std::size_t at;
    Problem problem;
  };
  [[nodiscard]] std::string_view line_text(std::size_t line) const;

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  std::vector<Found> found_;
  std::size_t left_out_ = 0;
};

// In double quotes, cut to kQuotedBytesMax, control characters as `\xNN`.
[[nodiscard]] std::string quoted(std::string_view text);
// ` (did you mean "sample"?)`, or nothing where no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);
// The place of the first byte that is not UTF-8 or not allowed in YAML (a control character, a
// byte order mark that is not at the start); npos where all is well.
[[nodiscard]] std::size_t first_bad_character(std::string_view text);
// The size of the UTF-8 character at the front of `text`; 0 where it is none.
[[nodiscard]] std::size_t character_size(std::string_view text);

}  // namespace banyan::config
