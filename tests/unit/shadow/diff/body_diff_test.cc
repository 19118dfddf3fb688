#include "shadow/diff/body_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/shadow/deflated.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::deflated;
using test::json_response;
using test::kGzip;
using test::lines_of;
using test::pair_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> differences(const CapturedResponse& left, const CapturedResponse& right,
                                     const CompareRules& rules = {}) {
  Comparison comparison;
  Findings findings(rules, comparison);
  compare_bodies(left, right, findings);
  return lines_of(comparison);
}

CapturedResponse typed(std::string_view type, std::string_view body) {
  return response_of(200, {{"Content-Type", type}}, body);
}

TEST(BodyDiff, JsonIsToldByItsContentType) {
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "text/json",
        "application/problem+json", "application/vnd.npm.install-v1+json ;q=1"}) {
    EXPECT_THAT(differences(typed(type, "{\"a\":1}"), typed(type, "{ \"a\": 1 }")), IsEmpty())
        << type;
  }
  for (const char* type : {"text/html", "text/plain", "application/jsonp", "json", "+json"}) {
    EXPECT_EQ(differences(typed(type, "{\"a\":1}"), typed(type, "{ \"a\":1 }")).size(), 1U) << type;
  }
}

TEST(BodyDiff, OneSideThatSaysJsonIsEnoughIfBothAre) {
  EXPECT_THAT(differences(typed("application/json", "{\"a\":1}"), typed("text/html", "{\"a\":2}")),
              ElementsAre("value $.a: 1 | 2"));
  EXPECT_THAT(differences(typed("application/json", "{}"), typed("text/html", "<p>")),
              ElementsAre("length body: 2 bytes, from byte 0 | 3 bytes, from byte 0: <p>"));
}

TEST(BodyDiff, WithoutATypeTheContentDecides) {
  EXPECT_THAT(differences(response_of(200, {}, " {\"a\":1}"), response_of(200, {}, "{\"a\":2}")),
              ElementsAre("value $.a: 1 | 2"));
  EXPECT_THAT(differences(response_of(200, {}, "1.0"), response_of(200, {}, "1.1")),
              ElementsAre("value body: 3 bytes, from byte 2: 1.0 | 3 bytes, from byte 2: 1.1"));
}

TEST(BodyDiff, InvalidJsonIsComparedByBytes) {
  EXPECT_THAT(differences(json_response("{\"a\":1,}"), json_response("{\"a\":2,}")),
              ElementsAre("value body: 8 bytes, from byte 5 | 8 bytes, from byte 5"));
  EXPECT_THAT(differences(json_response("{\"a\":1}"), json_response("")),
              ElementsAre("length body: 7 bytes, from byte 0 | 0 bytes, from byte 0"));
  EXPECT_THAT(differences(json_response("oops"), json_response("oops")), IsEmpty());
}

TEST(BodyDiff, JsonOverALimitOnBothSidesIsNotComparable) {
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  const Comparison comparison =
      compare(pair_of(json_response(deep), json_response(deep + " ")), {});
  EXPECT_EQ(comparison.verdict, Verdict::not_comparable);
  EXPECT_EQ(comparison.why_not, "body_over_limit");
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_EQ(comparison.body.left_problem, "json_over_limit");
  EXPECT_EQ(comparison.body.right_problem, "json_over_limit");
}

TEST(BodyDiff, JsonOverALimitHidesNothingElse) {
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  auto pair = pair_of(json_response(deep), json_response(deep + " "));
  pair.monolith.status = 500;
  const Comparison comparison = compare(pair, {});
  EXPECT_EQ(comparison.verdict, Verdict::mismatch);
  EXPECT_EQ(comparison.why_not, "");
  EXPECT_THAT(lines_of(comparison), ElementsAre("value status: 200 | 500"));
}

TEST(BodyDiff, JsonOverALimitOnOneSideIsComparedByBytes) {
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  EXPECT_THAT(differences(json_response(deep), json_response("[[]]")),
              ElementsAre("length body: 10000 bytes, from byte 2 | 4 bytes, from byte 2"));
}

TEST(BodyDiff, ABombOnBothSidesIsNotComparableAndOnOneSideAMismatch) {
  const std::string small = deflated("[1]", kGzip);
  const auto zipped = [](const std::string& body) {
    return response_of(200, {{"content-type", "application/json"}, {"content-encoding", "gzip"}},
                       body);
  };
  const std::string bomb = deflated(std::string(9U << 20U, ' '), kGzip);
  const std::string other = deflated(std::string(10U << 20U, ' '), kGzip);
  EXPECT_EQ(compare(pair_of(zipped(bomb), zipped(other)), {}).why_not, "body_over_limit");
  EXPECT_EQ(compare(pair_of(zipped(bomb), zipped(small)), {}).verdict, Verdict::mismatch);
  EXPECT_EQ(compare(pair_of(zipped(small), zipped(bomb)), {}).verdict, Verdict::mismatch);
}

TEST(BodyDiff, BytesTellTheFirstOffsetThatDiffers) {
  EXPECT_THAT(differences(typed("text/plain", "hello world"), typed("text/plain", "hello there")),
              ElementsAre("value body: 11 bytes, from byte 6: hello world | "
                          "11 bytes, from byte 6: hello there"));
  EXPECT_THAT(differences(typed("text/plain", "abc"), typed("text/plain", "abcd")),
              ElementsAre("length body: 3 bytes, from byte 3 | 4 bytes, from byte 3: abcd"));
}

TEST(BodyDiff, AnExcerptIsBoundedAndPrintable) {
  std::string binary(5'000, '\x01');
  binary[1'000] = '\n';
  std::string other = binary;
  other[1'001] = '\xff';
  for (const std::string& line :
       differences(typed("image/png", binary), typed("image/png", other))) {
    EXPECT_LE(line.size(), 2 * kShownBytesMax + 20);
    EXPECT_EQ(line.find('\x01'), std::string::npos);
    EXPECT_NE(line.find("\\n\\xff"), std::string::npos) << line;
  }
}

TEST(BodyDiff, NoExcerptBeginsInsideOfAValue) {
  const std::string left = "a=1&token=" + std::string(500, 'x') + "1";
  const std::string right = "a=1&token=" + std::string(500, 'x') + "2";
  EXPECT_THAT(differences(typed("text/plain", left), typed("text/plain", right)),
              ElementsAre("value body: 511 bytes, from byte 510 | 511 bytes, from byte 510"));
}

TEST(BodyDiff, ARuleMayIgnoreBodies) {
  EXPECT_THAT(
      differences(typed("text/plain", "a"), typed("text/plain", "b"), test::rules_of({"body"})),
      IsEmpty());
}

CapturedResponse coded(std::string_view coding, const std::string& body) {
  return response_of(200, {{"Content-Type", "application/json"}, {"Content-Encoding", coding}},
                     body);
}

TEST(BodyDiff, Rfc9110Section8_4ContentCodingIsTakenOffFirst) {
  const std::string text = R"({"a":1,"b":"cccccccccccccccccc"})";
  EXPECT_NE(deflated(text, kGzip, 9), deflated(text, kGzip, 0));
  EXPECT_THAT(
      differences(coded("gzip", deflated(text, kGzip, 9)), coded("gzip", deflated(text, kGzip, 0))),
      IsEmpty());
  EXPECT_THAT(differences(coded("gzip", deflated(text, kGzip)), coded("identity", text)),
              IsEmpty());
  EXPECT_THAT(
      differences(coded("gzip", deflated(R"({"a":1})", kGzip)), json_response(R"({"a":2})")),
      ElementsAre("value $.a: 1 | 2"));
}

TEST(BodyDiff, ACodingThatCanNotBeTakenOffIsComparedByBytes) {
  EXPECT_EQ(differences(coded("br", "xxx"), coded("br", "xxy")).size(), 1U);
  EXPECT_EQ(differences(coded("gzip", "broken"), json_response("{}")).size(), 1U);
  EXPECT_THAT(differences(coded("br", "same"), coded("br", "same")), IsEmpty());
}

}  // namespace
}  // namespace banyan::shadow
