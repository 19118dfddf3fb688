// shadow/value_pattern.h: a regular expression for values that are never shown.
//
// RE2's syntax. The longest match counts; takes time linear in the text, whatever the expression
// is. Cheap to copy; thread-safe once it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace banyan::shadow {

// Part of a text.
struct TextRange {
  std::size_t begin;
  std::size_t end;
};

class ValuePattern {
 public:
  static constexpr std::size_t kBytesMax = 1'024;                    // of the expression
  static constexpr std::int64_t kMemoryMax = std::int64_t{1} << 20;  // of what it compiles to

  // False and `error` filled where it can not be read, is too large, or matches the empty text.
  [[nodiscard]] static bool parse(std::string_view text, ValuePattern& made, std::string& error);

  // Appends where it matches; no two of these overlap.
  void find(std::string_view text, std::vector<TextRange>& found) const;
  [[nodiscard]] const std::string& text() const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace banyan::shadow
