// What comparing proxies before this one got wrong, each as a pair of answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::compare_documents;
using test::lines_of;
using test::pair_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> found(const CapturedResponse& left, const CapturedResponse& right,
                               const CompareRules& rules = {}) {
  return lines_of(compare(pair_of(left, right), rules));
}

// Diffy joined the values of a name with commas before it compared them.
TEST(WhatOthersGotWrong, TwoCookiesAreTwoCookiesThoughTheirDatesHaveCommas) {
  const auto left =
      response_of(200, {{"set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"},
                        {"set-cookie", "b=2; Expires=Thu, 22 Oct 2026 07:28:00 GMT"}});
  const auto right =
      response_of(200, {{"set-cookie", "b=3; Expires=Thu, 22 Oct 2026 07:28:01 GMT"},
                        {"set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:02 GMT"}});
  EXPECT_THAT(found(left, right), ElementsAre("value header:set-cookie[b]: 2 | 3"));
}

TEST(WhatOthersGotWrong, OneLineWithACommaIsNotTwoLines) {
  const auto left = response_of(200, {{"x-note", "a, b"}});
  const auto right = response_of(200, {{"x-note", "a"}, {"x-note", "b"}});
  EXPECT_THAT(found(left, right), ElementsAre("length header:x-note: a, b | [\"a\", \"b\"]"));
}

TEST(WhatOthersGotWrong, ThatAnAnswerCameASecondLaterIsNoDifference) {
  const auto left =
      response_of(200, {{"date", "Sun, 22 Nov 2026 10:00:00 GMT"}, {"age", "1"}}, "x");
  const auto right =
      response_of(200, {{"date", "Sun, 22 Nov 2026 10:00:01 GMT"}, {"age", "2"}}, "x");
  EXPECT_THAT(found(left, right), IsEmpty());
}

TEST(WhatOthersGotWrong, MovedClocksAreWithinATolerance) {
  CompareRules rules;
  PathPattern::ParseError error{};
  auto& rule = rules.tolerance.emplace_back();
  ASSERT_TRUE(PathPattern::parse("$.updated_at", rule.at, error));
  rule.time = std::chrono::seconds(5);
  EXPECT_EQ(compare_documents(R"({"updated_at": "2026-11-22T10:00:00.250Z"})",
                              R"({"updated_at": "2026-11-22T11:00:04+01:00"})", rules)
                .verdict,
            Verdict::match);
}

// One difference hid all others of the same answer.
TEST(WhatOthersGotWrong, ARegressionNextToAFieldThatAlwaysDiffersIsTold) {
  EXPECT_THAT(lines_of(compare_documents(R"({"at": 1, "items": [{"at": 2, "total": 10}]})",
                                         R"({"at": 3, "items": [{"at": 4, "total": 11}]})",
                                         test::rules_of({"$.at", "$.items[*].at"}))),
              ElementsAre("value $.items[0].total: 10 | 11"));
}

TEST(WhatOthersGotWrong, LongIntegersAndDecimalsAreNotRounded) {
  EXPECT_THAT(lines_of(compare_documents("[9007199254740993, 0.1]", "[9007199254740992, 0.10]")),
              ElementsAre("value $[0]: 9007199254740993 | 9007199254740992"));
}

TEST(WhatOthersGotWrong, OneInsertedElementIsOneDifference) {
  EXPECT_THAT(lines_of(compare_documents("[1, 2, 3, 4, 5]", "[0, 1, 2, 3, 4, 5]")),
              ElementsAre("extra $[0]:  | 0"));
}

TEST(WhatOthersGotWrong, ARepeatedNameIsNotDropped) {
  EXPECT_THAT(lines_of(compare_documents(R"({"a": 1, "a": 2})", R"({"a": 1})")),
              ElementsAre("missing $.a: 2 | "));
}

TEST(WhatOthersGotWrong, NullIsNotAMissingMember) {
  EXPECT_THAT(lines_of(compare_documents(R"({"a": null})", "{}")),
              ElementsAre("missing $.a: null | "));
}

TEST(WhatOthersGotWrong, AShadowThatDoesNotAnswerIsAMismatch) {
  auto pair = pair_of(response_of(200, {}, "x"), response_of(200, {}, "x"));
  pair.monolith.outcome = Outcome::timed_out;
  const Comparison comparison = compare(pair, {});
  EXPECT_EQ(comparison.verdict, Verdict::mismatch);
  EXPECT_THAT(lines_of(comparison), ElementsAre("no_answer status: 200 | timed_out"));
}

// What is told of two answers never has a whole body in it, whatever differs.
TEST(WhatOthersGotWrong, NoWholeBodyIsKept) {
  const std::string secret(5'000, 's');
  for (const char* const type : {"application/json", "text/plain", "application/octet-stream"}) {
    const auto left = response_of(200, {{"content-type", type}}, "[\"" + secret + "\"]");
    const auto right = response_of(200, {{"content-type", type}}, "[\"" + secret + "x\"]");
    const Comparison comparison = compare(pair_of(left, right), {});
    ASSERT_FALSE(comparison.differences.empty()) << type;
    for (const Difference& d : comparison.differences) {
      EXPECT_LE(d.left.size(), kShownBytesMax + 3) << type;
      EXPECT_LE(d.right.size(), kShownBytesMax + 3) << type;
    }
  }
}

}  // namespace
}  // namespace banyan::shadow
