// shadow/diff/alignment.h: which elements of two lists belong together, in order. Pure.
//
//   1  what is the same at both ends
//   2  between them the longest common subsequence (Myers, "An O(ND) difference algorithm", 1986)
//      of the elements that occur on both sides
//      -> more than kEditsMax edits or kStepsMax steps: the elements that occur once on either
//         side, as many as stand in the same order ("patience")
//   3  what is left between two pairs: as many here as there, first with first; else by likeness,
//      within a band around the diagonal
//      -> more cells than are left of kCellsMax: first with first, and the lists are `cut`
//
// The same pairs come out with the sides swapped. Time and memory are bounded whatever the lists
// are: n log n and the limits above.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace banyan::shadow {

inline constexpr std::uint32_t kEditsMax = 256;
inline constexpr std::uint32_t kStepsMax = 1U << 22U;
inline constexpr std::uint32_t kCellsMax = 1U << 20U;

struct AlignedPair {
  std::uint32_t left;
  std::uint32_t right;
};

struct Alignment {
  std::vector<AlignedPair> pairs;  // ascending on both sides
  bool cut = false;                // somewhere elements were paired by position, for want of effort
};

// How much two elements, by their indexes, are alike; 0: they may not be paired.
using Likeness = std::function<std::uint32_t(std::uint32_t left, std::uint32_t right)>;

// Equal elements have equal numbers. `cells`: what is left of kCellsMax for this pair of documents.
[[nodiscard]] Alignment align(std::span<const std::uint64_t> left,
                              std::span<const std::uint64_t> right, const Likeness& likeness,
                              std::uint32_t& cells);

// For lists in any order: equal with equal, and what is left by likeness, the most alike first.
[[nodiscard]] std::vector<AlignedPair> match(std::span<const std::uint64_t> left,
                                             std::span<const std::uint64_t> right,
                                             const Likeness& likeness, std::uint32_t& cells);

}  // namespace banyan::shadow
