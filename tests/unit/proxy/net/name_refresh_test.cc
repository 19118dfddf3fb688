#include "proxy/net/name_refresh.h"

#include <gtest/gtest.h>

namespace banyan::net {
namespace {

TEST(NameRefresh, FollowsTheTtlWithinBounds) {
  EXPECT_EQ(refresh_after_answer(Milliseconds(30'000)), Milliseconds(30'000));
  EXPECT_EQ(refresh_after_answer(Milliseconds(1)), kRefreshMin);
  EXPECT_EQ(refresh_after_answer(Milliseconds(86'400'000)), kRefreshMax);
}

TEST(NameRefresh, WithoutATtlIsEveryFiveSeconds) {
  EXPECT_EQ(refresh_after_answer(Milliseconds(0)), Milliseconds(5'000));
}

TEST(NameRefresh, AfterFailuresDoublesToThirtySeconds) {
  const int seconds[] = {1, 2, 4, 8, 16, 30, 30};
  for (std::uint32_t i = 0; i < 7; ++i) {
    EXPECT_EQ(refresh_after_failure(i + 1), Milliseconds(seconds[i] * 1'000));
  }
  EXPECT_EQ(refresh_after_failure(0xffffffffU), kFailedMax);
}

}  // namespace
}  // namespace banyan::net
