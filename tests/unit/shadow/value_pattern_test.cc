#include "shadow/value_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shadow/redaction.h"

namespace banyan::shadow {
namespace {

using testing::HasSubstr;

Redaction hiding(std::initializer_list<std::string_view> patterns) {
  Redaction redaction;
  for (const std::string_view text : patterns) {
    std::string error;
    EXPECT_TRUE(ValuePattern::parse(text, redaction.patterns.emplace_back(), error)) << error;
  }
  return redaction;
}

std::string refusal(std::string_view text) {
  ValuePattern pattern;
  std::string error;
  EXPECT_FALSE(ValuePattern::parse(text, pattern, error)) << text;
  return error;
}

TEST(ValuePattern, WhatCanNotBeReadOrNeverHidesAnythingIsRefused) {
  EXPECT_THAT(refusal("(a"), HasSubstr("missing )"));
  EXPECT_THAT(refusal("(?=a)"), HasSubstr("invalid perl operator"));
  EXPECT_EQ(refusal("a*"), "matches the empty text");
  EXPECT_EQ(refusal(""), "matches the empty text");
  EXPECT_EQ(refusal(std::string(1'025, 'a')), "is longer than 1024 bytes");
  EXPECT_THAT(refusal("(((a{100}){100}){100})"), testing::Not(testing::IsEmpty()));
}

TEST(ValuePattern, AnAssertionAloneFindsNothingAndEnds) {
  const Redaction redaction = hiding({R"(\ba|\b)"});
  EXPECT_EQ(redacted_text(redaction, "b a b"), "b (redacted) b");
}

TEST(RedactionByPatterns, HidesEveryMatchAndTheLongestOne) {
  const Redaction redaction = hiding({R"(\b\d{4,})", R"([\w.]+@[\w.]+)"});
  EXPECT_EQ(redacted_value(redaction, "$.a", R"("card 4111111111111111, by ann@shop.test")"),
            R"x("card (redacted), by (redacted)")x");
  EXPECT_EQ(redacted_value(redaction, "header:x-card", "12345"), kRedacted);
  EXPECT_EQ(redacted_value(redaction, "$.a", "123"), "123");
  EXPECT_EQ(redacted_value(redaction, "$.a", ""), "");
}

TEST(RedactionByPatterns, HidesWhatIsPercentEncoded) {
  const Redaction redaction = hiding({R"([\w.]+@[\w.]+)"});
  EXPECT_EQ(redacted_text(redaction, "/find?by=ann%40shop.test&page=2"),
            "/find?by=(redacted)&page=2");
  EXPECT_EQ(redacted_text(redaction, "/find?to=%2Fx%3Fby%3Dann%2540shop.test&page=2"),
            "/find?to=%2Fx%3Fby%3D(redacted)&page=2");
}

TEST(RedactionByPatterns, HidesBesideTheSecretsThatOverlapAMatch) {
  const Redaction redaction = hiding({"t=abc"});
  EXPECT_EQ(redacted_text(redaction, "/x?t=abc&token=1"), "/x?(redacted)&token=(redacted)");
  EXPECT_EQ(redacted_text(redaction, "/x?secret=abc&b=1"), "/x?secre(redacted)&b=1");
}

// A match may go on behind the cut.
TEST(RedactionByPatterns, HidesAValueThatWasCut) {
  const Redaction redaction = hiding({R"(\d{16})"});
  EXPECT_EQ(redacted_value(redaction, "$.a", "\"x 41111111\u2026"), kRedacted);
  EXPECT_EQ(redacted_value(Redaction{}, "$.a", "\"x 41111111\u2026"), "\"x 41111111\u2026");
  EXPECT_EQ(redacted_name(redaction, "$.a\u2026"), kRedacted);
}

TEST(RedactionByPatterns, HidesDataInTheNamesOfPlaces) {
  const Redaction redaction = hiding({R"([\w.]+@[\w.]+)"});
  EXPECT_EQ(redacted_name(redaction, "$.by['ann@shop.test'].n"), "$.by['(redacted)'].n");
  EXPECT_EQ(redacted_name(redaction, "GET /users/ann@shop.test/cart"),
            "GET /users/(redacted)/cart");
  EXPECT_EQ(redacted_name(redaction, "$.a"), "$.a");
}

// Both would take a backtracking engine longer than the test may run.
TEST(RedactionByPatterns, TakesLinearTime) {
  const Redaction redaction = hiding({"(a+)+b", "(x+x+)+y"});
  const std::string text = std::string(100'000, 'a') + std::string(100'000, 'x');
  EXPECT_EQ(redacted_text(redaction, text), text);
}

TEST(RedactionByPatterns, TakesAnyBytes) {
  const Redaction redaction = hiding({"b.d", "\u00e9+"});
  EXPECT_EQ(redacted_text(redaction, "a\xff\xfe bcd \xc3"), "a\xff\xfe (redacted) \xc3");
  EXPECT_EQ(redacted_text(redaction, std::string("\0bcd\0", 5)), std::string("\0(redacted)\0", 12));
}

}  // namespace
}  // namespace banyan::shadow
