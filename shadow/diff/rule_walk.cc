#include "shadow/diff/rule_walk.h"

#include <charconv>

namespace banyan::shadow {

using StepKind = PathPattern::StepKind;

RuleWalk::RuleWalk(const CompareRules& rules) : rules_(rules) {
  here_.emplace_back();
  for (std::size_t i = 0; i < rules.ignore.size(); ++i) {
    add_pattern(rules.ignore[i], Purpose::ignore, i);
  }
  for (std::size_t i = 0; i < rules.unordered.size(); ++i) {
    add_pattern(rules.unordered[i], Purpose::unordered, i);
  }
  for (std::size_t i = 0; i < rules.keyed.size(); ++i) {
    add_pattern(rules.keyed[i].at, Purpose::keyed, i);
  }
  for (std::size_t i = 0; i < rules.tolerance.size(); ++i) {
    add_pattern(rules.tolerance[i].at, Purpose::tolerance, i);
  }
  if (patterns_.empty()) return;
  frames_.push_back(0);
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) add({i, 0}, 0);
}

void RuleWalk::add_pattern(const PathPattern& pattern, Purpose purpose, std::size_t rule) {
  if (!pattern.is_document_path()) return;
  patterns_.push_back({&pattern.steps(), purpose, static_cast<std::uint32_t>(rule)});
}

bool RuleWalk::takes_member(const Step& step, std::string_view name) {
  return step.kind == StepKind::any_member || (step.kind == StepKind::member && step.name == name);
}

bool RuleWalk::takes_element(const Step& step, std::uint32_t index) {
  if (step.kind != StepKind::index) return step.kind == StepKind::any_index;
  std::uint32_t wanted = 0;
  const char* const end = step.name.data() + step.name.size();
  return std::from_chars(step.name.data(), end, wanted).ec == std::errc() && wanted == index;
}

template <class Takes>
void RuleWalk::enter(Takes takes) {
  const std::size_t from = frames_.back();
  const std::size_t end = positions_.size();
  frames_.push_back(end);
  here_.emplace_back();
  for (std::size_t i = from; i < end; ++i) {
    const Position position = positions_[i];
    const Step& step = (*patterns_[position.pattern].steps)[position.step];
    if (step.kind == StepKind::any_depth) {
      add(position, end);
    } else if (takes(step)) {
      add({position.pattern, position.step + 1}, end);
    }
  }
}

void RuleWalk::go_to_member(std::string_view name) {
  enter([name](const Step& step) { return takes_member(step, name); });
}

void RuleWalk::go_to_element(std::uint32_t index) {
  enter([index](const Step& step) { return takes_element(step, index); });
}

// `.**` may also be no step at all. One pattern's positions stand together and are few.
void RuleWalk::add(Position position, std::size_t frame) {
  const Pattern& pattern = patterns_[position.pattern];
  for (;; ++position.step) {
    if (position.step == pattern.steps->size()) return reach(pattern);
    for (std::size_t i = positions_.size(); i > frame; --i) {
      const Position& other = positions_[i - 1];
      if (other.pattern != position.pattern) break;
      if (other.step == position.step) return;
    }
    positions_.push_back(position);
    if ((*pattern.steps)[position.step].kind != StepKind::any_depth) return;
  }
}

void RuleWalk::reach(const Pattern& pattern) {
  Here& here = here_.back();
  switch (pattern.purpose) {
    case Purpose::ignore:
      here.ignored = true;
      break;
    case Purpose::unordered:
      here.unordered = true;
      break;
    case Purpose::keyed:
      if (here.key == nullptr) here.key = &rules_.keyed[pattern.rule].member;
      break;
    case Purpose::tolerance:
      if (here.tolerance == nullptr) here.tolerance = &rules_.tolerance[pattern.rule];
      break;
  }
}

void RuleWalk::leave() {
  if (patterns_.empty()) return;
  positions_.resize(frames_.back());
  frames_.pop_back();
  here_.pop_back();
}

}  // namespace banyan::shadow
