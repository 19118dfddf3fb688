#include "shadow/diff/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::compare_documents;
using test::json_response;
using test::lines_of;
using test::pair_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

CapturedResponse ended(Outcome outcome) {
  CapturedResponse response;
  response.outcome = outcome;
  return response;
}

TEST(Comparison, StatusHeadersAndBodyAreAllTold) {
  const Comparison comparison = compare(
      pair_of(response_of(200, {{"X-A", "1"}, {"Content-Type", "application/json"}}, R"({"a":1})"),
              response_of(404, {{"X-A", "2"}, {"Content-Type", "application/json"}}, R"({"a":2})")),
      {});
  EXPECT_EQ(comparison.verdict, Verdict::mismatch);
  EXPECT_THAT(lines_of(comparison), ElementsAre("value status: 200 | 404",
                                                "value header:x-a: 1 | 2", "value $.a: 1 | 2"));
}

TEST(Comparison, TrailersAreToldApartFromHeaders) {
  CapturedPair pair = pair_of(response_of(200, {{"X-A", "1"}}, "x"), response_of(200, {}, "x"));
  pair.monolith.trailers.add("X-A", "1");
  EXPECT_THAT(lines_of(compare(pair, {})),
              ElementsAre("missing header:x-a: 1 | ", "extra trailer:x-a:  | 1"));
  EXPECT_EQ(compare(pair, test::rules_of({"header:x-a", "trailer:x-a"})).verdict, Verdict::match);
}

TEST(Comparison, LegacyIsTheLeftSideWhicheverArmServed) {
  CapturedPair pair = pair_of(json_response("1"), json_response("2"));
  for (const Arm arm : {Arm::legacy, Arm::monolith}) {
    pair.primary = arm;
    EXPECT_THAT(lines_of(compare(pair, {})), ElementsAre("value $: 1 | 2"));
  }
}

TEST(Comparison, WhatRulesIgnoreIsAMatch) {
  const CompareRules rules = test::rules_of({"status", "header:x-a", "$.a"});
  const Comparison comparison = compare(
      pair_of(response_of(200, {{"X-A", "1"}, {"Content-Type", "application/json"}}, R"({"a":1})"),
              response_of(404, {{"Content-Type", "application/json"}}, R"({})")),
      rules);
  EXPECT_EQ(comparison.verdict, Verdict::match);
  EXPECT_THAT(comparison.differences, IsEmpty());
}

struct Answers {
  Outcome primary;
  Outcome shadow;
  Verdict verdict;
  std::string why_not;
};

TEST(Comparison, AnAnswerThatWasOwedIsAMismatchAndOursIsNotComparable) {
  const std::vector<Answers> table{
      {Outcome::answered, Outcome::answered, Verdict::match, ""},
      {Outcome::answered, Outcome::refused, Verdict::mismatch, ""},
      {Outcome::answered, Outcome::reset, Verdict::mismatch, ""},
      {Outcome::answered, Outcome::timed_out, Verdict::mismatch, ""},
      {Outcome::answered, Outcome::cut_off, Verdict::mismatch, ""},
      {Outcome::answered, Outcome::malformed, Verdict::mismatch, ""},
      {Outcome::answered, Outcome::over_budget, Verdict::not_comparable, "over_budget"},
      {Outcome::answered, Outcome::abandoned, Verdict::not_comparable, "abandoned"},
      {Outcome::answered, Outcome::stale_connection, Verdict::not_comparable, "stale_connection"},
      {Outcome::timed_out, Outcome::answered, Verdict::not_comparable, "timed_out"},
      {Outcome::abandoned, Outcome::answered, Verdict::not_comparable, "abandoned"},
      {Outcome::over_budget, Outcome::refused, Verdict::not_comparable, "over_budget"},
      {Outcome::refused, Outcome::refused, Verdict::not_comparable, "refused"},
  };
  for (const Answers& row : table) {
    for (const Arm primary : {Arm::legacy, Arm::monolith}) {
      CapturedPair pair = pair_of(ended(row.primary), ended(row.shadow));
      if (primary == Arm::monolith) std::swap(pair.legacy, pair.monolith);
      pair.primary = primary;
      const Comparison comparison = compare(pair, {});
      EXPECT_EQ(comparison.verdict, row.verdict)
          << to_string(row.primary) << ' ' << to_string(row.shadow);
      EXPECT_EQ(comparison.why_not, row.why_not);
      EXPECT_EQ(comparison.differences.size(), row.verdict == Verdict::mismatch ? 1U : 0U);
    }
  }
}

TEST(Comparison, NoAnswerIsToldAndNoRuleIgnoresIt) {
  CapturedPair pair = pair_of(json_response("1"), ended(Outcome::timed_out));
  EXPECT_THAT(lines_of(compare(pair, test::rules_of({"status"}))),
              ElementsAre("no_answer status: 200 | timed_out"));
  std::swap(pair.legacy, pair.monolith);
  pair.primary = Arm::monolith;
  EXPECT_THAT(lines_of(compare(pair, {})), ElementsAre("no_answer status: timed_out | 200"));
}

TEST(Comparison, APartOfABodyIsNotCompared) {
  CapturedPair pair = pair_of(json_response("{\"a\":1}"), json_response("{\"a\":"));
  pair.monolith.outcome = Outcome::cut_off;
  EXPECT_THAT(lines_of(compare(pair, {})), ElementsAre("no_answer status: 200 | cut_off"));
}

TEST(PlainlyEqual, NeedsTheSameStatusHeadersAndBytes) {
  const CapturedResponse a = response_of(200, {{"ETag", "1"}, {"Date", "now"}, {"X-A", "b"}}, "x");
  EXPECT_TRUE(plainly_equal(a, a));
  EXPECT_TRUE(plainly_equal(a, response_of(200, {{"x-a", "b"}, {"etag", "1"}}, "x")));
  EXPECT_FALSE(plainly_equal(a, response_of(201, {{"ETag", "1"}, {"X-A", "b"}}, "x")));
  EXPECT_FALSE(plainly_equal(a, response_of(200, {{"ETag", "2"}, {"X-A", "b"}}, "x")));
  EXPECT_FALSE(plainly_equal(a, response_of(200, {{"ETag", "1"}, {"X-A", "b"}}, "y")));
  EXPECT_FALSE(plainly_equal(a, response_of(200, {{"ETag", "1"}}, "x")));
  CapturedResponse with_trailers = a;
  with_trailers.trailers.add("X-Sum", "1");
  EXPECT_TRUE(plainly_equal(with_trailers, with_trailers));
  EXPECT_FALSE(plainly_equal(a, with_trailers));
  EXPECT_FALSE(plainly_equal(ended(Outcome::refused), ended(Outcome::refused)));
}

TEST(Words, EveryKindAndVerdictHasOneOfItsOwn) {
  std::set<std::string_view> kinds;
  for (std::size_t i = 0; i < kKindCount; ++i) {
    kinds.insert(to_string(static_cast<Kind>(i)));
  }
  EXPECT_EQ(kinds, (std::set<std::string_view>{"missing", "extra", "type", "value", "order",
                                               "length", "no_answer", "flaky"}));
  std::set<std::string_view> verdicts;
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    verdicts.insert(to_string(static_cast<Verdict>(i)));
  }
  EXPECT_EQ(verdicts, (std::set<std::string_view>{"match", "noise", "transient", "mismatch",
                                                  "not_comparable"}));
}

}  // namespace
}  // namespace banyan::shadow
