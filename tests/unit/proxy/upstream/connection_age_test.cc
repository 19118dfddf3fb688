#include "proxy/upstream/connection_age.h"

#include <gtest/gtest.h>

namespace banyan::upstream {
namespace {

TEST(ConnectionAge, LiesWithinTenPercent) {
  const Milliseconds age(600'000);
  EXPECT_EQ(jittered_age(age, 0), Milliseconds(540'000));
  EXPECT_EQ(jittered_age(age, 0x80000000U), age);
  EXPECT_EQ(jittered_age(age, 0xffffffffU), Milliseconds(659'999));
}

TEST(ConnectionAge, IsSpreadEvenly) {
  for (std::uint32_t part = 0; part < 16; ++part) {
    EXPECT_EQ(jittered_age(Milliseconds(160), part << 28U), Milliseconds(144 + 2 * part));
  }
}

TEST(ConnectionAge, OfADayDoesNotOverflow) {
  const Milliseconds day(86'400'000);
  EXPECT_EQ(jittered_age(day, 0xffffffffU), Milliseconds(95'039'999));
}

TEST(ConnectionAge, OfAMillisecondIsAMillisecond) {
  EXPECT_EQ(jittered_age(Milliseconds(1), 0xffffffffU), Milliseconds(1));
}

}  // namespace
}  // namespace banyan::upstream
