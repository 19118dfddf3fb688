// tests/fuzz/pair_fuzz.h: what holds for any two answers, whatever is in them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shadow/diff/comparison.h"
#include "tests/fuzz/mutation.h"

namespace banyan::test {

// `few` of them, or with BANYAN_FULL a million and more; BANYAN_FUZZ_ROUNDS outranks both.
[[nodiscard]] std::uint64_t fuzz_rounds(std::uint64_t few = 4'000);

struct PairFuzz {
  std::string_view content_type;
  std::string_view content_encoding = {};
  shadow::CompareRules rules = {};
  std::string target = "/";
  // Of a body, the same text for all bodies that mean the same, made in a simple and other way than
  // the engine's. Nothing where it has no opinion.
  std::function<std::optional<std::string>(const std::string& body)> meaning = {};
  // A header field whose value is what is changed, instead of the body.
  std::string_view header = {};
  // Told apart by bytes and not by meaning: the first rounds, so that some pairs always match.
  std::vector<std::pair<std::string, std::string>> same = {};
};

// Makes pairs from `mutation` and fails where
//   - a body differs from itself, or a verdict and its differences do not go together
//   - swapping the sides changes more than missing and extra
//   - two bodies match though `meaning` tells them apart, or do not although they are of `same`
// Gives the number of pairs that matched without being the same bytes.
std::uint64_t fuzz_pairs(const PairFuzz& fuzz, Mutation& mutation, std::uint64_t rounds);

}  // namespace banyan::test
