#include "shadow/diff/json_diff.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "shadow/diff/json_elements.h"
#include "shadow/diff/json_number.h"
#include "shadow/diff/json_same.h"
#include "shadow/diff/json_text.h"
#include "shadow/diff/rule_walk.h"
#include "shadow/diff/timestamp.h"

namespace banyan::shadow {
namespace {

bool are_near(const ToleranceRule& rule, const JsonEntry& a, const JsonEntry& b) {
  if (a.type == JsonType::number) {
    return !rule.number.empty() && within_tolerance(a.text, b.text, rule.number);
  }
  if (a.type != JsonType::string || !rule.number.empty()) return false;
  const auto left = timestamp_of(a.text);
  const auto right = timestamp_of(b.text);
  return left && right && std::chrono::abs(*left - *right) <= rule.time;
}

// Both documents from their roots on. Recursion is bounded by kJsonDepthMax.
class JsonWalk {
 public:
  JsonWalk(const JsonTape& left, const JsonTape& right, Findings& findings)
      : left_(left),
        right_(right),
        findings_(findings),
        rules_(findings.rules()),
        same_(left, right),
        elements_(left, right, same_),
        shown_max_(findings.shown_max()) {}

  void values(std::uint32_t l, std::uint32_t r) {
    if (rules_.here().ignored || same_(l, r)) return;
    const JsonEntry& a = left_[l];
    const JsonEntry& b = right_[r];
    if (a.type != b.type) {
      differ(Kind::type, l, r);
      return;
    }
    switch (a.type) {
      case JsonType::null:
        return;
      case JsonType::array:
        elements(l, r);
        return;
      case JsonType::object:
        members(l, r);
        return;
      default:
        scalars(l, r);
    }
  }

 private:
  struct Member {
    std::string_view name;
    std::uint32_t value;  // its entry; names that repeat are told apart by it
    bool operator<(const Member& o) const {
      return std::tie(name, value) < std::tie(o.name, o.value);
    }
  };

  void scalars(std::uint32_t l, std::uint32_t r) {
    const JsonEntry& a = left_[l];
    const JsonEntry& b = right_[r];
    if (a.text == b.text) return;
    if (a.type == JsonType::number && equal_numbers(a.text, b.text)) return;
    const ToleranceRule* const rule = rules_.here().tolerance;
    if (rule == nullptr || !are_near(*rule, a, b)) differ(Kind::value, l, r);
  }

  void elements(std::uint32_t l, std::uint32_t r) {
    const JsonElements::Sides sides = elements_.pair(l, r, rules_);
    if (sides.moved) {
      differ(Kind::order, l, r);
      return;
    }
    if (sides.cut) {
      findings_.add(
          Kind::length, [this] { return path_text(path_, PathSide::lesser); },
          [&] { return std::to_string(left_[l].count); },
          [&] { return std::to_string(right_[r].count); }, Holds::description);
    }
    if (!sides.in_order) return elements_in_any_order(sides);
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    const auto alone = [&](const AlignedPair& until) {
      while (!sides.cut && left < until.left) only_left_element(sides, left++);
      while (!sides.cut && right < until.right) only_right_element(sides, right++);
    };
    for (const AlignedPair& pair : sides.pairs) {
      alone(pair);
      element_pair(sides, pair);
      left = pair.left + 1;
      right = pair.right + 1;
    }
    alone({static_cast<std::uint32_t>(sides.left.size()),
           static_cast<std::uint32_t>(sides.right.size())});
  }

  void elements_in_any_order(const JsonElements::Sides& sides) {
    std::vector<bool> left_paired(sides.left.size());
    std::vector<bool> right_paired(sides.right.size());
    for (const AlignedPair& pair : sides.pairs) {
      left_paired[pair.left] = right_paired[pair.right] = true;
      element_pair(sides, pair);
    }
    for (std::uint32_t i = 0; i < sides.left.size(); ++i) {
      if (!left_paired[i]) only_left_element(sides, i);
    }
    for (std::uint32_t i = 0; i < sides.right.size(); ++i) {
      if (!right_paired[i]) only_right_element(sides, i);
    }
  }

  void element_pair(const JsonElements::Sides& sides, const AlignedPair& pair) {
    const std::uint32_t l = sides.left[pair.left];
    const std::uint32_t r = sides.right[pair.right];
    if (same_(l, r)) return;
    in_element(sides.first + pair.left, sides.first + pair.right, [&] { values(l, r); });
  }
  void only_left_element(const JsonElements::Sides& sides, std::uint32_t at) {
    const std::uint32_t index = sides.first + at;
    in_element(index, index, [&] { only_left(sides.left[at]); });
  }
  void only_right_element(const JsonElements::Sides& sides, std::uint32_t at) {
    const std::uint32_t index = sides.first + at;
    in_element(index, index, [&] { only_right(sides.right[at]); });
  }

  // While both sides name the same member, nothing needs to be looked up. What came so far was in
  // step on both sides, so that the n-th member of a name stays the n-th of what is left.
  void members(std::uint32_t l, std::uint32_t r) {
    std::uint32_t left_count = left_[l].count;
    std::uint32_t right_count = right_[r].count;
    ++l;
    ++r;
    while (left_count > 0 && right_count > 0 && left_[l].text == right_[r].text) {
      if (!same_(l + 1, r + 1)) in_member(left_[l].text, [&] { values(l + 1, r + 1); });
      l = left_[l + 1].next;
      r = right_[r + 1].next;
      --left_count;
      --right_count;
    }
    if (left_count > 0 || right_count > 0) members_by_name(l, left_count, r, right_count);
  }

  void members_by_name(std::uint32_t l, std::uint32_t left_count, std::uint32_t r,
                       std::uint32_t right_count) {
    const std::size_t base = members_.size();
    const std::size_t middle = push_sorted(left_, l, left_count);
    const std::size_t end = push_sorted(right_, r, right_count);
    std::size_t i = base;
    std::size_t j = middle;
    while (i < middle || j < end) {
      // Copies: the walk below may let members_ grow.
      const Member a = i < middle ? members_[i] : Member{};
      const Member b = j < end ? members_[j] : Member{};
      const int order = i == middle ? 1 : j == end ? -1 : a.name.compare(b.name);
      if (order <= 0) ++i;
      if (order >= 0) ++j;
      if (order < 0) {
        in_member(a.name, [&] { only_left(a.value); });
      } else if (order > 0) {
        in_member(b.name, [&] { only_right(b.value); });
      } else {
        in_member(a.name, [&] { values(a.value, b.value); });
      }
    }
    members_.resize(base);
  }

  // Behind what members_ already has; gives the new end.
  std::size_t push_sorted(const JsonTape& tape, std::uint32_t at, std::uint32_t count) {
    const auto base = static_cast<std::ptrdiff_t>(members_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      members_.push_back({tape[at].text, at + 1});
      at = tape[at + 1].next;
    }
    std::sort(members_.begin() + base, members_.end());
    return members_.size();
  }

  template <class F>
  void in_member(std::string_view name, F walk) {
    path_.push_back({name, 0, 0, false});
    rules_.enter_member(name);
    walk();
    rules_.leave();
    path_.pop_back();
  }
  template <class F>
  void in_element(std::uint32_t left, std::uint32_t right, F walk) {
    path_.push_back({{}, left, right, true});
    rules_.enter_element(std::min(left, right));
    walk();
    rules_.leave();
    path_.pop_back();
  }

  void differ(Kind kind, std::uint32_t l, std::uint32_t r) {
    findings_.add(
        kind, [this] { return path_text(path_, PathSide::lesser); },
        [=, this] { return value_text(left_, l, shown_max_); },
        [=, this] { return value_text(right_, r, shown_max_); });
  }
  void only_left(std::uint32_t l) {
    if (rules_.here().ignored) return;
    findings_.add(
        Kind::missing, [this] { return path_text(path_, PathSide::left); },
        [=, this] { return value_text(left_, l, shown_max_); }, [] { return std::string(); });
  }
  void only_right(std::uint32_t r) {
    if (rules_.here().ignored) return;
    findings_.add(
        Kind::extra, [this] { return path_text(path_, PathSide::right); },
        [] { return std::string(); }, [=, this] { return value_text(right_, r, shown_max_); });
  }

  const JsonTape& left_;
  const JsonTape& right_;
  Findings& findings_;
  RuleWalk rules_;
  JsonSame same_;
  JsonElements elements_;
  const std::size_t shown_max_;
  std::vector<PathStep> path_;
  std::vector<Member> members_;  // of all objects on the way down that need an order
};

}  // namespace

void compare_json(const JsonTape& left, const JsonTape& right, Findings& findings) {
  JsonWalk(left, right, findings).values(0, 0);
}

}  // namespace banyan::shadow
