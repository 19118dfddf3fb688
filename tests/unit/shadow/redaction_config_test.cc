// What the configuration hides beside what is hidden always.
#include <gtest/gtest.h>

#include "shadow/redaction.h"

namespace banyan::shadow {
namespace {

Redaction hiding(std::string_view path, std::string header = "") {
  Redaction redaction;
  PathPattern::ParseError error;
  EXPECT_TRUE(PathPattern::parse(path, redaction.paths.emplace_back(), error)) << error.message;
  if (!header.empty()) redaction.headers.push_back(std::move(header));
  return redaction;
}

TEST(RedactionByConfiguration, HidesAPathAndWhatIsBelow) {
  const Redaction redaction = hiding("$.users[*].name");
  EXPECT_EQ(redacted_value(redaction, "$.users[3].name", "\"Ann\""), kRedacted);
  EXPECT_EQ(redacted_value(redaction, "$.users[3].name.first", "\"Ann\""), kRedacted);
  EXPECT_EQ(redacted_value(redaction, "$.users[3].age", "7"), "7");
  EXPECT_EQ(redacted_value(redaction, "$.users[3].name", ""), "");
}

TEST(RedactionByConfiguration, HidesAWholeValueThatCouldHoldThePath) {
  const Redaction redaction = hiding("$.users[*].name");
  EXPECT_EQ(redacted_value(redaction, "$.users[3]", R"({"name":"Ann"})"), kRedacted);
  EXPECT_EQ(redacted_value(redaction, "$.users", R"([{"name":"Ann"}])"), kRedacted);
  EXPECT_EQ(redacted_value(redaction, "$.count", "[no JSON path]"), kRedacted);
  EXPECT_EQ(redacted_value(Redaction{}, "$.users", R"([1])"), "[1]");
}

TEST(RedactionByConfiguration, HidesAHeaderInAnyCase) {
  const Redaction redaction = hiding("$.x", "X-Person");
  EXPECT_EQ(redacted_value(redaction, "header:x-person", "Ann"), kRedacted);
  EXPECT_EQ(redacted_value(redaction, "header:x-persons", "Ann"), "Ann");
}

}  // namespace
}  // namespace banyan::shadow
