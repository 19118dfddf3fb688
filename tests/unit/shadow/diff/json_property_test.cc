// What holds for any two documents.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seed.h"
#include "tests/unit/shadow/pairs.h"
#include "tests/unit/shadow/random_json.h"

namespace banyan::shadow {
namespace {

using test::compare_documents;
using test::lines_of;
using test::RandomJson;
using test::RandomValue;

constexpr int kRounds = 4'000;
constexpr int kDepth = 5;

CompareRules unlimited() {
  CompareRules rules;
  rules.differences_max = 1'000'000;
  return rules;
}

TEST(JsonProperties, ADocumentMatchesItself) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  for (int i = 0; i < kRounds; ++i) {
    const std::string text = json.value(kDepth).written();
    // Another spelling, so that the bodies are not plainly equal.
    ASSERT_EQ(compare_documents(text, " " + text).verdict, Verdict::match) << text;
  }
}

TEST(JsonProperties, ShufflingMembersChangesNothing) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  for (int i = 0; i < kRounds; ++i) {
    RandomValue value = json.value(kDepth);
    const std::string before = value.written();
    json.shuffle(value);
    ASSERT_EQ(compare_documents(before, value.written()).verdict, Verdict::match)
        << before << '\n'
        << value.written();
  }
}

TEST(JsonProperties, AMutatedLeafIsFoundAtItsPathAndNowhereElse) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  int mutated = 0;
  for (int i = 0; i < kRounds; ++i) {
    RandomValue value = json.value(kDepth);
    const std::string before = value.written();
    const std::string path = json.mutate(value);
    if (path.empty()) continue;
    ++mutated;
    json.shuffle(value);  // of objects, so that the path stays right
    const Comparison comparison = compare_documents(before, value.written());
    ASSERT_EQ(comparison.differences.size(), 1U) << before << '\n' << value.written();
    EXPECT_EQ(comparison.differences.front().path, path);
    PathPattern pattern;
    PathPattern::ParseError error{};
    ASSERT_TRUE(PathPattern::parse(path, pattern, error)) << path << ": " << error.message;
    CompareRules rules;
    rules.ignore.push_back(pattern);
    ASSERT_EQ(compare_documents(before, value.written(), rules).verdict, Verdict::match) << path;
  }
  EXPECT_GT(mutated, kRounds / 4);
}

Kind swapped(Kind kind) {
  if (kind == Kind::missing) return Kind::extra;
  return kind == Kind::extra ? Kind::missing : kind;
}

// The differences of (b, a), as they would be told of (a, b).
std::vector<std::string> lines_of_swapped(Comparison back) {
  for (Difference& d : back.differences) {
    d.kind = swapped(d.kind);
    std::swap(d.left, d.right);
  }
  return lines_of(back);
}

TEST(JsonProperties, SwappingTheSidesSwapsMissingAndExtraAndNothingElse) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  const CompareRules rules = unlimited();
  int different = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string a = json.value(kDepth).written();
    const std::string b = json.value(kDepth).written();
    const Comparison there = compare_documents(a, b, rules);
    const Comparison back = compare_documents(b, a, rules);
    ASSERT_EQ(there.verdict, back.verdict);
    EXPECT_THAT(lines_of(there), ::testing::UnorderedElementsAreArray(lines_of_swapped(back)))
        << a << '\n'
        << b;
    if (!there.differences.empty()) ++different;
  }
  EXPECT_GT(different, kRounds / 2);
}

// Which elements belong together does not depend on the side, also where names repeat.
TEST(JsonProperties, SwappingTheSidesPairsTheSameElementsWhereNamesRepeat) {
  std::mt19937_64 random = banyan::test::seeded_random();
  const auto list = [&random] {
    std::string text = "[";
    for (std::size_t n = 1 + random() % 3; n > 0; --n) {
      std::string object;
      for (std::size_t m = 1 + random() % 4; m > 0; --m) {
        object +=
            fmt::format("{}\"{}\":{}", object.empty() ? "" : ",", "ab"[random() % 2], random() % 3);
      }
      text += fmt::format("{}{{{}}}", text.size() == 1 ? "" : ",", object);
    }
    return text + "]";
  };
  const CompareRules rules = unlimited();
  for (int i = 0; i < kRounds; ++i) {
    const std::string a = list(), b = list();
    EXPECT_THAT(
        lines_of(compare_documents(a, b, rules)),
        ::testing::UnorderedElementsAreArray(lines_of_swapped(compare_documents(b, a, rules))))
        << a << '\n'
        << b;
  }
}

TEST(JsonProperties, PlainlyEqualMeansMatch) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  int equal = 0;
  for (int i = 0; i < kRounds; ++i) {
    const auto pair = test::pair_of(test::json_response(json.value(1).written()),
                                    test::json_response(json.value(1).written()));
    if (!plainly_equal(pair.legacy, pair.monolith)) continue;
    ++equal;
    ASSERT_EQ(compare(pair, {}).verdict, Verdict::match) << pair.legacy.body;
  }
  EXPECT_GT(equal, 0);
}

TEST(JsonProperties, BrokenDocumentsNeverMatchUnlessTheBytesAreTheSame) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  for (int i = 0; i < kRounds; ++i) {
    const std::string text = json.value(kDepth).written();
    std::string broken = text;
    broken[random() % broken.size()] = static_cast<char>(random());
    if (broken == text) continue;
    const Comparison comparison = compare_documents(text + "x", broken + "x");
    ASSERT_EQ(comparison.verdict, Verdict::mismatch) << text << '\n' << broken;
    compare_documents(text, broken);  // may be the same number in another spelling: only no crash
  }
}

}  // namespace
}  // namespace banyan::shadow
