#include "shadow/diff/json_diff.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "shadow/diff/json_number.h"
#include "shadow/diff/json_text.h"

namespace banyan::shadow {
namespace {

// Both documents from their roots on, in lock-step. Recursion is bounded by kJsonDepthMax.
class JsonWalk {
 public:
  JsonWalk(const JsonTape& left, const JsonTape& right, Findings& findings)
      : left_(left), right_(right), findings_(findings) {}

  void values(std::uint32_t l, std::uint32_t r) {
    const JsonEntry& a = left_[l];
    const JsonEntry& b = right_[r];
    if (a.type != b.type) {
      differ(Kind::type, l, r);
      return;
    }
    switch (a.type) {
      case JsonType::null:
        return;
      case JsonType::number:
        if (!equal_numbers(a.text, b.text)) differ(Kind::value, l, r);
        return;
      case JsonType::array:
        elements(l, r);
        return;
      case JsonType::object:
        members(l, r);
        return;
      default:
        if (a.text != b.text) differ(Kind::value, l, r);
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

  void elements(std::uint32_t l, std::uint32_t r) {
    const std::uint32_t left_count = left_[l].count;
    const std::uint32_t right_count = right_[r].count;
    if (left_count != right_count) {
      findings_.add(
          Kind::length, [this] { return path_text(path_); },
          [=] { return std::to_string(left_count); }, [=] { return std::to_string(right_count); });
    }
    ++l;
    ++r;
    for (std::uint32_t i = 0; i < std::min(left_count, right_count); ++i) {
      path_.push_back({{}, i, true});
      values(l, r);
      path_.pop_back();
      l = left_[l].next;
      r = right_[r].next;
    }
  }

  // While both sides name the same member, nothing needs to be looked up. What came so far was in
  // step on both sides, so that the n-th member of a name stays the n-th of what is left.
  void members(std::uint32_t l, std::uint32_t r) {
    std::uint32_t left_count = left_[l].count;
    std::uint32_t right_count = right_[r].count;
    ++l;
    ++r;
    while (left_count > 0 && right_count > 0 && left_[l].text == right_[r].text) {
      in_member(left_[l].text, [&] { values(l + 1, r + 1); });
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
    path_.push_back({name, 0, false});
    walk();
    path_.pop_back();
  }

  void differ(Kind kind, std::uint32_t l, std::uint32_t r) {
    findings_.add(
        kind, [this] { return path_text(path_); },
        [=, this] { return value_text(left_, l, kShownBytesMax); },
        [=, this] { return value_text(right_, r, kShownBytesMax); });
  }
  void only_left(std::uint32_t l) {
    findings_.add(
        Kind::missing, [this] { return path_text(path_); },
        [=, this] { return value_text(left_, l, kShownBytesMax); }, [] { return std::string(); });
  }
  void only_right(std::uint32_t r) {
    findings_.add(
        Kind::extra, [this] { return path_text(path_); }, [] { return std::string(); },
        [=, this] { return value_text(right_, r, kShownBytesMax); });
  }

  const JsonTape& left_;
  const JsonTape& right_;
  Findings& findings_;
  std::vector<PathStep> path_;
  std::vector<Member> members_;  // of all objects on the way down that need an order
};

}  // namespace

void compare_json(const JsonTape& left, const JsonTape& right, Findings& findings) {
  JsonWalk(left, right, findings).values(0, 0);
}

}  // namespace banyan::shadow
