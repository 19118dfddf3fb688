#include "shadow/shown_body.h"

#include <gtest/gtest.h>

#include "tests/unit/shadow/deflated.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

CapturedResponse answer(const std::string& body, std::string_view type = "application/json") {
  return test::response_of(200, {{"Content-Type", type}}, body);
}

std::string shown(const CapturedResponse& response) { return shown_body({}, response); }

TEST(ShownBody, IsWholeAndAsItCame) {
  EXPECT_EQ(shown(answer(R"({"a": 1, "b": "x"})")), R"({"a": 1, "b": "x"})");
  EXPECT_EQ(shown(answer("a=1&b=2", "application/x-www-form-urlencoded")), "a=1&b=2");
  EXPECT_EQ(shown(answer("a\nb\n", "text/plain")), "a\nb\n");
  EXPECT_EQ(shown(answer("", "text/plain")), "");
}

TEST(ShownBody, HidesWhatIsHiddenElsewhere) {
  EXPECT_EQ(shown(answer(R"({"a":1,"password":"hunter2"})")), R"({"a":1,"password":(redacted)})");
  EXPECT_EQ(shown(answer("a=1&token=abc", "application/x-www-form-urlencoded")),
            "a=1&token=(redacted)");
  Redaction redaction;
  std::string error;
  ASSERT_TRUE(ValuePattern::parse(R"(\d{16})", redaction.patterns.emplace_back(), error));
  EXPECT_EQ(shown_body(redaction, answer(R"({"card":"4111111111111111"})")),
            R"x({"card":"(redacted)"})x");
}

// The body may hold the place, and nobody looks for it there.
TEST(ShownBody, IsHiddenWholeWherePlacesAre) {
  Redaction redaction;
  PathPattern::ParseError error;
  ASSERT_TRUE(PathPattern::parse("$.name", redaction.paths.emplace_back(), error));
  EXPECT_EQ(shown_body(redaction, answer(R"( {"name":"Ann"})")), kRedacted);
  EXPECT_EQ(shown_body(redaction, answer("name=Ann", "application/x-www-form-urlencoded")),
            kRedacted);
  redaction.paths.clear();
  ASSERT_TRUE(PathPattern::parse("header:x-name", redaction.paths.emplace_back(), error));
  EXPECT_EQ(shown_body(redaction, answer("[1]")), "[1]");
}

TEST(ShownBody, IsNotThereWhereItsSecretsCanNotBeTold) {
  const std::string part =
      "--b\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--b--\r\n";
  EXPECT_EQ(shown(answer(part, "multipart/form-data; boundary=b")), "");
  EXPECT_EQ(shown(answer(part, "application/octet-stream")), "");
  EXPECT_EQ(shown(answer("<td>password</td><td>hunter2</td>", "text/html")), "");
  EXPECT_EQ(shown(answer("<a><b>password</b><c>hunter2</c></a>", "application/xml")), "");
  EXPECT_EQ(shown(answer("user,password\nann,hunter2\n", "text/csv")), "");
  EXPECT_EQ(shown(answer("\x0a\x03"
                         "abc",
                         "application/x-protobuf")),
            "");
  EXPECT_EQ(shown(answer("{\"a\":\"\xff\"}")), "");
  EXPECT_EQ(shown(answer(std::string("a\0b", 3), "text/plain")), "");
}

TEST(ShownBody, IsWholeOrNotThere) {
  EXPECT_EQ(shown(answer(std::string(kShownBodyMax, 'a'), "text/plain")).size(), kShownBodyMax);
  EXPECT_EQ(shown(answer(std::string(kShownBodyMax + 1, 'a'), "text/plain")), "");
}

TEST(ShownBody, IsWithoutItsCoding) {
  CapturedResponse zipped = answer(test::deflated(R"({"a":1})", test::kZlib));
  zipped.headers.add("content-encoding", "deflate");
  EXPECT_EQ(shown(zipped), R"({"a":1})");
  zipped.body.resize(zipped.body.size() / 2);
  EXPECT_EQ(shown(zipped), "");
  CapturedResponse bomb =
      answer(test::deflated(std::string(1U << 20U, 'a'), test::kZlib), "text/plain");
  bomb.headers.add("content-encoding", "deflate");
  ASSERT_LT(bomb.body.size(), kShownBodyMax);
  EXPECT_EQ(shown(bomb), "");
}

}  // namespace
}  // namespace banyan::shadow
