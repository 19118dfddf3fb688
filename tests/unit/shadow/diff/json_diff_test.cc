#include "shadow/diff/json_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/allocation_count.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::compare_documents;
using test::lines_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Row {
  std::string_view left;
  std::string_view right;
  std::vector<std::string> found;
};

class JsonDiff : public ::testing::TestWithParam<Row> {};

TEST_P(JsonDiff, FindsExactlyThese) {
  const Row& row = GetParam();
  const Comparison comparison = compare_documents(row.left, row.right);
  EXPECT_EQ(lines_of(comparison), row.found) << row.left << "  " << row.right;
  EXPECT_EQ(comparison.verdict, row.found.empty() ? Verdict::match : Verdict::mismatch);
}

INSTANTIATE_TEST_SUITE_P(
    Equal, JsonDiff,
    ::testing::Values(Row{R"({"a":1,"b":2})", R"({ "b" : 2.0, "a" : 1e0 })", {}},
                      Row{R"("\u0041\n")", "\"A\\u000a\"", {}},
                      Row{R"({"\u0061":1})", R"({"a":1})", {}},
                      Row{R"({"a":{"b":[{"c":1,"d":2}]}})", R"({"a":{"b":[{"d":2,"c":1}]}})", {}},
                      Row{"[]", " [ ] ", {}}, Row{"{}", "{ }", {}},
                      Row{R"({"a":1,"b":0,"a":2})", R"({"b":0,"a":1,"a":2})", {}},
                      Row{"100000000000000000000000000000", "1e29", {}}));

INSTANTIATE_TEST_SUITE_P(
    Scalars, JsonDiff,
    ::testing::Values(Row{"1", "2", {"value $: 1 | 2"}}, Row{"1", "\"1\"", {"type $: 1 | \"1\""}},
                      Row{"null", "false", {"type $: null | false"}},
                      Row{"true", "false", {"value $: true | false"}},
                      Row{"[]", "{}", {"type $: [] | {}"}},
                      Row{"\"a\"", "\"b\"", {"value $: \"a\" | \"b\""}},
                      Row{"[9007199254740993]",
                          "[9007199254740992]",
                          {"value $[0]: 9007199254740993 | 9007199254740992"}}));

INSTANTIATE_TEST_SUITE_P(
    Members, JsonDiff,
    ::testing::Values(
        Row{R"({"a":null})", "{}", {"missing $.a: null | "}},
        Row{"{}", R"({"a":null})", {"extra $.a:  | null"}},
        Row{R"({"a":null})", R"({"a":0})", {"type $.a: null | 0"}},
        Row{R"({"a":1,"b":2})", R"({"b":2,"c":3})", {"missing $.a: 1 | ", "extra $.c:  | 3"}},
        Row{R"({"a":{"b":{"c":1}}})", R"({"a":{"b":{"c":2}}})", {"value $.a.b.c: 1 | 2"}},
        Row{R"({"o":{"x":[1, {"y":"z"}]}})", R"({})", {R"(missing $.o: {"x":[1,{"y":"z"}]} | )"}}));

INSTANTIATE_TEST_SUITE_P(
    DuplicateNames, JsonDiff,
    ::testing::Values(
        Row{R"({"a":1,"a":2})", R"({"a":2})", {"value $.a: 1 | 2", "missing $.a: 2 | "}},
        Row{R"({"a":1})", R"({"a":1,"a":1})", {"extra $.a:  | 1"}},
        Row{R"({"b":0,"a":1,"a":2})",
            R"({"a":2,"a":1,"b":0})",
            {"value $.a: 1 | 2", "value $.a: 2 | 1"}}));

INSTANTIATE_TEST_SUITE_P(
    Arrays, JsonDiff,
    ::testing::Values(Row{"[1,2]", "[1,2,3]", {"extra $[2]:  | 3"}},
                      Row{"[1,2,3]", "[2,3]", {"missing $[0]: 1 | "}},
                      Row{"[1,2,3]", "[1,9,3]", {"value $[1]: 2 | 9"}},
                      Row{"[1,2,3]", "[3,1,2]", {"order $: [1,2,3] | [3,1,2]"}},
                      Row{"[1,2,3,4]", "[0,1,2,3]", {"extra $[0]:  | 0", "missing $[3]: 4 | "}},
                      Row{"[]", "[1]", {"extra $[0]:  | 1"}},
                      Row{"[1,1,1]", "[1,1]", {"missing $[2]: 1 | "}},
                      Row{"[1.0,2]", "[5,1,2e0]", {"extra $[0]:  | 5"}},
                      Row{R"([{"a":1,"b":2},{"a":3,"b":4}])",
                          R"([{"a":9,"b":9},{"a":1,"b":2},{"a":3,"b":5}])",
                          {R"(extra $[0]:  | {"a":9,"b":9})", "value $[1].b: 4 | 5"}},
                      Row{"[[],[1]]", "[[],[2]]", {"value $[1][0]: 1 | 2"}},
                      Row{R"([{"a":[0,1]}])", R"([{"a":[0,2]}])", {"value $[0].a[1]: 1 | 2"}}));

INSTANTIATE_TEST_SUITE_P(
    Paths, JsonDiff,
    ::testing::Values(Row{R"({"_a$@-9":1})", R"({"_a$@-9":2})", {"value $._a$@-9: 1 | 2"}},
                      Row{R"({"1.0.0":1})", R"({"1.0.0":2})", {"value $['1.0.0']: 1 | 2"}},
                      Row{R"({"it's":1})", R"({"it's":2})", {R"(value $['it\'s']: 1 | 2)"}},
                      Row{R"({"a\\b":1})", R"({"a\\b":2})", {R"(value $['a\\b']: 1 | 2)"}},
                      Row{R"({"":1})", R"({"":2})", {"value $['']: 1 | 2"}},
                      Row{R"({"-a":1})", R"({"-a":2})", {"value $['-a']: 1 | 2"}},
                      Row{"{\"\u00e4\":1}", "{\"\u00e4\":2}", {"value $['\u00e4']: 1 | 2"}}));

TEST(JsonDiffRules, AnIgnoredPlaceCoversWhatIsBelow) {
  const CompareRules rules = test::rules_of({"$.meta", "$.items[*].at", "$['1.0'].x"});
  EXPECT_THAT(lines_of(compare_documents(
                  R"({"meta":{"t":1},"items":[{"at":1,"n":1},{"at":2}],"1.0":{"x":1}})",
                  R"({"meta":{"t":2},"items":[{"at":3,"n":1},{}],"1.0":{"x":2}})", rules)),
              IsEmpty());
  EXPECT_THAT(lines_of(compare_documents(R"({"meta":1,"metal":1})", R"({"metal":2})", rules)),
              ElementsAre("value $.metal: 1 | 2"));
}

TEST(JsonDiffRules, WhatIsOverTheLimitIsCountedAndWhatIsIgnoredIsNot) {
  std::string left = "{\"skip\":[";
  std::string right = left;
  for (int i = 0; i < 50; ++i) {
    left += "1,";
    right += "2,";
  }
  left += "0],\"list\":[";
  right += "0],\"list\":[";
  for (int i = 0; i < 50; ++i) {
    left += "1,";
    right += "2,";
  }
  left += "0]}";
  right += "0]}";
  CompareRules rules = test::rules_of({"$.skip"});
  rules.differences_max = 10;
  Comparison comparison = compare_documents(left, right, rules);
  EXPECT_EQ(comparison.differences.size(), 10U);
  EXPECT_EQ(comparison.left_out, 40U);
  rules.ignore.clear();
  comparison = compare_documents(left, right, rules);
  EXPECT_EQ(comparison.left_out, 90U);
  rules.differences_max = 0;
  comparison = compare_documents(left, right, rules);
  EXPECT_EQ(comparison.left_out, 100U);
  EXPECT_EQ(comparison.verdict, Verdict::mismatch);
}

TEST(JsonDiffBounds, ShownValuesAndPathsAreCut) {
  const std::string name(100'000, 'n');
  const std::string value(100'000, 'v');
  const Comparison comparison =
      compare_documents("{\"" + name + "\":{\"" + name + "\":\"" + value + "\"}}",
                        "{\"" + name + "\":{\"" + name + "\":[\"" + value + "\"]}}");
  ASSERT_EQ(comparison.differences.size(), 1U);
  const Difference& found = comparison.differences.front();
  EXPECT_EQ(found.kind, Kind::type);
  EXPECT_LE(found.path.size(), 1'024U);
  EXPECT_EQ(found.left.size(), kShownBytesMax);
  EXPECT_TRUE(found.left.ends_with("\u2026"));
  EXPECT_TRUE(found.right.starts_with("[\"vvv"));
}

TEST(JsonDiffBounds, ManyDeepDifferencesUnderALongNameEnd) {
  std::string left = "{\"" + std::string(50'000, 'n') + "\":";
  left += std::string(500, '[');
  for (int i = 0; i < 20'000; ++i) left += "1,";
  std::string right = left;
  std::replace(right.begin(), right.end(), '1', '2');
  const std::string end = "0" + std::string(500, ']') + "}";
  const Comparison comparison =
      compare_documents(left + end, right + end, test::rules_of({"$.nothing.**.here"}));
  EXPECT_EQ(comparison.differences.size() + comparison.left_out, 20'000U);
}

TEST(JsonDiffBounds, TheDeepestDocumentIsWalked) {
  std::string left;
  std::string right;
  std::string end;
  for (std::size_t i = 0; i < kJsonDepthMax; ++i) {
    left += R"({"b":0,"a":)";
    right += R"({"c":0,"a":)";
    end += '}';
  }
  CompareRules rules;
  rules.differences_max = 10'000;
  const Comparison comparison = compare_documents(left + "1" + end, right + "2" + end, rules);
  ASSERT_EQ(comparison.differences.size(), 2 * kJsonDepthMax + 1);
  EXPECT_TRUE(comparison.differences.back().path.starts_with("$.a.a") ||
              comparison.differences.back().path.starts_with("$.c"));
}

// Paths are built only on a difference, no tree is copied.
TEST(JsonDiffCost, EqualDocumentsAllocateNothing) {
  const std::string_view text = R"({"a":[1,{"b":"c"},null,true],"d":{"e":{"f":1.5e3}}})";
  JsonTape left;
  JsonTape right;
  ASSERT_TRUE(left.parse(text) && right.parse(text));
  const CompareRules rules;
  Comparison comparison;
  Findings findings(rules, comparison);
  compare_json(left, right, findings);
  EXPECT_THAT(lines_of(comparison), IsEmpty());
  const std::uint64_t allocations = banyan::test::allocations_of([&] {
    EXPECT_TRUE(left.parse(text) && right.parse(text));
    compare_json(left, right, findings);
  });
  // The stack of the path grows as deep as the document is: 1, 2, 4.
  EXPECT_LE(allocations, 3U);
}

}  // namespace
}  // namespace banyan::shadow
