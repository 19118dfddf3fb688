#include "shadow/recent_writes.h"

#include <gtest/gtest.h>

#include <memory>

namespace banyan::shadow {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{5000s};

TEST(RecentWrites, AreRememberedForAWhile) {
  const auto writes = std::make_unique<RecentWrites>();
  EXPECT_FALSE(writes->has(7, kStart));
  writes->note(7, kStart);
  EXPECT_TRUE(writes->has(7, kStart));
  EXPECT_TRUE(writes->has(7, kStart + 60s));
  EXPECT_FALSE(writes->has(7, kStart + 61s));
  EXPECT_FALSE(writes->has(8, kStart));
}

TEST(RecentWrites, AnotherKeyInTheSameSlotTakesItOver) {
  const auto writes = std::make_unique<RecentWrites>();
  constexpr std::uint32_t kApart = 1U << 20U;
  writes->note(7, kStart);
  EXPECT_FALSE(writes->has(7 + kApart, kStart));
  writes->note(7 + kApart, kStart);
  EXPECT_FALSE(writes->has(7, kStart));
  EXPECT_TRUE(writes->has(7 + kApart, kStart));
}

TEST(RecentWrites, AKeyWhoseHashIsNothingIsAKeyToo) {
  const auto writes = std::make_unique<RecentWrites>();
  EXPECT_FALSE(writes->has(0, SteadyTime{}));
  writes->note(0, SteadyTime{});
  EXPECT_TRUE(writes->has(0, SteadyTime{}));
}

// A reader may have taken its time before the writer's.
TEST(RecentWrites, AWriteThatCameAMomentLaterCounts) {
  const auto writes = std::make_unique<RecentWrites>();
  writes->note(7, kStart + 1s);
  EXPECT_TRUE(writes->has(7, kStart));
}

}  // namespace
}  // namespace banyan::shadow
