// shadow/diff/findings.h: where one comparison puts the differences that it finds.
//
// What a rule ignores is dropped, what is over the limit is counted. Values are rendered only for
// what is kept.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "shadow/diff/comparison.h"

namespace banyan::shadow {

// Why answers are not comparable that differ in nothing but bodies over a limit.
inline constexpr std::string_view kBodyOverLimit = "body_over_limit";
// Descriptors are asked for and have not come: rules that name fields would miss them.
inline constexpr std::string_view kNotDescribed = "not_described";

class Findings {
 public:
  // Both must outlive it.
  Findings(const CompareRules& rules, Comparison& comparison);
  // For what stands at `place` and has paths of its own: `$.a` and `body[1]` become what is below
  // `place`.
  Findings(const Findings& above, std::string place)
      : rules_(above.rules_),
        comparison_(above.comparison_),
        above_(std::move(place)),
        hidden_(above.hidden_) {}

  // `path`, `left`, `right`: callables that give a std::string; the first is called at most once,
  // the others only where the difference is kept.
  template <class Path, class Left, class Right>
  void add(Kind kind, Path path, Left left, Right right, Holds holds = Holds::value) {
    if (is_full() && rules_.ignore.empty()) {
      ++comparison_.left_out;
      return;
    }
    std::string place = placed(path());
    if (is_ignored(place)) return;
    if (is_full()) {
      ++comparison_.left_out;
      return;
    }
    comparison_.differences.push_back({std::move(place), kind, shown(kind, Kind::extra, left),
                                       shown(kind, Kind::missing, right), Verdict::mismatch,
                                       hidden_ ? Holds::description : holds});
  }

  // For a walk from the root of a document: rules that name places hold for the whole body only.
  [[nodiscard]] const CompareRules& rules() const;
  // Of the body as a whole; nullptr where there are no descriptors. Those that are there now stay
  // to the end of the comparison.
  [[nodiscard]] const ProtoSchema* schema() const { return schema_.get(); }
  // Whether there will be one. Bodies that need it and differ are not told apart until then.
  [[nodiscard]] bool awaits_schema() const { return awaits_schema_; }
  void not_described() { comparison_.why_not = kNotDescribed; }
  // Of a value that is told.
  [[nodiscard]] std::size_t shown_max() const { return rules_.shown_bytes_max; }
  [[nodiscard]] bool for_shapes() const { return rules_.for_shapes; }
  // How the body was read, and what kept a side from being read as it says.
  void read_as(std::string_view kind) {
    if (above_.empty()) comparison_.body.kind = kind;
  }
  void problems(std::string_view left, std::string_view right);
  // The bodies differ, and whether they mean the same is more than we look into.
  void body_over_limit() { comparison_.why_not = kBodyOverLimit; }
  // From here on `(not shown)` stands in place of every value: nobody knows what it is.
  void hide_values() { hidden_ = true; }
  void show_values() { hidden_ = false; }

 private:
  template <class Value>
  [[nodiscard]] std::string shown(Kind kind, Kind absent, Value value) const {
    if (!hidden_) return value();
    return kind == absent ? std::string() : std::string("(not shown)");
  }
  [[nodiscard]] std::string placed(std::string path) const;
  [[nodiscard]] bool is_full() const {
    return comparison_.differences.size() >= rules_.differences_max;
  }
  [[nodiscard]] bool is_ignored(const std::string& path) const;

  const CompareRules& rules_;
  Comparison& comparison_;
  std::string above_;
  std::shared_ptr<const ProtoSchema> schema_;
  bool awaits_schema_ = false;
  bool hidden_ = false;
};

}  // namespace banyan::shadow
