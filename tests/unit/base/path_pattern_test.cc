#include "base/path_pattern.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/allocation_count.h"
#include "tests/support/seed.h"

namespace banyan {
namespace {

PathPattern pattern_of(std::string_view text) {
  PathPattern pattern;
  PathPattern::ParseError error;
  EXPECT_TRUE(PathPattern::parse(text, pattern, error)) << text << ": " << error.message;
  return pattern;
}

bool matches(std::string_view pattern, std::string_view path) {
  return pattern_of(pattern).matches(path);
}

struct Case {
  std::string_view pattern;
  std::string_view path;
  bool matches;
};

class Match : public testing::TestWithParam<Case> {};

TEST_P(Match, IsAsTheGrammarSays) {
  EXPECT_EQ(matches(GetParam().pattern, GetParam().path), GetParam().matches)
      << GetParam().pattern << " on " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    MembersAndIndices, Match,
    testing::Values(Case{"$", "$", true}, Case{"$", "$.a[0]", true}, Case{"$.a", "$.a", true},
                    Case{"$.a", "$.a.b", true}, Case{"$.a", "$.a[3]", true},
                    Case{"$.a", "$", false}, Case{"$.a", "$.ab", false}, Case{"$.ab", "$.a", false},
                    Case{"$.a", "$.A", false}, Case{"$.a.b", "$.a.c", false},
                    Case{"$[0]", "$[0]", true}, Case{"$[0]", "$[1]", false},
                    Case{"$[1]", "$[10]", false}, Case{"$[10]", "$[1]", false},
                    Case{"$[0]", "$['0']", false}, Case{"$['0']", "$[0]", false},
                    Case{"$.dist-tags.latest", "$.dist-tags.latest", true},
                    Case{"$.$ref", "$.$ref", true}, Case{"$.@id", "$.@id", true}));

INSTANTIATE_TEST_SUITE_P(
    Wildcards, Match,
    testing::Values(Case{"$.a[*].b", "$.a[0].b", true}, Case{"$.a[*].b", "$.a[12].b.c", true},
                    Case{"$.a[*].b", "$.a.x.b", false}, Case{"$.a[*]", "$.a", false},
                    Case{"$[*]", "$['[0]']", false}, Case{"$.*", "$.a", true},
                    Case{"$.*", "$['a b']", true}, Case{"$.*", "$", false},
                    Case{"$.*", "$[0]", false}, Case{"$.*.id", "$.x.id", true},
                    Case{"$.*.id", "$.id", false}, Case{"$.**", "$", true},
                    Case{"$.**", "$.a[0]", true}, Case{"$.**.id", "$.id", true},
                    Case{"$.**.id", "$.a[0].b.id", true}, Case{"$.**.id", "$.a[0].b", false},
                    Case{"$.**.id", "$.a.id.b", true}, Case{"$.**.id", "$.a.ids", false},
                    Case{"$.a.**.b.c", "$.a.b.b.c", true}, Case{"$.a.**.b.c", "$.a.b.c", true},
                    Case{"$.a.**.b.c", "$.a.b.x.c", false}, Case{"$.**.a.**.b", "$.x.a.y.b", true},
                    Case{"$.**.a.**.b", "$.b.a", false}, Case{"$.**[*].id", "$.a[1].id", true},
                    Case{"$.**[*].id", "$.a.id", false}, Case{"$.**.**", "$", true}));

INSTANTIATE_TEST_SUITE_P(
    QuotedNames, Match,
    testing::Values(
        Case{"$.time['1.0.0']", "$.time['1.0.0']", true},
        Case{"$.time['1.0.0']", "$.time['1.0.0'].x", true},
        Case{"$.time['1.0']", "$.time['1.0.0']", false}, Case{"$['a[0]']", "$['a[0]']", true},
        Case{"$['a[0]']", "$.a[0]", false}, Case{R"($['it\'s'])", R"($['it\'s'])", true},
        Case{R"($['back\\slash'])", R"($['back\\slash'])", true},
        Case{"$['plain']", "$.plain", true}, Case{R"($['\'\\'].z)", R"($['\'\\'].z)", true},
        Case{"$['']", "$['']", true}, Case{"$['*']", "$['*']", true}, Case{"$['*']", "$.a", false},
        Case{"$['a\"b']", "$['a\"b']", true}, Case{"$['\xC3\xBC']", "$['\xC3\xBC']", true},
        Case{"$.**.x", R"($['\'].x[\''].x)", true}, Case{"$.**.y", R"($['.y'])", false}));

INSTANTIATE_TEST_SUITE_P(
    OutsideTheBody, Match,
    testing::Values(Case{"header:X-Request-Id", "header:x-request-id", true},
                    Case{"header:set-cookie", "header:set-cookie[a]", true},
                    Case{"header:set-cookie", "header:set-cookie[a].path", true},
                    Case{"header:Set-Cookie[Ab]", "header:set-cookie[Ab].path", true},
                    Case{"header:set-cookie[a]", "header:set-cookie[b]", false},
                    Case{"header:set-cookie[a].path", "header:set-cookie[a]", false},
                    Case{"body", "body[3]", true}, Case{"body", "body3", false},
                    Case{"trailer:X-Sum", "trailer:x-sum", true},
                    Case{"trailer:x", "header:x", false}, Case{"header:x", "trailer:x", false},
                    Case{"header:x", "header:x-y", false}, Case{"header:x-y", "header:x", false},
                    Case{"status", "status", true}, Case{"status", "$.status", false},
                    Case{"status", "statuses", false}, Case{"body", "body", true},
                    Case{"$", "status", false}, Case{"$", "header:x", false},
                    Case{"$.**", "body", false}));

TEST(PathPattern, BrokenPathsAreOnlyNotMatched) {
  for (const char* path :
       {"", "$[", "$['", "$['a", "$['a'", "$['a'x]", "$.", "$a", "$['a\\", "$]"}) {
    EXPECT_FALSE(matches("$.zz", path)) << path;
    EXPECT_FALSE(matches("$.**.zz", path)) << path;
    EXPECT_FALSE(matches("$[7]", path)) << path;
  }
}

TEST(PathPattern, ADefaultOneMatchesNothing) {
  EXPECT_FALSE(PathPattern().matches("$"));
  EXPECT_FALSE(PathPattern().matches(""));
}

struct Wrong {
  std::string_view text;
  std::size_t at;
  std::string_view said;
};

TEST(PathPattern, SaysWhatIsWrongAndWhere) {
  const Wrong wrongs[] = {
      {"", 0, "must begin"},
      {"a.b", 0, "must begin"},
      {" $.a", 0, "must begin"},
      {"statu", 0, "must begin"},
      {"status.x", 0, "must begin"},
      {"$a", 1, "expected . or ["},
      {"$.a b", 3, "expected . or ["},
      {"$.", 2, "member name"},
      {"$..a", 2, "member name"},
      {"$.1a", 2, "['like this']"},
      {"$.-a", 2, "member name"},
      {"$.\xC3\xBC", 2, "['like this']"},
      {"$.***", 4, "expected . or ["},
      {"$[", 2, "index"},
      {"$[]", 2, "index"},
      {"$[-1]", 2, "index"},
      {"$[a]", 2, "index"},
      {"$[\"a\"]", 2, "single quotes"},
      {"$[1", 3, "expected ]"},
      {"$[1a]", 3, "expected ]"},
      {"$[01]", 2, "leading zeros"},
      {"$[*", 2, "index"},
      {"$['a", 4, "closing"},
      {"$['a'", 4, "expected ]"},
      {"$['a'b']", 4, "expected ]"},
      {"$['a\\", 5, "backslash"},
      {"$['a\\n']", 5, "backslash"},
      {"header:", 7, "name"},
      {"trailer:", 8, "name"},
      {"trailer:a b", 9, "no header name"},
      {"header:a b", 8, "no header name"},
      {"header:a:", 8, "no header name"},
      {"header:a[b]", 8, "only set-cookie"},
      {"header:set-cookie[b", 17, "closing ]"},
  };
  for (const Wrong& wrong : wrongs) {
    PathPattern pattern = pattern_of("$.kept");
    PathPattern::ParseError error;
    EXPECT_FALSE(PathPattern::parse(wrong.text, pattern, error)) << wrong.text;
    EXPECT_EQ(error.at, wrong.at) << wrong.text << ": " << error.message;
    EXPECT_NE(error.message.find(wrong.said), std::string::npos)
        << wrong.text << ": " << error.message;
    EXPECT_EQ(pattern.text(), "$.kept");
    EXPECT_TRUE(pattern.matches("$.kept"));
  }
}

TEST(PathPattern, KeepsItsText) {
  EXPECT_EQ(pattern_of("header:X-Id").text(), "header:X-Id");
  EXPECT_EQ(pattern_of("$['a'].b").text(), "$['a'].b");
}

TEST(PathPattern, StepsAreBounded) {
  std::string text = "$";
  for (std::size_t i = 0; i < PathPattern::kStepsMax; ++i) text += ".a";
  EXPECT_TRUE(matches(text, text));
  PathPattern pattern;
  PathPattern::ParseError error;
  EXPECT_FALSE(PathPattern::parse(text + ".a", pattern, error));
  EXPECT_NE(error.message.find("too many"), std::string::npos);
}

TEST(PathPattern, ManyWildcardsOnADeepPathStayCheap) {
  std::string text = "$";
  for (int i = 0; i < 30; ++i) text += ".**.a";
  std::string path = "$";
  for (int i = 0; i < 1'000; ++i) path += ".a";
  EXPECT_TRUE(matches(text, path));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(matches(text + ".z", path));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(PathPattern, MatchingAllocatesNothing) {
  const PathPattern pattern = pattern_of("$.**.versions[*]['a.b c d e f g h i j k l m n o p'].x");
  const std::string path = "$.a.b.versions[123456]['a.b c d e f g h i j k l m n o p'].x.y";
  bool matched = false;
  EXPECT_EQ(test::allocations_of([&] { matched = pattern.matches(path); }), 0U);
  EXPECT_TRUE(matched);
}

std::string member(std::string_view name) {
  std::string path = "$";
  append_member(path, name);
  return path;
}

TEST(AppendMember, QuotesWhatIsNotPlain) {
  EXPECT_EQ(member("a"), "$.a");
  EXPECT_EQ(member("_a-1$@"), "$._a-1$@");
  EXPECT_EQ(member("1.0.0"), "$['1.0.0']");
  EXPECT_EQ(member(""), "$['']");
  EXPECT_EQ(member("1"), "$['1']");
  EXPECT_EQ(member("-a"), "$['-a']");
  EXPECT_EQ(member("*"), "$['*']");
  EXPECT_EQ(member("a b"), "$['a b']");
  EXPECT_EQ(member(R"(it's \ ok)"), R"($['it\'s \\ ok'])");
}

TEST(AppendMember, EveryNameIsAPatternOfItselfAndOfNoOther) {
  std::mt19937_64 random = test::seeded_random();
  constexpr std::string_view kAlphabet = "ab'\\[].*$\"1 ";
  const auto name = [&] {
    std::string text;
    for (auto n = random() % 6; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    return text;
  };
  for (int i = 0; i < 5'000; ++i) {
    const std::string a = name();
    const std::string b = name();
    EXPECT_TRUE(matches(member(a), member(a))) << a;
    EXPECT_TRUE(matches(member(a), member(a) + "[0].x")) << a;
    EXPECT_TRUE(matches("$.*.x", member(a) + ".x")) << a;
    EXPECT_EQ(matches(member(a), member(b)), a == b) << a << " and " << b;
  }
}

}  // namespace
}  // namespace banyan
