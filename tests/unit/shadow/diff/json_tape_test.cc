#include "shadow/diff/json_tape.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace banyan::shadow {
namespace {

using namespace std::string_literals;

bool parses(std::string_view text) {
  JsonTape tape;
  return tape.parse(text);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonTape, LaysADocumentOutFlat) {
  JsonTape tape;
  ASSERT_TRUE(tape.parse(R"( {"a": [1, 2.50], "\u0062": {"x": null}, "c": "q\n\u00e4"} )"));
  ASSERT_EQ(tape.size(), 11U);
  EXPECT_EQ(tape[0].type, JsonType::object);
  EXPECT_EQ(tape[0].count, 3U);
  EXPECT_EQ(tape[0].next, 11U);
  EXPECT_EQ(tape[1].text, "a");
  EXPECT_EQ(tape[2].type, JsonType::array);
  EXPECT_EQ(tape[2].count, 2U);
  EXPECT_EQ(tape[2].next, 5U);
  EXPECT_EQ(tape[4].text, "2.50");
  EXPECT_EQ(tape[5].text, "b");
  EXPECT_EQ(tape[8].type, JsonType::null);
  EXPECT_EQ(tape[10].text, "q\n\u00e4");
}

TEST(JsonTape, TakesScalarsAsDocuments) {
  for (const char* text :
       {"1", " -0.5e3 ", "true", "false\n", "null", "\"\"", "\"a\"", "[]", "{}"}) {
    EXPECT_TRUE(parses(text)) << text;
  }
}

TEST(JsonTape, RefusesWhatIsNoJson) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "[1"s,
                                  "[[1]"s,
                                  "[1,]"s,
                                  "[,1]"s,
                                  "[1 2]"s,
                                  "{\"a\" 1}"s,
                                  "{\"a\":1,}"s,
                                  "{\"a\":}"s,
                                  "{a:1}"s,
                                  "{\"a\":1"s,
                                  "[1}"s,
                                  "{\"a\":1]"s,
                                  "1 2"s,
                                  "[] []"s,
                                  "[]]"s,
                                  "{}x"s,
                                  "nul"s,
                                  "truex"s,
                                  "nullx"s,
                                  "[tru]"s,
                                  "[nulll]"s,
                                  "\"a"s,
                                  "\"\\x\""s,
                                  "\"\\u12\""s,
                                  "\"\\ud800\""s,
                                  "\"a\nb\""s,
                                  "[1.]"s,
                                  "[01]"s,
                                  "[+1]"s,
                                  "[NaN]"s,
                                  "\xff"s,
                                  "\"\xff\""s,
                                  "\xef\xbb\xbf{}"s,
                                  "[1]\0"s,
                                  "\"a\"x"s,
                                  "\"a\" \"b\""s,
                                  "1,"s,
                                  "[\"a\"1]"s,
                                  "{\"a\":1 \"b\":2}"s}) {
    EXPECT_FALSE(parses(text)) << text;
  }
}

TEST(JsonTape, ValidatesEveryValueWhereverItStands) {
  for (const std::string& bad :
       std::vector<std::string>{"01", "1.", "tru", "\"\\q\"", "[1,]", "{\"x\":}", "-"}) {
    EXPECT_FALSE(parses("{\"a\":[0,{\"b\":" + bad + "}],\"c\":1}")) << bad;
    EXPECT_FALSE(parses("[" + bad + "]")) << bad;
    EXPECT_FALSE(parses(bad)) << bad;
  }
}

TEST(JsonTape, DepthIsBounded) {
  EXPECT_TRUE(parses(nested(kJsonDepthMax)));
  EXPECT_FALSE(parses(nested(kJsonDepthMax + 1)));
  EXPECT_FALSE(parses(nested(200'000)));
  EXPECT_FALSE(parses(std::string(200'000, '[')));
}

TEST(JsonTape, SizeIsBounded) {
  EXPECT_FALSE(parses("\"" + std::string(kJsonBytesMax, 'a') + "\""));
  std::string many = "[0";
  for (std::size_t i = 0; i < kJsonEntriesMax; ++i) many += ",0";
  EXPECT_FALSE(parses(many + "]"));
}

TEST(JsonTape, IsReusedFromDocumentToDocument) {
  JsonTape tape;
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(tape.parse("[1,"));
    ASSERT_TRUE(tape.parse("[\"" + std::string(10'000, 'x') + "\"]"));
    EXPECT_EQ(tape[1].text.size(), 10'000U);
    tape.shrink(1'000);
    ASSERT_TRUE(tape.parse("[7]"));
    EXPECT_EQ(tape[1].text, "7");
  }
}

}  // namespace
}  // namespace banyan::shadow
