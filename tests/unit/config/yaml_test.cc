// What is YAML here and what is not, seen from outside: load_text().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "config/yaml_tree.h"
#include "tests/unit/config/loading.h"

namespace banyan::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Case {
  const char* yaml;
  const char* problem;
};

std::string repeated(std::string_view text, std::size_t bytes) {
  std::string made;
  while (made.size() + text.size() <= bytes) made += text;
  return made;
}

TEST(Yaml, BadSyntaxIsReportedAtItsPlace) {
  constexpr std::array kCases{
      Case{"a:\n\tb: 1\n", "2:1 not YAML: tab character may not be used as indentation"},
      Case{"a: 1\n b: 2\n", "1:4 not YAML: invalid multiline plain key"},
      Case{"a: \"x\n", "1:5 not YAML: double-quoted scalar without closing quote"},
      Case{"a: b: c\n", "1:5 not YAML: invalid nested block mapping on the same line"},
      Case{"a: @x\n", "1:4 not YAML: plain scalar cannot start with '@'"},
      Case{"{a: 1, b: 2\n", "2:1 not YAML: missing comma in flow mapping"},
      Case{"é: @x\n", "1:4 not YAML: plain scalar cannot start with '@'"},
  };
  for (const Case& c : kCases) EXPECT_THAT(problems_of(c.yaml), ElementsAre(c.problem)) << c.yaml;
}

TEST(Yaml, WithoutAValueIsEmpty) {
  for (const char* yaml :
       {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "~\n", "null", "\xef\xbb\xbf"}) {
    EXPECT_THAT(problems_of(yaml), ElementsAre("1:1 empty: at least one listener is needed"))
        << yaml;
  }
}

TEST(Yaml, AFileIsAMapping) {
  EXPECT_THAT(problems_of("- a\n"), ElementsAre("1:1 expected a mapping, found a list"));
  EXPECT_THAT(problems_of("text\n"), ElementsAre("1:1 expected a mapping, found \"text\""));
  EXPECT_THAT(problems_of("5\n"), ElementsAre("1:1 expected a mapping, found the number 5"));
}

TEST(Yaml, ASecondDocumentIsRefused) {
  EXPECT_THAT(problems_of(with("---\nworkers: 2\n")),
              ElementsAre("6:1 a second document: one file is one document"));
  EXPECT_THAT(problems_of("---\n" + std::string(kBase) + "...\n"), ElementsAre());
}

TEST(Yaml, AnchorsAliasesTagsAndDirectivesAreRefused) {
  EXPECT_THAT(problems_of(with("workers: &n 2\n")),
              ElementsAre("6:13 an anchor (&name) is not taken here: write the value itself"));
  EXPECT_THAT(problems_of(with("workers: *n\n")),
              ElementsAre("6:10 an alias (*name) is not taken here: write the value itself"));
  EXPECT_THAT(problems_of(with("workers: !!int 2\n")),
              ElementsAre("6:16 a tag (!name) is not taken here: write the value itself"));
  EXPECT_THAT(problems_of("%YAML 1.2\n---\nworkers: 2\n"),
              ElementsAre("1:1 a line that begins with % (a directive) is not taken here"));
}

TEST(Yaml, AnAnchoredBlockIsStillReadForItsOtherProblems) {
  EXPECT_THAT(problems_of(with("timeouts: &t\n  idel: 5s\n")),
              ElementsAre(HasSubstr("an anchor"),
                          "7:3 timeouts.idel: unknown key (did you mean \"idle\"?)"));
}

TEST(Yaml, AnAliasBombIsNotLit) {
  std::string yaml = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    yaml += std::string(1, c) + ": &" + c + " [" + repeated("*" + before + ", ", 36) + "]\n";
  }
  EXPECT_THAT(problems_of(yaml), Contains(HasSubstr("an alias (*name) is not taken here")));
}

TEST(Yaml, DuplicateKeysAreReportedTogetherWithTheRest) {
  EXPECT_THAT(problems_of(with("workers: 2\nworkers: 3\ntimeouts: { idle: 5, idle: 6s }\n")),
              ElementsAre("7:1 workers: duplicate key (first in line 6)",
                          "8:19 timeouts.idle: expected a duration such as 250ms, 5s, 2m or 1h, "
                          "found the number 5",
                          "8:22 timeouts.idle: duplicate key (first in line 8)"));
}

TEST(Yaml, KeysAreText) {
  EXPECT_THAT(problems_of(with("? [a]\n: 1\n")), ElementsAre("6:3 a key must be plain text"));
  EXPECT_THAT(problems_of(with("? {a: b}\n: 1\n")), ElementsAre("6:3 a key must be plain text"));
  EXPECT_THAT(problems_of(with("\"wor kers\": 1\n")),
              ElementsAre("6:1 [\"wor kers\"]: unknown key (did you mean \"workers\"?)"));
  EXPECT_THAT(problems_of(with("\"workers\": 1\n")), ElementsAre());
}

TEST(Yaml, NestingIsCapped) {
  const auto nested = [](std::size_t depth) {
    return "a: " + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "\n";
  };
  EXPECT_THAT(problems_of(nested(kDepthMax)), Contains("1:1 a: unknown key"));
  EXPECT_THAT(problems_of(nested(kDepthMax + 1)), ElementsAre("1:19 nested deeper than 16 levels"));
  EXPECT_THAT(problems_of(std::string(500'000, '[')),
              ElementsAre("1:17 nested deeper than 16 levels"));
  EXPECT_THAT(problems_of(repeated("- ", 500'000)),
              ElementsAre("1:33 nested deeper than 16 levels"));
}

TEST(Yaml, TheNumberOfValuesIsCapped) {
  const std::string yaml = "a: [" + repeated("0,", 2 * kNodesMax) + "]";
  EXPECT_THAT(problems_of(yaml), ElementsAre(HasSubstr("more than 200000 values")));
}

TEST(Yaml, TheSizeIsCapped) {
  std::string yaml(kBase);
  yaml += "#" + std::string(kFileBytesMax - yaml.size() - 1, 'x');
  EXPECT_THAT(problems_of(yaml), ElementsAre());
  EXPECT_THAT(problems_of(yaml + "x"), ElementsAre("0:0 larger than 1MiB"));
}

TEST(Yaml, WhatIsNotUtf8IsRefusedAtItsPlace) {
  EXPECT_THAT(problems_of("workers: \xff\n"), ElementsAre("1:10 not UTF-8"));
  EXPECT_THAT(problems_of("é: \xc3\n"), ElementsAre("1:4 not UTF-8"));
  EXPECT_THAT(problems_of(std::string_view("a\0b", 3)),
              ElementsAre("1:2 a character that YAML does not allow"));
  EXPECT_THAT(problems_of(std::string_view("\xff\xfe"
                                           "a\0",
                                           4)),
              ElementsAre("1:1 not UTF-8"));
}

TEST(Yaml, IsReadAsVersion1_2) {
  for (const char* word : {"no", "yes", "on", "off", "y", "n"}) {
    EXPECT_THAT(problems_of(with("reload: { watch: " + std::string(word) + " }")),
                ElementsAre("6:18 reload.watch: expected true or false, found \"" +
                            std::string(word) + "\""));
  }
  EXPECT_EQ(load_text(with("workers: 010")).snapshot->workers, 10U);
  for (const char* word : {"true", "True", "TRUE"}) {
    EXPECT_THAT(problems_of(with("reload: { watch: " + std::string(word) + " }")), ElementsAre());
  }
  const Loaded named = load_text("listeners: [{ name: no, bind: \"127.0.0.1:0\" }]");
  ASSERT_TRUE(named.snapshot);
  EXPECT_EQ(named.snapshot->listeners[0].name, "no");
}

// The leak checker is the one that looks at the other half of this.
TEST(Yaml, RunsOfSingleQuotesAreCapped) {
  const auto named = [](std::string_view name) {
    return "listeners: [{ name: '" + std::string(name) + "', bind: \"127.0.0.1:0\" }]\n";
  };
  EXPECT_THAT(problems_of(named("''a''")), ElementsAre(HasSubstr("listeners[0].name: \"'a'\"")));
  EXPECT_THAT(problems_of(named("a''''")),
              ElementsAre("1:23 more than 3 single quotes in a row are not taken here: use double "
                          "quotes"));
  EXPECT_THAT(problems_of(named(repeated("a''b'' c''d", 100'000))),
              ElementsAre(HasSubstr("not a name")));
}

TEST(Yaml, JsonIsYaml) {
  const Loaded loaded = load_text(R"({"workers":3,"listeners":[{"name":"a","bind":"[::1]:0"}]})");
  ASSERT_TRUE(loaded.snapshot);
  EXPECT_EQ(loaded.snapshot->workers, 3U);
}

TEST(Yaml, CarriageReturnsAndAByteOrderMarkAreFine) {
  EXPECT_THAT(problems_of("\xef\xbb\xbf# Windows\r\nworkers: 1\r\nworker: 1\r\n"),
              ElementsAre("2:1 listeners: missing, but required",
                          "3:1 worker: unknown key (did you mean \"workers\"?)"));
}

// Each of these took a parser elsewhere, or this one without its caps, a very long time.
TEST(Yaml, NoTextTakesLong) {
  constexpr std::array kPieces{"%",     "[",      "{",    "{a: ",   "? ",  "- ",   "? - ",
                               "[a]: ", "a: |\n", "'",    "\"",     "&a ", "*a\n", "!a ",
                               "# c\n", "\n",     "a\n",  "a: b\n", "a, ", "é",    "\"\\u00",
                               "---\n", "\t",     "%a\n", " %\n",   ": "};
  for (const std::string_view piece : kPieces) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(problems_of(repeated(piece, kFileBytesMax / 4)), testing::Not(SizeIs(0))) << piece;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << piece;
  }
}

}  // namespace
}  // namespace banyan::config
