#include "shadow/diff/alignment.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "shadow/diff/common_subsequence.h"

namespace banyan::shadow {
namespace {

using Numbers = std::span<const std::uint64_t>;

constexpr std::uint32_t kAlikeMin = 50;              // for elements of lists in any order
constexpr std::uint32_t kCandidatesMax = 1U << 16U;  // of those

std::uint32_t size_of(Numbers numbers) { return static_cast<std::uint32_t>(numbers.size()); }

// Which of two unlike lists comes first does not depend on the side that it is on.
bool is_out_of_order(Numbers a, Numbers b) {
  if (a.size() != b.size()) return a.size() > b.size();
  return std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end());
}

void swap_sides(std::vector<AlignedPair>& pairs) {
  for (AlignedPair& pair : pairs) std::swap(pair.left, pair.right);
}

// Elements begin..end of either list, between two pairs.
struct Gap {
  std::uint32_t left;
  std::uint32_t left_end;
  std::uint32_t right;
  std::uint32_t right_end;
  [[nodiscard]] std::uint32_t left_size() const { return left_end - left; }
  [[nodiscard]] std::uint32_t right_size() const { return right_end - right; }
};

void pair_by_position(const Gap& gap, std::vector<AlignedPair>& out) {
  const std::uint32_t both = std::min(gap.left_size(), gap.right_size());
  for (std::uint32_t i = 0; i < both; ++i) out.push_back({gap.left + i, gap.right + i});
}

// The best sum of likenesses, with fewer rows than columns, each row within a band of columns.
class Band {
 public:
  Band(std::uint32_t rows, std::uint32_t columns, const Likeness& likeness)
      : rows_(rows), columns_(columns), width_(columns - rows + 3), likeness_(likeness) {}

  [[nodiscard]] static std::uint64_t cells(std::uint32_t rows, std::uint32_t columns) {
    return (std::uint64_t{rows} + 1) * (columns - rows + 3);
  }

  // Ascending pairs of row and column.
  std::vector<AlignedPair> pairs() {
    best_.assign(cells(rows_, columns_), 0);
    for (std::uint32_t row = rows_; row-- > 0;) {
      for (std::uint32_t at = width_; at-- > 0;) fill(row, at);
    }
    std::vector<AlignedPair> out;
    std::uint32_t row = 0;
    std::uint32_t column = 0;
    while (row < rows_ && column < columns_) {
      const std::uint32_t here = best(row, column);
      const std::uint32_t alike = likeness_(row, column);
      if (alike > 0 && here == alike + best(row + 1, column + 1)) {
        out.push_back({row++, column++});
      } else if (here == best(row, column + 1)) {
        ++column;
      } else {
        ++row;
      }
    }
    return out;
  }

 private:
  // Columns row-1 .. row+width-2 have a place.
  [[nodiscard]] std::uint32_t best(std::uint32_t row, std::uint32_t column) const {
    const std::uint32_t at = column + 1 - row;  // wraps to a large number left of the band
    return column >= columns_ || at >= width_ ? 0 : best_[std::size_t{row} * width_ + at];
  }
  void fill(std::uint32_t row, std::uint32_t at) {
    if (row + at == 0 || row + at - 1 >= columns_) return;
    const std::uint32_t column = row + at - 1;
    const std::uint32_t alike = likeness_(row, column);
    std::uint32_t value = std::max(best(row + 1, column), best(row, column + 1));
    if (alike > 0) value = std::max(value, alike + best(row + 1, column + 1));
    best_[std::size_t{row} * width_ + at] = value;
  }

  const std::uint32_t rows_;
  const std::uint32_t columns_;
  const std::uint32_t width_;
  const Likeness& likeness_;
  std::vector<std::uint32_t> best_;
};

// False where it would cost too much; they are then paired by position.
bool pair_gap(const Gap& gap, const Likeness& likeness, std::uint32_t& cells,
              std::vector<AlignedPair>& out) {
  const std::uint32_t rows = std::min(gap.left_size(), gap.right_size());
  const std::uint32_t columns = std::max(gap.left_size(), gap.right_size());
  const std::uint64_t cost = Band::cells(rows, columns);
  if (rows == 0) return true;
  if (rows == columns || cost > cells) {
    pair_by_position(gap, out);
    return rows == columns;
  }
  cells -= static_cast<std::uint32_t>(cost);
  const bool left_is_row = gap.left_size() < gap.right_size();
  const Likeness of_cell = [&](std::uint32_t row, std::uint32_t column) {
    return left_is_row ? likeness(gap.left + row, gap.right + column)
                       : likeness(gap.left + column, gap.right + row);
  };
  for (AlignedPair pair : Band(rows, columns, of_cell).pairs()) {
    if (!left_is_row) std::swap(pair.left, pair.right);
    out.push_back({gap.left + pair.left, gap.right + pair.right});
  }
  return true;
}

std::vector<AlignedPair> anchors_of(Numbers left, Numbers right) {
  const bool swapped = is_out_of_order(left, right);
  if (swapped) std::swap(left, right);
  std::uint32_t front = 0;
  std::uint32_t back = 0;
  const std::uint32_t both = std::min(size_of(left), size_of(right));
  while (front < both && left[front] == right[front]) ++front;
  while (back < both - front && left[left.size() - 1 - back] == right[right.size() - 1 - back]) {
    ++back;
  }
  std::vector<AlignedPair> anchors;
  for (std::uint32_t i = 0; i < front; ++i) anchors.push_back({i, i});
  const auto middle = common_subsequence(left.subspan(front, left.size() - front - back),
                                         right.subspan(front, right.size() - front - back));
  for (const AlignedPair& pair : middle) {
    anchors.push_back({pair.left + front, pair.right + front});
  }
  for (std::uint32_t i = back; i > 0; --i) {
    anchors.push_back({size_of(left) - i, size_of(right) - i});
  }
  if (swapped) swap_sides(anchors);
  return anchors;
}

// The indexes of `numbers`, equal numbers together in the order of the list.
std::vector<std::uint32_t> sorted_indexes(Numbers numbers) {
  std::vector<std::uint32_t> indexes(numbers.size());
  for (std::uint32_t i = 0; i < indexes.size(); ++i) indexes[i] = i;
  std::sort(indexes.begin(), indexes.end(), [numbers](std::uint32_t a, std::uint32_t b) {
    return std::pair(numbers[a], a) < std::pair(numbers[b], b);
  });
  return indexes;
}

struct Candidate {
  std::uint32_t alike;
  AlignedPair pair;
};

// Those most alike first; at most one pair for each element.
void pair_by_likeness(const std::vector<std::uint32_t>& left,
                      const std::vector<std::uint32_t>& right, const Likeness& likeness,
                      std::uint32_t& cells, std::vector<AlignedPair>& out) {
  const std::uint64_t cost = std::uint64_t{left.size()} * right.size();
  if (cost == 0 || cost > std::min(cells, kCandidatesMax)) return;
  cells -= static_cast<std::uint32_t>(cost);
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < left.size(); ++i) {
    for (std::uint32_t j = 0; j < right.size(); ++j) {
      const std::uint32_t alike = likeness(left[i], right[j]);
      if (alike >= kAlikeMin) candidates.push_back({alike, {i, j}});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.alike > b.alike; });
  std::vector<bool> left_taken(left.size());
  std::vector<bool> right_taken(right.size());
  for (const Candidate& candidate : candidates) {
    const auto [i, j] = candidate.pair;
    if (left_taken[i] || right_taken[j]) continue;
    left_taken[i] = right_taken[j] = true;
    out.push_back({left[i], right[j]});
  }
}

}  // namespace

Alignment align(Numbers left, Numbers right, const Likeness& likeness, std::uint32_t& cells) {
  Alignment alignment;
  Gap gap{0, 0, 0, 0};
  const auto close_gap = [&](std::uint32_t left_end, std::uint32_t right_end) {
    gap.left_end = left_end;
    gap.right_end = right_end;
    if (!pair_gap(gap, likeness, cells, alignment.pairs)) alignment.cut = true;
  };
  for (const AlignedPair& anchor : anchors_of(left, right)) {
    close_gap(anchor.left, anchor.right);
    alignment.pairs.push_back(anchor);
    gap.left = anchor.left + 1;
    gap.right = anchor.right + 1;
  }
  close_gap(size_of(left), size_of(right));
  return alignment;
}

std::vector<AlignedPair> match(Numbers left, Numbers right, const Likeness& likeness,
                               std::uint32_t& cells) {
  const bool swapped = is_out_of_order(left, right);
  if (swapped) std::swap(left, right);
  const std::vector<std::uint32_t> a = sorted_indexes(left);
  const std::vector<std::uint32_t> b = sorted_indexes(right);
  std::vector<AlignedPair> pairs;
  std::vector<std::uint32_t> left_alone;
  std::vector<std::uint32_t> right_alone;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && left[a[i]] < right[b[j]])) {
      left_alone.push_back(a[i++]);
    } else if (i == a.size() || right[b[j]] < left[a[i]]) {
      right_alone.push_back(b[j++]);
    } else {
      pairs.push_back({a[i++], b[j++]});
    }
  }
  const Likeness of_pair = [&](std::uint32_t l, std::uint32_t r) {
    return swapped ? likeness(r, l) : likeness(l, r);
  };
  pair_by_likeness(left_alone, right_alone, of_pair, cells, pairs);
  if (swapped) swap_sides(pairs);
  std::sort(pairs.begin(), pairs.end(),
            [](const AlignedPair& x, const AlignedPair& y) { return x.left < y.left; });
  return pairs;
}

}  // namespace banyan::shadow
