// Patterns and waivers: what is written in them, changed at random, and what a report offers for
// answers that were.
#include <gtest/gtest.h>

#include "config/waivers.h"
#include "shadow/difference_table.h"
#include "shadow/waiver.h"
#include "tests/fuzz/pair_fuzz.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::test {
namespace {

using shadow::Waiver;

// A place that the pattern covers, made from its steps in a simple way.
std::string place_under(const PathPattern& pattern, Mutation& mutation) {
  static const std::vector<std::string> kSteps{".a", "[3]", "['a b']"};
  std::string path = "$";
  for (const PathPattern::Step& step : pattern.steps()) {
    switch (step.kind) {
      case PathPattern::StepKind::member:
        append_member(path, step.name);
        break;
      case PathPattern::StepKind::index:
        path += "[" + step.name + "]";
        break;
      case PathPattern::StepKind::any_member:
        append_member(path, mutation.below(2) == 0 ? "x" : "x y'");
        break;
      case PathPattern::StepKind::any_index:
        path += "[" + std::to_string(mutation.below(100)) + "]";
        break;
      case PathPattern::StepKind::any_depth:
        for (std::size_t n = mutation.below(3); n > 0; --n) path += kSteps[mutation.below(3)];
    }
  }
  return path;
}

TEST(RuleFuzz, APatternCoversThePlacesThatItsStepsLeadTo) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random,
                    {"$.items[*].price", "$.**.etag", "$['dist-tags'][0].*", "$",
                     "header:set-cookie[s].path", "trailer:x-sum", "status", "$.a[17]['it\\'s']"},
                    {".", "[", "]", "*", "**", "['", "']", "\\", "'", "[*]", ".*", ".**", "$", "0",
                     "header:", "\xc3\xa4", std::string(1, '\0'), "a-b", "@"});
  std::uint64_t parsed = 0;
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    const std::string text = mutation.of(mutation.seed());
    PathPattern pattern, again;
    PathPattern::ParseError error{};
    if (!PathPattern::parse(text, pattern, error)) {
      ASSERT_LE(error.at, text.size()) << text;
      continue;
    }
    ASSERT_TRUE(PathPattern::parse(pattern.text(), again, error)) << text;
    if (!pattern.is_document_path()) continue;
    if (!pattern.steps().empty()) ++parsed;
    const std::string place = place_under(pattern, mutation);
    ASSERT_TRUE(pattern.matches(place)) << text << '\n' << place;
    ASSERT_TRUE(pattern.matches(place + ".below")) << text << '\n' << place;
  }
  EXPECT_GT(parsed, 0U);
}

TEST(RuleFuzz, TheWaiverThatAReportOffersCoversItsPlace) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(
      random,
      {R"({"a": {"b": [1, {"c d": 2}]}, "1.0.2": {"x": null}, "it's": ["\\", "\""]})",
       R"({"\u0007": 1, "ä€": {"": [[1, 2], [3]]}, "a\\b": "x", "#: - ? |": true})"},
      {"\"", "\\", "'", ":", " #", "\\n", "\\u202e", "{{", "%", "1", "\xc3\xa4", "[", "]"});
  std::uint64_t covered = 0;
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    const std::string left = mutation.seed();
    const shadow::Comparison found = shadow::test::compare_documents(left, mutation.of(left));
    for (const shadow::Difference& difference : found.differences) {
      const shadow::PlaceName place{shadow::folded_path(difference.path), difference.kind};
      const std::string snippet = shadow::waiver_snippet("GET /a/{id}", place, {});
      if (snippet.empty()) continue;  // it has what no file of text may have
      const config::LoadedWaivers loaded = config::load_waivers(snippet);
      ASSERT_TRUE(loaded.problems.empty()) << snippet << loaded.problems[0].message;
      ASSERT_EQ(loaded.waivers.size(), 1U) << snippet;
      ASSERT_TRUE(loaded.waivers[0].covers("m", "GET /a/{id}", place)) << snippet;
      ASSERT_FALSE(loaded.waivers[0].covers("m", "GET /b", place)) << snippet;
      ++covered;
    }
  }
  EXPECT_GT(covered, 0U);
}

TEST(RuleFuzz, AFileOfWaiversIsReadWholeOrItsProblemsAreTold) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random,
                    {"- path: \"$.items[*].price\"\n  endpoint: GET /orders/{id}\n  kind: value\n"
                     "  migration: orders\n  reason: rounded\n  until: 2026-12-31\n",
                     "- endpoint: GET /rare\n  kind: too_little_traffic\n  reason: rare\n", "[]\n"},
                    {"- ",   "  ",         "\n",
                     ":",    "\"",         "'",
                     "path", "kind: type", "until: 2026-02-30",
                     "&a",   "*a",         "!!int",
                     "{",    "}",          "[",
                     "]",    "#",          "|",
                     "\t",   "\xff",       std::string(1, '\0')});
  std::uint64_t read = 0;
  for (std::uint64_t i = 0; i < fuzz_rounds(1'000); ++i) {
    const std::string text = mutation.of(mutation.seed());
    const config::LoadedWaivers loaded = config::load_waivers(text);
    for (const config::Problem& problem : loaded.problems) {
      ASSERT_FALSE(problem.message.empty()) << text;
    }
    if (!loaded.problems.empty()) continue;
    for (const Waiver& waiver : loaded.waivers) {
      ASSERT_TRUE(waiver.too_little_traffic || !waiver.path.empty()) << text;
      ASSERT_FALSE(waiver.reason.empty()) << text;
      ++read;
    }
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace banyan::test
