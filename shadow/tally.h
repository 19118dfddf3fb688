// shadow/tally.h: what is counted of pairs, in a form that adds up. Values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "base/histogram.h"
#include "shadow/diff/comparison.h"
#include "shadow/distinct_keys.h"

namespace banyan::shadow {

// Where there are too many endpoints or places, the rest counts under this name.
inline constexpr std::string_view kOther = "(other)";

using VerdictCounts = std::array<std::uint64_t, kVerdictCount>;
using WordCounts = std::map<std::string, std::uint64_t, std::less<>>;
template <class T>
using ByArm = std::array<T, 2>;

[[nodiscard]] inline std::uint64_t count_of(const VerdictCounts& counts, Verdict verdict) {
  return counts[static_cast<std::size_t>(verdict)];
}
[[nodiscard]] inline std::uint64_t pairs_of(const VerdictCounts& counts) {
  std::uint64_t pairs = 0;
  for (const std::uint64_t count : counts) pairs += count;
  return pairs;
}
// Pairs of which it was possible to say whether they agree.
[[nodiscard]] inline std::uint64_t compared_of(const VerdictCounts& counts) {
  return pairs_of(counts) - count_of(counts, Verdict::not_comparable);
}
[[nodiscard]] inline std::size_t index_of(Arm arm) { return static_cast<std::size_t>(arm); }

// Where and how answers of one endpoint differ.
struct PlaceName {
  std::string path;  // folded
  Kind kind = Kind::value;
  friend auto operator<=>(const PlaceName&, const PlaceName&) = default;
};
// All places at which one pair differs, each once, in order. Empty: there was no room to tell them.
using PlaceSet = std::vector<PlaceName>;
inline constexpr std::size_t kPlacesOfSetMax = 32;
inline constexpr std::size_t kPlaceSetsMax = 100;  // of one endpoint

// The pairs of one endpoint.
struct Tally {
  ByArm<VerdictCounts> verdicts{};  // by the arm that served the user
  ByArm<WordCounts> reasons{};      // of those that are not comparable; by the same
  std::map<PlaceSet, ByArm<std::uint64_t>> mismatches = {};  // pairs; by the same
  ByArm<Histogram> latency{};                                // of whole answers, by who gave them

  void add(const Tally& other);
};

// The exchanges of one direction, as they came by.
struct Traffic {
  std::uint64_t seen = 0;   // that this arm served
  WordCounts skipped = {};  // that got no copy, by the word of Skip; kQueueFull
  // Pairs that are a mismatch, of a sticky key that had just written something.
  std::uint64_t mismatches_after_write = 0;

  void add(const Traffic& other);
  [[nodiscard]] bool empty() const {
    return seen == 0 && skipped.empty() && mismatches_after_write == 0;
  }
};
// A pair that came while the queue to the comparison was full.
inline constexpr std::string_view kQueueFull = "queue";
// Whether an exchange that was skipped for it was eligible, and whether it was drawn as well: such
// ones are lost to the comparison.
[[nodiscard]] bool is_eligible_skip(std::string_view word);
[[nodiscard]] bool is_lost(std::string_view word);
// Of all words that are.
[[nodiscard]] std::uint64_t lost_of(const Traffic& traffic);
// Exchanges that might have been drawn, and that were; `pairs` became pairs.
[[nodiscard]] std::uint64_t eligible_of(const Traffic& traffic, std::uint64_t pairs);
[[nodiscard]] std::uint64_t sampled_of(const Traffic& traffic, std::uint64_t pairs);

}  // namespace banyan::shadow
