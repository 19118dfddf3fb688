#include "shadow/value_shape.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

std::uint64_t length_as_hash(std::string_view text) { return text.size(); }

std::string shape(std::string_view path, std::string_view value, Holds holds = Holds::value) {
  return value_shape({}, path, holds, value);
}

TEST(ValueShape, IsTypeAndLengthOfJson) {
  EXPECT_EQ(shape("$.a", "\"abc\""), "string of 3 characters");
  EXPECT_EQ(shape("$.a", "\"a\""), "string of 1 character");
  EXPECT_EQ(shape("$.a", "\"\""), "string of 0 characters");
  EXPECT_EQ(shape("$.a", R"("\"\\\n\u001fä😀")"), "string of 6 characters");
  EXPECT_EQ(shape("$.a", "-12.5e3"), "number of 7 characters");
  EXPECT_EQ(shape("$.a", "true"), "boolean");
  EXPECT_EQ(shape("$.a", "null"), "null");
  EXPECT_EQ(shape("$.a", R"({"b":1})"), "object of 7 bytes");
  EXPECT_EQ(shape("$", "[1,2]"), "array of 5 bytes");
  EXPECT_EQ(shape("$.a", ""), "");
}

TEST(ValueShape, OfAllElseIsALength) {
  EXPECT_EQ(shape("header:x-user", "Ann"), "text of 3 characters");
  EXPECT_EQ(shape("header:x-user", "null"), "text of 4 characters");
  EXPECT_EQ(shape("body[3]", "42"), "text of 2 characters");
  EXPECT_EQ(shape("$.name", "never"), "text of 5 characters");  // of a form
}

TEST(ValueShape, TellsOutcomes) {
  EXPECT_EQ(shape("status", "200", Holds::description), "200");
  EXPECT_EQ(shape("trailer:grpc-status", "13"), "13");
  EXPECT_EQ(shape("trailer:grpc-status", "4111111111111111"), "text of 16 characters");
  EXPECT_EQ(shape("$", "3 messages", Holds::description), "3 messages");
}

TEST(ValueShape, OfBytesHasNoExcerptAndNoHashOfAnybodys) {
  EXPECT_EQ(shape("body", "12 bytes, from byte 3, hash 00: Ann's", Holds::bytes),
            "12 bytes, from byte 3");
  EXPECT_EQ(shape("body", "12 bytes, from byte 3: Ann's", Holds::bytes), "12 bytes, from byte 3");
  EXPECT_EQ(shape("$.file", "12 bytes of text/x-ann", Holds::bytes), "12 bytes");
  const std::string hashed = value_shape(std::hash<std::string_view>{}, "body", Holds::bytes,
                                         "12 bytes, hash 0123456789abcdef");
  EXPECT_TRUE(hashed.starts_with("12 bytes, hash ")) << hashed;
  EXPECT_FALSE(hashed.ends_with("0123456789abcdef")) << hashed;
}

TEST(ValueShape, OfACutValueIsABound) {
  const std::string cut = "\"" + std::string(kShownBytesMax - 4, 'x') + "\u2026";
  EXPECT_EQ(shape("$.a", cut), "string of at least 196 characters");
  EXPECT_EQ(shape("$.a", "\"wait\u2026\""), "string of 5 characters");
  EXPECT_EQ(shape("header:x", "wait\u2026"), "text of 5 characters");
}

TEST(ValueShape, HasTheHashOfTheValue) {
  EXPECT_EQ(value_shape(length_as_hash, "$.a", Holds::value, "\"abc\""),
            "string of 3 characters, hash 0000000000000005");
  EXPECT_EQ(value_shape(length_as_hash, "$.a", Holds::value, "null"), "null");
}

TEST(ValueShape, OfATargetIsItsEndpoint) {
  EXPECT_EQ(target_shape(length_as_hash, "GET /orders/{id}", "/orders/42?q=x"),
            "/orders/{id} (14 bytes, hash 000000000000000e)");
  EXPECT_EQ(target_shape({}, "GET /", "/"), "/ (1 bytes)");
}

// What a comparison that was made for shapes holds.
std::vector<Difference> for_shapes(const CapturedResponse& left, const CapturedResponse& right) {
  CompareRules rules;
  rules.for_shapes = true;
  rules.shown_bytes_max = kHashedBytesMax;
  return compare(test::pair_of(left, right), rules).differences;
}

TEST(ForShapes, ValuesAreWhole) {
  const std::string long_text(1'000, 'x');
  for (const auto& [type, before, behind] :
       std::vector<std::array<std::string, 3>>{{"application/json", "{\"a\":\"", "\"}"},
                                               {"application/x-www-form-urlencoded", "a=", ""},
                                               {"text/plain", "line\n", "\nline"}}) {
    const Headers headers = test::response_of(200, {{"content-type", type}}, "").headers;
    CapturedResponse left = test::response_of(200, {{"content-type", type}}, "");
    CapturedResponse right = left;
    left.body = before + long_text + behind;
    right.body = before + long_text + "y" + behind;
    const auto found = for_shapes(left, right);
    ASSERT_EQ(found.size(), 1U) << type;
    EXPECT_NE(shape(found[0].path, found[0].left).find(" 1000 "), std::string::npos) << type;
    EXPECT_NE(shape(found[0].path, found[0].right).find(" 1001 "), std::string::npos) << type;
  }
}

TEST(ForShapes, HeadersAndCookiesAreWhole) {
  const std::string long_text(1'000, 'x');
  for (const std::string name : {"x-user", "set-cookie"}) {
    const std::string prefix = name == "x-user" ? "" : "session=";
    const auto found = for_shapes(test::response_of(200, {{name, prefix + long_text}}, ""),
                                  test::response_of(200, {{name, prefix + long_text + "y"}}, ""));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].right, long_text + "y");
  }
}

TEST(ForShapes, BytesHaveAHashAndNoExcerpt) {
  const auto found =
      for_shapes(test::response_of(200, {{"content-type", "image/x"}}, "Ann's face"),
                 test::response_of(200, {{"content-type", "image/x"}}, "Bob's face"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].holds, Holds::bytes);
  EXPECT_TRUE(found[0].left.starts_with("10 bytes, from byte 0, hash ")) << found[0].left;
  EXPECT_EQ(found[0].left.find("Ann"), std::string::npos);
}

}  // namespace
}  // namespace banyan::shadow
