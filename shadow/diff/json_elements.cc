#include "shadow/diff/json_elements.h"

#include <algorithm>
#include <array>
#include <utility>

namespace banyan::shadow {
namespace {

constexpr std::uint32_t kMembersLookedAt = 32;  // of an object, for its likeness to another
constexpr std::uint32_t kNoValue = 0;           // entry 0 is the document
constexpr std::uint64_t kTaken = 0;             // as of a member that was not hashed

std::vector<std::uint32_t> children_of(const JsonTape& tape, std::uint32_t at) {
  std::vector<std::uint32_t> children;
  children.reserve(tape[at].count);
  std::uint32_t child = at + 1;
  for (std::uint32_t i = 0; i < tape[at].count; ++i) {
    children.push_back(child);
    child = tape[child].next;
  }
  return children;
}

std::vector<std::uint64_t> hashes_of(JsonHashes& hashes, const std::vector<std::uint32_t>& elements,
                                     std::uint32_t first, RuleWalk& walk) {
  std::vector<std::uint64_t> out;
  out.reserve(elements.size());
  for (std::uint32_t i = 0; i < elements.size(); ++i) {
    walk.enter_element(first + i);
    out.push_back(hashes.of(elements[i], walk));
    walk.leave();
  }
  return out;
}

// The value of the first member of that name.
std::uint32_t member_of(const JsonTape& tape, std::uint32_t object, std::string_view name) {
  if (tape[object].type != JsonType::object) return kNoValue;
  std::uint32_t at = object + 1;
  for (std::uint32_t i = 0; i < tape[object].count; ++i) {
    if (tape[at].text == name) return at + 1;
    at = tape[at + 1].next;
  }
  return kNoValue;
}

// The hash of each element's key, as it is written. Those without one have the same number, and so
// are paired among themselves, first with first.
std::vector<std::uint64_t> keys_of(const JsonTape& tape, JsonHashes& hashes,
                                   const std::vector<std::uint32_t>& elements,
                                   const std::string& key) {
  const CompareRules none;
  RuleWalk walk(none);
  std::vector<std::uint64_t> out;
  out.reserve(elements.size());
  for (const std::uint32_t element : elements) {
    const std::uint32_t value = member_of(tape, element, key);
    out.push_back(value == kNoValue ? 0 : hashes.of(value, walk));
  }
  return out;
}

bool have_the_same(std::vector<std::uint64_t> left, std::vector<std::uint64_t> right) {
  if (left.size() != right.size()) return false;
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

}  // namespace

JsonElements::Sides JsonElements::pair(std::uint32_t l, std::uint32_t r, RuleWalk& walk) {
  Sides sides;
  sides.left = children_of(left_, l);
  sides.right = children_of(right_, r);
  if (walk.here().key != nullptr) {
    match_keys(sides, *walk.here().key);
  } else if (walk.here().unordered) {
    match_elements(sides, walk);
  } else {
    align_elements(sides, walk);
  }
  return sides;
}

void JsonElements::leave_out_same_ends(Sides& sides) {
  std::vector<std::uint32_t>& left = sides.left;
  std::vector<std::uint32_t>& right = sides.right;
  const std::size_t both = std::min(left.size(), right.size());
  std::size_t front = 0;
  while (front < both && same_(left[front], right[front])) ++front;
  while (left.size() > front && right.size() > front && same_(left.back(), right.back())) {
    left.pop_back();
    right.pop_back();
  }
  left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(front));
  right.erase(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(front));
  sides.first = static_cast<std::uint32_t>(front);
}

void JsonElements::align_elements(Sides& sides, RuleWalk& walk) {
  leave_out_same_ends(sides);
  if (sides.left.empty() || sides.right.empty()) return;
  if (sides.left.size() == 1 && sides.right.size() == 1) {
    sides.pairs.push_back({0, 0});
    return;
  }
  const auto left = hashes_of(left_hashes_, sides.left, sides.first, walk);
  const auto right = hashes_of(right_hashes_, sides.right, sides.first, walk);
  if (left != right && have_the_same(left, right)) {
    sides.moved = true;
    return;
  }
  Alignment alignment = align(
      left, right,
      [&](std::uint32_t a, std::uint32_t b) { return likeness(sides.left[a], sides.right[b]); },
      cells_);
  sides.pairs = std::move(alignment.pairs);
  sides.cut = alignment.cut;
}

void JsonElements::match_elements(Sides& sides, RuleWalk& walk) {
  sides.in_order = false;
  const auto left = hashes_of(left_hashes_, sides.left, sides.first, walk);
  const auto right = hashes_of(right_hashes_, sides.right, sides.first, walk);
  sides.pairs = match(
      left, right,
      [&](std::uint32_t a, std::uint32_t b) { return likeness(sides.left[a], sides.right[b]); },
      cells_);
}

void JsonElements::match_keys(Sides& sides, const std::string& key) {
  sides.in_order = false;
  const auto left = keys_of(left_, left_keys_, sides.left, key);
  const auto right = keys_of(right_, right_keys_, sides.right, key);
  std::uint32_t no_cells = 0;
  sides.pairs = match(left, right, {}, no_cells);
}

// All values within these two were hashed.
std::uint32_t JsonElements::likeness(std::uint32_t l, std::uint32_t r) const {
  if (left_[l].type != right_[r].type) return 0;
  if (left_hashes_.known(l) == right_hashes_.known(r)) return 101;
  if (left_[l].type == JsonType::object) return 1 + member_likeness(l, r);
  return 1;
}

// The share of members that both have with the same value, in percent. A member that repeats
// another is one more: each is counted with one of the other side at most, whichever side that is.
std::uint32_t JsonElements::member_likeness(std::uint32_t l, std::uint32_t r) const {
  const std::uint32_t most = std::max(left_[l].count, right_[r].count);
  const std::uint32_t looked_at = std::min(most, kMembersLookedAt);
  std::array<std::uint64_t, kMembersLookedAt> members{};
  const std::uint32_t count = std::min(right_[r].count, looked_at);
  std::uint32_t at = r + 1;
  for (std::uint32_t i = 0; i < count; ++i, at = right_[at + 1].next) {
    members[i] = right_hashes_.known_member(at);
  }
  std::uint32_t same = 0;
  at = l + 1;
  for (std::uint32_t i = 0; i < std::min(left_[l].count, looked_at); ++i, at = left_[at + 1].next) {
    const std::uint64_t member = left_hashes_.known_member(at);
    // Most objects name their members in the same order.
    const std::uint32_t begin = i < count && members[i] == member ? i : 0;
    const auto end = members.begin() + count;
    const auto found = std::find(members.begin() + begin, end, member);
    if (found == end) continue;
    *found = kTaken;
    ++same;
  }
  return looked_at == 0 ? 100 : 100 * same / looked_at;
}

}  // namespace banyan::shadow
