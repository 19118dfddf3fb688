#include "proxy/control/admin_access.h"

#include <gtest/gtest.h>

namespace banyan::control {
namespace {

std::vector<std::string> problems_of(std::string_view text) {
  const auto tokens = Tokens::parse("tokens", text);
  return tokens ? std::vector<std::string>{} : tokens.error();
}

TEST(Tokens, AreReadWithCommentsBlanksAndLineEndsOfAnyKind) {
  const auto tokens = Tokens::parse(
      "tokens", "# who may\n\n ann  admin\tA-1 \r\nbot read b2\n  # end\nci operate c3");
  ASSERT_TRUE(tokens);
  ASSERT_EQ(tokens->size(), 3U);
  ASSERT_NE(tokens->find("A-1"), nullptr);
  EXPECT_EQ(tokens->find("A-1")->name, "ann");
  EXPECT_EQ(tokens->find("A-1")->role, AdminRole::admin);
  EXPECT_EQ(tokens->find("b2")->role, AdminRole::read);
  EXPECT_EQ(tokens->find("c3")->role, AdminRole::operate);
}

TEST(Tokens, NothingButTheWholeTokenIsOne) {
  const auto tokens = Tokens::parse("tokens", "ann admin secret\n");
  ASSERT_TRUE(tokens);
  for (const char* guess : {"", "s", "secre", "secrets", "secretsecret", "Secret", "ann"}) {
    EXPECT_EQ(tokens->find(guess), nullptr) << guess;
  }
}

TEST(Tokens, EveryProblemIsToldWithItsPlaceAndNoToken) {
  EXPECT_EQ(problems_of("ann admin\n"
                        "ann boss hidden-1\n"
                        "a b c d\n"
                        "ann admin hidden-2\n"
                        "bob read  hidden-2\n"
                        "b\xC3\xA4r read hidden-3\n"),
            (std::vector<std::string>{
                "tokens:1:1: error: expected NAME ROLE TOKEN",
                "tokens:2:5: error: a role is read, operate or admin",
                "tokens:3:1: error: expected NAME ROLE TOKEN",
                "tokens:5:11: error: this token stands in an earlier line, too",
                "tokens:6:1: error: a name is 1 to 63 printable ASCII characters",
            }));
}

TEST(Tokens, AFileWithoutOneIsRefused) {
  for (const char* text : {"", "\n", "# nothing\n"})
    EXPECT_EQ(problems_of(text).size(), 1U) << text;
  const auto missing = Tokens::load("/nonexistent/tokens");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().front(), "/nonexistent/tokens: error: No such file or directory");
}

TEST(Tokens, AFileWithoutAnEndIsRefusedAtTheLimit) {
  const auto endless = Tokens::load("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_NE(endless.error().front().find("larger than"), std::string::npos);
}

TEST(EqualInConstantTime, IsEquality) {
  const char* const table[] = {"", "a", "b", "ab", "aa", "aaa", "abab"};
  for (const char* a : table) {
    for (const char* b : table) {
      EXPECT_EQ(equal_in_constant_time(a, b), std::string_view(a) == b) << a << " " << b;
    }
  }
}

TEST(BearerToken, Rfc6750_2_1_IsBehindTheScheme) {
  EXPECT_EQ(bearer_token("Bearer x"), "x");
  EXPECT_EQ(bearer_token("bEARER  x"), "x");
  for (const char* other : {"", "Bearer", "Bearer ", "Basic x", "x"}) {
    EXPECT_FALSE(bearer_token(other)) << other;
  }
}

}  // namespace
}  // namespace banyan::control
