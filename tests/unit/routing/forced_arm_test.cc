#include "routing/forced_arm.h"

#include <gtest/gtest.h>

#include "base/constant_time.h"

namespace banyan::routing {
namespace {

std::optional<Arm> asked(std::string_view value, std::string_view secret = "s3cret") {
  Headers headers;
  headers.add("X-Arm", value);
  return forced_arm(headers, "x-arm", secret);
}

TEST(ForcedArm, IsTheOneAskedForWithTheRightSecret) {
  EXPECT_EQ(asked("monolith:s3cret"), Arm::monolith);
  EXPECT_EQ(asked("legacy:s3cret"), Arm::legacy);
}

TEST(ForcedArm, IsNoneForAnythingElse) {
  for (const char* value :
       {"", ":", "monolith", "monolith:", "monolith:s3cre", "monolith:s3crett", "monolith:S3cret",
        "Monolith:s3cret", ":s3cret", "monolith: s3cret", "monolith:s3crets3cret"}) {
    EXPECT_EQ(asked(value), std::nullopt) << value;
  }
  EXPECT_EQ(asked("monolith:", ""), std::nullopt);
  EXPECT_EQ(forced_arm(Headers(), "x-arm", "s"), std::nullopt);
}

TEST(ForcedArm, IsNoneWhereTheFieldStandsTwice) {
  Headers headers;
  headers.add("x-arm", "monolith:s");
  headers.add("X-ARM", "monolith:s");
  EXPECT_EQ(forced_arm(headers, "x-arm", "s"), std::nullopt);
}

TEST(EqualInConstantTime, IsEquality) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  for (const char* other : {"", "ab", "abcabc", "abd", "xbc"}) {
    EXPECT_FALSE(equal_in_constant_time(other, "abc")) << other;
  }
  EXPECT_FALSE(equal_in_constant_time("abc", ""));
}

}  // namespace
}  // namespace banyan::routing
