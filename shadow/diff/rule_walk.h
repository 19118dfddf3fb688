// shadow/diff/rule_walk.h: which rules hold at a place of a document, while one walks through it.
//
// The patterns of all rules advance together, step by step, as the walk does; no path is written
// or parsed. Without rules for places in a document it costs nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shadow/diff/comparison.h"

namespace banyan::shadow {

class RuleWalk {
 public:
  struct Here {
    bool ignored = false;  // with all below
    bool unordered = false;
    const std::string* key = nullptr;  // a KeyedRule's member
    const ToleranceRule* tolerance = nullptr;
  };

  // Begins at the root. `rules` must outlive it.
  explicit RuleWalk(const CompareRules& rules);

  [[nodiscard]] const Here& here() const { return here_.back(); }
  void enter_member(std::string_view name) {
    if (!patterns_.empty()) go_to_member(name);
  }
  void enter_element(std::uint32_t index) {
    if (!patterns_.empty()) go_to_element(index);
  }
  void leave();

 private:
  using Step = PathPattern::Step;
  enum class Purpose : std::uint8_t { ignore, unordered, keyed, tolerance };
  struct Pattern {
    const std::vector<Step>* steps;
    Purpose purpose;
    std::uint32_t rule;  // of its kind
  };
  // A pattern whose first `step` steps are behind the walk.
  struct Position {
    std::uint32_t pattern;
    std::uint32_t step;
  };

  static bool takes_member(const Step& step, std::string_view name);
  static bool takes_element(const Step& step, std::uint32_t index);
  void add_pattern(const PathPattern& pattern, Purpose purpose, std::size_t rule);
  void go_to_member(std::string_view name);
  void go_to_element(std::uint32_t index);
  template <class Takes>
  void enter(Takes takes);
  void add(Position position, std::size_t frame);
  void reach(const Pattern& pattern);

  const CompareRules& rules_;
  std::vector<Pattern> patterns_;
  std::vector<Position> positions_;  // of all places on the way, the last place's at the end
  std::vector<std::size_t> frames_;  // where each place's begin
  std::vector<Here> here_;
};

}  // namespace banyan::shadow
