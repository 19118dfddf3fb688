#include "routing/guard/key_set.h"

#include <gtest/gtest.h>

namespace banyan::routing::guard {
namespace {

TEST(KeySet, AKeyIsNewOnceInAWindow) {
  KeySet keys;
  EXPECT_TRUE(keys.insert(7, 1));
  EXPECT_FALSE(keys.insert(7, 1));
  EXPECT_TRUE(keys.insert(8, 1));
  EXPECT_TRUE(keys.insert(7, 2));
  EXPECT_FALSE(keys.insert(7, 2));
}

TEST(KeySet, TheHashZeroIsAKeyToo) {
  KeySet keys;
  EXPECT_TRUE(keys.insert(0, 1));
  EXPECT_FALSE(keys.insert(0, 1));
}

TEST(KeySet, KeysThatShareASlotAreTwo) {
  KeySet keys;
  EXPECT_TRUE(keys.insert(5, 1));
  EXPECT_TRUE(keys.insert(5 + 2 * KeySet::kKeysMax, 1));
  EXPECT_FALSE(keys.insert(5, 1));
  EXPECT_FALSE(keys.insert(5 + 2 * KeySet::kKeysMax, 1));
}

TEST(KeySet, BeyondItsBoundKeysThatItKnowsStayKnownAndOthersCountEachTime) {
  KeySet keys;
  for (std::uint32_t i = 1; i <= KeySet::kKeysMax; ++i) ASSERT_TRUE(keys.insert(i, 1)) << i;
  EXPECT_FALSE(keys.insert(1, 1));
  EXPECT_FALSE(keys.insert(KeySet::kKeysMax, 1));
  EXPECT_TRUE(keys.insert(1'000'000, 1));
  EXPECT_TRUE(keys.insert(1'000'000, 1));
}

}  // namespace
}  // namespace banyan::routing::guard
