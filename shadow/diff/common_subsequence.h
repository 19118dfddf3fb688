// shadow/diff/common_subsequence.h: what two lists of numbers have in common, in order. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shadow/diff/alignment.h"

namespace banyan::shadow {

// Pairs of indexes of equal numbers, ascending on both sides: the longest common subsequence
// within kEditsMax and kStepsMax, else that of the numbers that occur once on either side.
[[nodiscard]] std::vector<AlignedPair> common_subsequence(std::span<const std::uint64_t> left,
                                                          std::span<const std::uint64_t> right);

}  // namespace banyan::shadow
