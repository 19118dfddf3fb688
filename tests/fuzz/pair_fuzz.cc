#include "tests/fuzz/pair_fuzz.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tests/unit/shadow/pairs.h"

namespace banyan::test {
namespace {

using shadow::CapturedResponse;
using shadow::Comparison;
using shadow::Kind;
using shadow::Verdict;

constexpr std::uint64_t kFullRounds = 1'000'000;

CapturedResponse response_of(const PairFuzz& fuzz, const std::string& text) {
  CapturedResponse response;
  response.status = 200;
  if (!fuzz.content_type.empty()) response.headers.add("content-type", fuzz.content_type);
  if (!fuzz.content_encoding.empty()) {
    response.headers.add("content-encoding", fuzz.content_encoding);
  }
  if (fuzz.header.empty()) {
    response.body = text;
  } else {
    // Others are refused long before.
    std::string value = text;
    std::replace_if(
        value.begin(), value.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }, ' ');
    response.headers.add(fuzz.header, value);
  }
  return response;
}

Comparison compared(const PairFuzz& fuzz, const std::string& left, const std::string& right) {
  auto pair = shadow::test::pair_of(response_of(fuzz, left), response_of(fuzz, right));
  pair.target = fuzz.target;
  return shadow::compare(pair, fuzz.rules);
}

Kind swapped(Kind kind) {
  if (kind == Kind::missing) return Kind::extra;
  return kind == Kind::extra ? Kind::missing : kind;
}

std::vector<std::string> swapped_lines(Comparison comparison) {
  for (auto& d : comparison.differences) {
    d.kind = swapped(d.kind);
    std::swap(d.left, d.right);
  }
  auto lines = shadow::test::lines_of(comparison);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string quoted(const std::string& body) { return ::testing::PrintToString(body); }

void check(const PairFuzz& fuzz, const std::string& left, const std::string& right,
           std::uint64_t& matched) {
  const Comparison there = compared(fuzz, left, right);
  const std::string bodies = quoted(left) + '\n' + quoted(right);
  const bool told = !there.differences.empty() || there.left_out > 0;
  if (there.verdict != Verdict::not_comparable) {
    ASSERT_EQ(told, there.verdict == Verdict::mismatch) << bodies;
  }
  if (left == right) {
    ASSERT_EQ(there.verdict, Verdict::match) << bodies;
  }

  const Comparison back = compared(fuzz, right, left);
  ASSERT_EQ(there.verdict, back.verdict) << bodies;
  if (there.left_out == 0) {
    auto lines = shadow::test::lines_of(there);
    std::sort(lines.begin(), lines.end());
    ASSERT_EQ(lines, swapped_lines(back)) << bodies;
  }
  if (there.verdict != Verdict::match || left == right) return;
  ++matched;
  if (!fuzz.meaning) return;
  const auto a = fuzz.meaning(left);
  const auto b = fuzz.meaning(right);
  if (a && b) {
    ASSERT_EQ(*a, *b) << bodies;
  }
}

}  // namespace

std::uint64_t fuzz_rounds(std::uint64_t few) {
  if (const char* const given = std::getenv("BANYAN_FUZZ_ROUNDS")) {
    return std::strtoull(given, nullptr, 10);
  }
  return std::getenv("BANYAN_FULL") != nullptr ? std::max(few, kFullRounds) : few;
}

std::uint64_t fuzz_pairs(const PairFuzz& fuzz, Mutation& mutation, std::uint64_t rounds) {
  std::uint64_t matched = 0;
  for (const auto& [left, right] : fuzz.same) check(fuzz, left, right, matched);
  EXPECT_EQ(matched, fuzz.same.size());
  for (std::uint64_t i = 0; i < rounds && !::testing::Test::HasFatalFailure(); ++i) {
    const std::string left =
        mutation.below(4) == 0 ? mutation.seed() : mutation.of(mutation.seed());
    const std::string right = mutation.below(8) == 0    ? mutation.of(mutation.seed())
                              : mutation.below(16) == 0 ? left
                                                        : mutation.of(left);
    check(fuzz, left, right, matched);
  }
  return matched;
}

}  // namespace banyan::test
