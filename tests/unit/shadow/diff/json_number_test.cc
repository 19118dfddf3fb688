#include "shadow/diff/json_number.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

TEST(JsonNumber, Rfc8259Section6Grammar) {
  for (const char* text : {"0", "-0", "1", "10", "1.0", "0.10", "1e0", "1E+5", "1e-05", "-12.5e10",
                           "123456789012345678901234567890"}) {
    EXPECT_TRUE(is_json_number(text)) << text;
  }
  for (const char* text : {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1e1.5", "0x1",
                           "1 ", " 1", "1a", "NaN", "Infinity", "1e+-1", "--1"}) {
    EXPECT_FALSE(is_json_number(text)) << text;
  }
}

// Each row: all of them are one value, and no other row's.
const std::vector<std::vector<std::string>> kValues{
    {"0", "-0", "0.0", "0e5", "-0.000e-99999999999999999999"},
    {"1", "1.0", "1e0", "10e-1", "0.1e1", "1E+0", "1.000"},
    {"-1", "-1.0", "-10e-1"},
    {"10", "1e1", "1.0e+01", "100e-1", "0.001e4"},
    {"0.1", "1e-1", "0.10", "10e-2"},
    {"1.5", "15e-1", "0.15e1"},
    {"123456789012345678901234567890", "1.2345678901234567890123456789e29",
     "12345678901234567890123456789e1"},
    {"123456789012345678901234567891"},
    {"9007199254740993"},
    {"9007199254740992"},
    {"0.1000000000000000055511151231257827021181583404541015625"},
    {"1e400", "10e399", "0.01e402"},
    {"1e-400", "0.1e-399"},
    {"1e1000000000000000000", "10e999999999999999999", "0.1e1000000000000000001"},
    {"1e-1000000000000000000", "0.1e-999999999999999999", "10e-1000000000000000001"},
    {"1e99999999999999999999999999", "10e99999999999999999999999998",
     "0.01e100000000000000000000000001", "1e+00099999999999999999999999999"},
    {"1e-99999999999999999999999999", "100e-100000000000000000000000001"},
    {"1e18446744073709551616"},
    {"1e18446744073709551617"},
    {"100000000000000000000000000000000000000000001",
     "100000000000000000000000000000000000000000001.0"},
    {"100000000000000000000000000000000000000000010"},
};

TEST(JsonNumber, IsEqualByExactDecimalValue) {
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    for (std::size_t j = 0; j < kValues.size(); ++j) {
      for (const std::string& a : kValues[i]) {
        for (const std::string& b : kValues[j])
          EXPECT_EQ(equal_numbers(a, b), i == j) << a << ' ' << b;
      }
    }
  }
}

TEST(JsonNumber, AHugeOneCostsNoMoreThanItsText) {
  const std::string digits(1'000'000, '7');
  EXPECT_TRUE(equal_numbers(digits, digits + ".0"));
  EXPECT_FALSE(equal_numbers(digits, digits.substr(1)));
  EXPECT_TRUE(equal_numbers("1e" + digits, "10e" + digits.substr(0, digits.size() - 1) + "6"));
  EXPECT_FALSE(equal_numbers("1e" + digits, "1e" + digits + "0"));
}

TEST(JsonNumber, MovingThePointAndTheExponentChangesNothing) {
  std::mt19937_64 random = banyan::test::seeded_random();
  for (int i = 0; i < 5'000; ++i) {
    std::string digits = std::to_string(random() % 1'000'000'000 + 1);
    const auto exponent = static_cast<long>(random() % 2'000) - 1'000;
    const std::string plain = digits + "e" + std::to_string(exponent);
    const std::size_t point = 1 + random() % digits.size();
    const auto behind = static_cast<long>(digits.size() - point);
    std::string moved = digits.substr(0, point);
    if (behind > 0) moved += "." + digits.substr(point);
    moved += "e" + std::to_string(exponent + behind);
    ASSERT_TRUE(equal_numbers(plain, moved)) << plain << ' ' << moved;
    digits[random() % digits.size()] ^= 1;
    const std::string other = digits + "e" + std::to_string(exponent);
    if (!is_json_number(other)) continue;
    ASSERT_FALSE(equal_numbers(plain, other)) << plain << ' ' << other;
    ASSERT_FALSE(equal_numbers(moved, other)) << moved << ' ' << other;
  }
}

}  // namespace
}  // namespace banyan::shadow
