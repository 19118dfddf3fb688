#include "config/problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace banyan::config {
namespace {

using testing::ElementsAre;

Problem only(std::string_view text, std::size_t at) {
  Problems problems(text);
  problems.add(at, "p", "m");
  return problems.take().at(0);
}

TEST(Problem, IsPrintedWithItsSourceLineAndACaret) {
  const Problem problem{12, 7, "migrations[0].shadow.sampel",
                        "unknown key (did you mean \"sample\"?)", "      sampel: 5"};
  EXPECT_EQ(to_text("banyan.yaml", problem),
            "banyan.yaml:12:7: error: migrations[0].shadow.sampel: unknown key (did you mean "
            "\"sample\"?)\n"
            "      sampel: 5\n"
            "      ^\n");
}

TEST(Problem, WithoutAPlaceOrAPathLeavesThemOut) {
  EXPECT_EQ(to_text("f", {0, 0, "", "can not be read", ""}), "f: error: can not be read\n");
  EXPECT_EQ(to_text("f", {1, 1, "", "empty", ""}), "f:1:1: error: empty\n");
}

TEST(Problem, HasItsCaretUnderTheColumnAfterTabsAndWideCharacters) {
  EXPECT_EQ(to_text("f", {1, 3, "", "m", "\té: x"}), "f:1:3: error: m\n\té: x\n\t ^\n");
  EXPECT_EQ(to_text("f", {1, 9, "", "m", "ab"}), "f:1:9: error: m\nab\n        ^\n");
}

TEST(Problem, CanNotMoveTheTerminalsCursor) {
  EXPECT_EQ(only("a: \x1b[2J\n", 0).source, "a: ?[2J");
  EXPECT_EQ(to_text("a\x1b\n", {}), "a??: error: \n");
  EXPECT_EQ(quoted("a\x1b\n\"é"), "\"a\\x1b\\x0a\"é\"");
}

TEST(Problem, KnowsLineAndColumnInCharacters) {
  const std::string text = "a\r\nbé: c\rd\n";
  struct Case {
    std::size_t at, line, column;
    const char* source;
  };
  constexpr std::array kCases{Case{0, 1, 1, "a"},  Case{3, 2, 1, "bé: c"}, Case{6, 2, 3, "bé: c"},
                              Case{10, 3, 1, "d"}, Case{12, 4, 1, ""},     Case{99, 4, 1, ""}};
  for (const Case& c : kCases) {
    const Problem problem = only(text, c.at);
    EXPECT_EQ(problem.line, c.line) << c.at;
    EXPECT_EQ(problem.column, c.column) << c.at;
    EXPECT_EQ(problem.source, c.source) << c.at;
  }
}

TEST(Problem, DoesNotCountAByteOrderMarkAsAColumn) {
  const Problem problem = only("\xef\xbb\xbfkey: 1", 3);
  EXPECT_EQ(problem.column, 1U);
  EXPECT_EQ(problem.source, "key: 1");
}

TEST(Problem, OfAVeryLongLineShowsNoSource) {
  EXPECT_EQ(only(std::string(kSourceBytesMax, 'x'), 5).source.size(), kSourceBytesMax);
  EXPECT_EQ(only(std::string(kSourceBytesMax + 1, 'x'), 5).source, "");
  EXPECT_EQ(only(std::string(kSourceBytesMax + 1, 'x'), 5).column, 6U);
}

TEST(Problems, AreSortedByPlaceAndStable) {
  Problems problems("abc");
  EXPECT_TRUE(problems.none());
  problems.add(2, "", "third");
  problems.add(1, "", "first");
  problems.add(1, "", "second");
  std::vector<std::string> messages;
  for (const Problem& problem : problems.take()) messages.push_back(problem.message);
  EXPECT_THAT(messages, ElementsAre("first", "second", "third"));
}

TEST(Problems, AreBoundedAndTheRestIsCounted) {
  Problems problems("x");
  for (std::size_t i = 0; i < kProblemsMax + 7; ++i) problems.add(0, "", "m");
  const auto taken = problems.take();
  ASSERT_EQ(taken.size(), kProblemsMax + 1);
  EXPECT_EQ(taken.back().message, "7 more problems are not shown");
}

TEST(Problems, OffsetOfIsTheInverseOfThePlace) {
  const std::string text = "ab\né: c\n";
  const Problems problems(text);
  EXPECT_EQ(problems.offset_of(1, 1), 0U);
  EXPECT_EQ(problems.offset_of(2, 2), 5U);
  EXPECT_EQ(problems.offset_of(2, 99), 8U);
  EXPECT_EQ(problems.offset_of(99, 1), text.size());
  EXPECT_EQ(problems.line_of(5), 2U);
}

TEST(DidYouMean, FindsTheNearestCandidate) {
  constexpr std::array<std::string_view, 4> kWords{"sample", "timeout", "budget", "methods"};
  EXPECT_EQ(did_you_mean("sampel", kWords), " (did you mean \"sample\"?)");
  EXPECT_EQ(did_you_mean("sampl", kWords), " (did you mean \"sample\"?)");
  EXPECT_EQ(did_you_mean("time_out", kWords), " (did you mean \"timeout\"?)");
  EXPECT_EQ(did_you_mean("method", kWords), " (did you mean \"methods\"?)");
  EXPECT_EQ(did_you_mean("meth", kWords), " (did you mean \"methods\"?)");
  EXPECT_EQ(did_you_mean("me", kWords), "");
  EXPECT_EQ(did_you_mean("guardrail", kWords), "");
  EXPECT_EQ(did_you_mean("", kWords), "");
  EXPECT_EQ(did_you_mean(std::string(kSuggestBytesMax + 1, 'a'), kWords), "");
}

TEST(DidYouMean, DoesNotTurnOneLetterIntoAnother) {
  constexpr std::array<std::string_view, 1> kWords{"b"};
  EXPECT_EQ(did_you_mean("a", kWords), "");
}

// RFC 3629 §3 and §4
TEST(Utf8, Rfc3629) {
  constexpr std::array kGood{"a",
                             "\x7f",
                             "\xc2\x80",
                             "\xdf\xbf",
                             "\xe0\xa0\x80",
                             "\xed\x9f\xbf",
                             "\xee\x80\x80",
                             "\xf0\x90\x80\x80",
                             "\xf4\x8f\xbf\xbf"};
  for (const std::string_view text : kGood) EXPECT_EQ(character_size(text), text.size());
  constexpr std::array kBad{"",
                            "\x80",
                            "\xbf",
                            "\xc0\x80",
                            "\xc1\xbf",
                            "\xc2",
                            "\xc2g",
                            "\xe0\x9f\xbf",
                            "\xe2\x82",
                            "\xed\xa0\x80",
                            "\xf0\x8f\xbf\xbf",
                            "\xf4\x90\x80\x80",
                            "\xf5\x80\x80\x80",
                            "\xff"};
  for (const std::string_view text : kBad) EXPECT_EQ(character_size(text), 0U) << text.size();
}

TEST(Utf8, TheFirstBadCharacterIsFound) {
  constexpr auto kNowhere = std::string_view::npos;
  EXPECT_EQ(first_bad_character("a: é\t\r\n"), kNowhere);
  EXPECT_EQ(first_bad_character("\xef\xbb\xbf"
                                "a"),
            kNowhere);
  EXPECT_EQ(first_bad_character("a\xef\xbb\xbf"), 1U);
  EXPECT_EQ(first_bad_character("ab\xff"), 2U);
  EXPECT_EQ(first_bad_character(std::string_view("a\0", 2)), 1U);
  EXPECT_EQ(first_bad_character("a\x7f"), 1U);
  EXPECT_EQ(first_bad_character("a\x1b"), 1U);
}

}  // namespace
}  // namespace banyan::config
