#include "shadow/noise/verdict.h"

#include <gtest/gtest.h>

#include <string>

namespace banyan::shadow {
namespace {

Comparison differing(std::vector<Difference> differences) {
  Comparison comparison;
  comparison.verdict = differences.empty() ? Verdict::match : Verdict::mismatch;
  comparison.differences = std::move(differences);
  return comparison;
}
Comparison at(const char* path, Kind kind = Kind::value, const char* left = "1",
              const char* right = "2") {
  return differing({{path, kind, left, right}});
}
const Comparison kEqual = differing({});

struct NoiseVerdictTest : ::testing::Test {
  // One pair, asked again.
  Comparison asked(Comparison first, const Comparison& legacy, const Comparison& again) {
    with_second_answers(first, "GET /a", legacy, again, model);
    return first;
  }
  Comparison not_asked(Comparison first, NotAsked why = NotAsked::no_budget) {
    without_second_answers(first, stand(first, "GET /a", model), why);
    return first;
  }
  NoiseModel model;
};

// The four cases, and what the pair gets.
TEST_F(NoiseVerdictTest, SecondAnswersTellTheFourCasesApart) {
  EXPECT_EQ(second_of(true, false), Second::transient);
  EXPECT_EQ(second_of(true, true), Second::noise);
  EXPECT_EQ(second_of(false, true), Second::mismatch);
  EXPECT_EQ(second_of(false, false), Second::flaky);
}

TEST_F(NoiseVerdictTest, APairGetsTheVerdictOfItsGravestDifference) {
  struct Row {
    const char* name;
    Comparison first, legacy, again;
    Verdict verdict;
    Kind kind;  // of the first difference
  };
  const Comparison both =
      differing({{"$.a", Kind::value, "1", "2"}, {"$.b", Kind::value, "1", "2"}});
  const Row rows[] = {
      {"the answer changed meanwhile", at("$.a"), at("$.a"), kEqual, Verdict::transient,
       Kind::value},
      {"legacy disagrees with itself", at("$.a"), at("$.a"), at("$.a"), Verdict::noise,
       Kind::value},
      {"the monolith disagrees, always", at("$.a"), kEqual, at("$.a"), Verdict::mismatch,
       Kind::value},
      {"the monolith disagreed once", at("$.a"), kEqual, kEqual, Verdict::mismatch, Kind::flaky},
      {"noise beside a mismatch", both, at("$.b"), both, Verdict::mismatch, Kind::value},
      {"noise beside a change", both, both, at("$.a"), Verdict::transient, Kind::value},
      {"another element of the list", at("$.items[3].at"), at("$.items[5].at"), at("$.items[1].at"),
       Verdict::noise, Kind::value},
      {"the monolith gives no answer the second time", at("$.a"), kEqual,
       at("status", Kind::no_answer), Verdict::mismatch, Kind::value},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    model = {};
    const Comparison result = asked(row.first, row.legacy, row.again);
    EXPECT_EQ(result.verdict, row.verdict);
    EXPECT_EQ(result.differences[0].kind, row.kind);
  }
}

TEST_F(NoiseVerdictTest, EachDifferenceKeepsItsOwnVerdict) {
  const Comparison result =
      asked(differing({{"$.a", Kind::value, "1", "2"}, {"$.b", Kind::value, "1", "2"}}), at("$.b"),
            differing({{"$.a", Kind::value, "1", "2"}, {"$.b", Kind::value, "1", "2"}}));
  EXPECT_EQ(result.differences[0].verdict, Verdict::mismatch);
  EXPECT_EQ(result.differences[1].verdict, Verdict::noise);
}

TEST_F(NoiseVerdictTest, WhatIsMissingOrOfAnotherTypeIsNoNoiseUnlessLegacyShowsTheSame) {
  for (const Kind kind : {Kind::missing, Kind::extra, Kind::type}) {
    SCOPED_TRACE(to_string(kind));
    model = {};
    EXPECT_EQ(asked(at("$.a", kind), at("$.a"), at("$.a", kind)).verdict, Verdict::mismatch);
    model = {};
    const Comparison same = at("$.a", kind);
    EXPECT_EQ(asked(same, same, same).verdict, Verdict::noise);
  }
  // Once there, once missing: from either side.
  model = {};
  EXPECT_EQ(
      asked(at("$.a", Kind::missing), at("$.a", Kind::extra), at("$.a", Kind::missing)).verdict,
      Verdict::noise);
}

TEST_F(NoiseVerdictTest, AStatusAndAMediaTypeAreNoiseOnlyWhereLegacyShowsThem) {
  const Comparison failed = at("status", Kind::value, "200", "500");
  EXPECT_EQ(asked(failed, at("status", Kind::value, "200", "404"), failed).verdict,
            Verdict::mismatch);
  model = {};
  EXPECT_EQ(asked(failed, at("status", Kind::value, "200", "500"), failed).verdict, Verdict::noise);
  model = {};
  const Comparison html = at("header:content-type", Kind::value, "application/json", "text/html");
  EXPECT_EQ(asked(html,
                  at("header:content-type", Kind::value, "application/json",
                     "application/json; charset=utf-8"),
                  html)
                .verdict,
            Verdict::mismatch);
}

TEST_F(NoiseVerdictTest, WithoutABudgetWhatIsKnownDecides) {
  EXPECT_EQ(not_asked(at("$.at")).verdict, Verdict::not_comparable);
  EXPECT_EQ(not_asked(at("$.at")).why_not, kReaskBudget);
  for (int i = 0; i < 2; ++i) static_cast<void>(asked(at("$.at"), at("$.at"), at("$.at")));
  EXPECT_EQ(not_asked(at("$.at")).verdict, Verdict::noise);
  for (int i = 0; i < 20; ++i) static_cast<void>(asked(at("$.price"), kEqual, at("$.price")));
  EXPECT_EQ(not_asked(at("$.price")).verdict, Verdict::mismatch);
  EXPECT_EQ(not_asked(at("$.other")).verdict, Verdict::not_comparable);
  const Comparison mixed = not_asked(differing({{"$.at", Kind::value, "1", "2"},
                                                {"$.price", Kind::value, "1", "2"},
                                                {"$.other", Kind::value, "1", "2"}}));
  EXPECT_EQ(mixed.verdict, Verdict::mismatch);
  EXPECT_EQ(mixed.differences[0].verdict, Verdict::noise);
  EXPECT_EQ(mixed.differences[2].verdict, Verdict::mismatch);
}

TEST_F(NoiseVerdictTest, WhereNobodyAsksAgainWhatDiffersCountsUnlessItIsKnownAsNoise) {
  EXPECT_EQ(not_asked(at("$.a"), NotAsked::nobody_asks).verdict, Verdict::mismatch);
  for (int i = 0; i < 2; ++i) static_cast<void>(asked(at("$.a"), at("$.a"), at("$.a")));
  EXPECT_EQ(not_asked(at("$.a"), NotAsked::nobody_asks).verdict, Verdict::noise);
}

TEST_F(NoiseVerdictTest, OnEndpointKnowsNothingOfAnother) {
  for (int i = 0; i < 5; ++i) static_cast<void>(asked(at("$.a"), at("$.a"), at("$.a")));
  Comparison elsewhere = at("$.a");
  EXPECT_EQ(stand(elsewhere, "GET /b", model), Standing::unknown);
}

TEST_F(NoiseVerdictTest, AnAnswerThatDidNotComeIsNotAskedForAgain) {
  Comparison none = at("status", Kind::no_answer, "200", "timed_out");
  EXPECT_EQ(stand(none, "GET /a", model), Standing::settled);
  EXPECT_EQ(none.verdict, Verdict::mismatch);
  Comparison equal = kEqual;
  EXPECT_EQ(stand(equal, "GET /a", model), Standing::settled);
}

// A real regression at a place where legacy is noisy, too, but far more seldom.
TEST_F(NoiseVerdictTest, ARegressionAtAPlaceOfRareNoiseIsFound) {
  for (int i = 0; i < 40; ++i) {
    static_cast<void>(asked(at("$.a"), i % 20 == 0 ? at("$.a") : kEqual, at("$.a")));
  }
  EXPECT_EQ(not_asked(at("$.a")).verdict, Verdict::mismatch);
  // Also in a pair in which legacy happens to disagree with itself.
  EXPECT_EQ(asked(at("$.a"), at("$.a"), at("$.a")).verdict, Verdict::mismatch);
}

TEST_F(NoiseVerdictTest, ANoisyPlaceIsStillComparedByShape) {
  const auto time = [](const char* left, const char* right) {
    return at("$.at", Kind::value, left, right);
  };
  const char* noon = R"("2026-11-22T12:00:00Z")";
  const char* later = R"("2026-11-22T12:00:07Z")";
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(asked(time(noon, later), time(noon, later), time(later, noon)));
  }
  EXPECT_EQ(not_asked(time(noon, later)).verdict, Verdict::noise);
  for (const char* wrong : {R"("")", R"("error: no clock")", "null", R"("17")"}) {
    EXPECT_EQ(not_asked(time(noon, wrong)).verdict, Verdict::mismatch) << wrong;
    EXPECT_EQ(asked(time(noon, wrong), time(noon, later), time(later, wrong)).verdict,
              Verdict::mismatch)
        << wrong;
  }
}

}  // namespace
}  // namespace banyan::shadow
