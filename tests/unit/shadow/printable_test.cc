#include "shadow/printable.h"

#include <gtest/gtest.h>

#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

using namespace std::string_literals;

TEST(Printable, KeepsText) {
  for (const std::string_view text :
       {"", "plain", "tr\u00e4ge \u65e5\u672c \U0001F600", "a\\b\"c'"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, WritesOutWhatATerminalWouldActOn) {
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  EXPECT_EQ(printable("\0\x7f"s), "\\x00\\x7f");
  EXPECT_EQ(printable("\u009b31m"), "\\u{9b}31m");          // C1: CSI in one character
  EXPECT_EQ(printable("abc\u202ecba"), "abc\\u{202e}cba");  // right-to-left override
  EXPECT_EQ(printable("\u2028\u200b\ufeff"), "\\u{2028}\\u{200b}\\u{feff}");
}

TEST(Printable, WritesOutBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xff\xfe"), "a\\xff\\xfe");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");  // cut off
}

TEST(Printable, AnyBytesComeOutWithoutControlsAndStayThatWay) {
  std::mt19937_64 random = banyan::test::seeded_random();
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string shown = printable(bytes);
    for (const char c : shown) {
      ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) << shown;
    }
    ASSERT_EQ(printable(shown), shown);
  }
}

TEST(Cut, LeavesWhatFits) {
  std::string text = "12345";
  cut(text, 5);
  EXPECT_EQ(text, "12345");
}

TEST(Cut, EndsBetweenTwoCharactersWithinTheLimit) {
  const std::string all = "ab\u00e4\u65e5\U0001F600cdefgh";
  for (std::size_t max = 3; max < all.size(); ++max) {
    std::string text = all;
    cut(text, max);
    EXPECT_LE(text.size(), max);
    EXPECT_TRUE(text.ends_with("\u2026"));
    EXPECT_EQ(printable(text), text) << max;
  }
}

}  // namespace
}  // namespace banyan::shadow
