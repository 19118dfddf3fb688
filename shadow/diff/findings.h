// shadow/diff/findings.h: where one comparison puts the differences that it finds.
//
// What a rule ignores is dropped, what is over the limit is counted. Values are rendered only for
// what is kept.
#pragma once

#include <string>
#include <utility>

#include "shadow/diff/comparison.h"

namespace banyan::shadow {

class Findings {
 public:
  // Both must outlive it.
  Findings(const CompareRules& rules, Comparison& comparison)
      : rules_(rules), comparison_(comparison) {}

  // `path`, `left`, `right`: callables that give a std::string; the first is called at most once,
  // the others only where the difference is kept.
  template <class Path, class Left, class Right>
  void add(Kind kind, Path path, Left left, Right right) {
    if (is_full() && rules_.ignore.empty()) {
      ++comparison_.left_out;
      return;
    }
    std::string place = path();
    if (is_ignored(place)) return;
    if (is_full()) {
      ++comparison_.left_out;
      return;
    }
    comparison_.differences.push_back({std::move(place), kind, left(), right()});
  }

 private:
  [[nodiscard]] bool is_full() const {
    return comparison_.differences.size() >= rules_.differences_max;
  }
  [[nodiscard]] bool is_ignored(const std::string& path) const;

  const CompareRules& rules_;
  Comparison& comparison_;
};

}  // namespace banyan::shadow
