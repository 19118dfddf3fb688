#include "shadow/diff/common_subsequence.h"

#include <algorithm>
#include <optional>

namespace banyan::shadow {
namespace {

using Numbers = std::span<const std::uint64_t>;

// Some elements of a list, with the indexes that they have in it.
struct Kept {
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint32_t> indexes;
};

std::vector<std::uint64_t> sorted(Numbers numbers) {
  std::vector<std::uint64_t> out(numbers.begin(), numbers.end());
  std::sort(out.begin(), out.end());
  return out;
}

template <class Keep>
Kept kept(Numbers numbers, Keep keep) {
  Kept out;
  for (std::uint32_t i = 0; i < numbers.size(); ++i) {
    if (!keep(numbers[i])) continue;
    out.numbers.push_back(numbers[i]);
    out.indexes.push_back(i);
  }
  return out;
}

bool is_in(const std::vector<std::uint64_t>& numbers, std::uint64_t number) {
  return std::binary_search(numbers.begin(), numbers.end(), number);
}

bool is_once_in(const std::vector<std::uint64_t>& numbers, std::uint64_t number) {
  const auto at = std::lower_bound(numbers.begin(), numbers.end(), number);
  return at != numbers.end() && *at == number && (at + 1 == numbers.end() || at[1] != number);
}

// Myers' greedy algorithm: reach_[k] is how far left one gets on diagonal k = left - right with
// `edits` insertions and removals. What it was before each edit is kept for the way back.
class Myers {
 public:
  Myers(const std::vector<std::uint64_t>& left, const std::vector<std::uint64_t>& right)
      : left_(left), right_(right), reach_(2 * kEditsMax + 3) {}

  std::optional<std::vector<AlignedPair>> run() {
    for (std::int32_t edits = 0; edits <= static_cast<std::int32_t>(kEditsMax); ++edits) {
      before_.push_back(trace_.size());
      trace_.insert(trace_.end(), &reach(-edits), &reach(edits) + 1);
      for (std::int32_t k = -edits; k <= edits; k += 2) {
        if (extend(edits, k)) return way_back(edits);
      }
      if (steps_ > kStepsMax) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::int32_t left_size() const { return static_cast<std::int32_t>(left_.size()); }
  [[nodiscard]] std::int32_t right_size() const { return static_cast<std::int32_t>(right_.size()); }
  std::int32_t& reach(std::int32_t k) {
    return reach_[static_cast<std::size_t>(k + static_cast<std::int32_t>(kEditsMax) + 1)];
  }
  // Diagonal k with `edits` edits comes from k + 1 by an insertion, or from k - 1 by a removal.
  template <class Reach>
  static bool comes_down(std::int32_t edits, std::int32_t k, Reach reach) {
    return k == -edits || (k != edits && reach(k - 1) < reach(k + 1));
  }

  // Whether the end is reached.
  bool extend(std::int32_t edits, std::int32_t k) {
    const auto now = [this](std::int32_t at) { return reach(at); };
    std::int32_t l = 0;
    if (edits > 0) l = comes_down(edits, k, now) ? reach(k + 1) : reach(k - 1) + 1;
    std::int32_t r = l - k;
    while (l < left_size() && r < right_size() &&
           left_[static_cast<std::size_t>(l)] == right_[static_cast<std::size_t>(r)]) {
      ++l;
      ++r;
      ++steps_;
    }
    ++steps_;
    reach(k) = l;
    return l >= left_size() && r >= right_size();
  }

  std::vector<AlignedPair> way_back(std::int32_t edits) {
    std::vector<AlignedPair> pairs;
    std::int32_t l = left_size();
    std::int32_t r = right_size();
    for (; edits >= 0; --edits) {
      const auto then = [&](std::int32_t k) {
        return trace_[before_[static_cast<std::size_t>(edits)] +
                      static_cast<std::size_t>(k + edits)];
      };
      const std::int32_t k = l - r;
      std::int32_t from_l = 0;
      std::int32_t from_r = 0;
      if (edits > 0) {
        const bool down = comes_down(edits, k, then);
        from_l = down ? then(k + 1) : then(k - 1);
        from_r = from_l - (down ? k + 1 : k - 1);
      }
      while (l > from_l && r > from_r) {
        --l;
        --r;
        pairs.push_back({static_cast<std::uint32_t>(l), static_cast<std::uint32_t>(r)});
      }
      l = from_l;
      r = from_r;
    }
    std::reverse(pairs.begin(), pairs.end());
    return pairs;
  }

  const std::vector<std::uint64_t>& left_;
  const std::vector<std::uint64_t>& right_;
  std::vector<std::int32_t> reach_;
  std::vector<std::int32_t> trace_;
  std::vector<std::size_t> before_;
  std::uint64_t steps_ = 0;
};

// The longest run that ascends on the right too, of pairs that ascend on the left.
std::vector<AlignedPair> ascending(const std::vector<AlignedPair>& pairs) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> ends;  // of the best run of each length
  std::vector<std::size_t> previous(pairs.size(), kNone);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto at = std::lower_bound(
        ends.begin(), ends.end(), pairs[i].right,
        [&pairs](std::size_t end, std::uint32_t right) { return pairs[end].right < right; });
    if (at != ends.begin()) previous[i] = *(at - 1);
    if (at == ends.end()) {
      ends.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<AlignedPair> out;
  for (std::size_t i = ends.empty() ? kNone : ends.back(); i != kNone; i = previous[i]) {
    out.push_back(pairs[i]);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<AlignedPair> of_single_ones(Numbers left, Numbers right,
                                        const std::vector<std::uint64_t>& in_left,
                                        const std::vector<std::uint64_t>& in_right) {
  const auto once = [&](std::uint64_t number) {
    return is_once_in(in_left, number) && is_once_in(in_right, number);
  };
  const Kept a = kept(left, once);
  const Kept b = kept(right, once);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> places;
  for (std::size_t i = 0; i < b.numbers.size(); ++i) {
    places.emplace_back(b.numbers[i], b.indexes[i]);
  }
  std::sort(places.begin(), places.end());
  std::vector<AlignedPair> pairs;
  for (std::size_t i = 0; i < a.numbers.size(); ++i) {
    const auto at = std::lower_bound(places.begin(), places.end(), std::pair(a.numbers[i], 0U));
    pairs.push_back({a.indexes[i], at->second});
  }
  return ascending(pairs);
}

}  // namespace

std::vector<AlignedPair> common_subsequence(Numbers left, Numbers right) {
  if (left.empty() || right.empty()) return {};
  if (left.size() == 1 && right.size() == 1) {
    return left[0] == right[0] ? std::vector{AlignedPair{0, 0}} : std::vector<AlignedPair>{};
  }
  const std::vector<std::uint64_t> in_left = sorted(left);
  const std::vector<std::uint64_t> in_right = sorted(right);
  const Kept a = kept(left, [&](std::uint64_t number) { return is_in(in_right, number); });
  const Kept b = kept(right, [&](std::uint64_t number) { return is_in(in_left, number); });
  if (a.numbers.empty()) return {};
  auto pairs = Myers(a.numbers, b.numbers).run();
  if (!pairs) return of_single_ones(left, right, in_left, in_right);
  for (AlignedPair& pair : *pairs) {
    pair = {a.indexes[pair.left], b.indexes[pair.right]};
  }
  return *pairs;
}

}  // namespace banyan::shadow
