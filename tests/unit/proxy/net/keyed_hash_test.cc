#include "proxy/net/keyed_hash.h"

#include <gtest/gtest.h>

namespace banyan::net {
namespace {

TEST(KeyedHash, Rfc4231_4_TestCases) {
  EXPECT_EQ(keyed_hash(std::string(20, '\x0b'), "Hi There"), 0xb0344c61d8db3853U);
  EXPECT_EQ(keyed_hash("Jefe", "what do ya want for nothing?"), 0x5bdcc146bf60754eU);
}

TEST(KeyedHash, IsAnotherWithAnotherKey) {
  const auto a = random_key(), b = random_key();
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->size(), kHashKeyBytes);
  EXPECT_NE(*a, *b);
  EXPECT_NE(keyed_hash(*a, "1"), keyed_hash(*b, "1"));
  EXPECT_EQ(keyed_hash(*a, "1"), keyed_hash(*a, "1"));
}

}  // namespace
}  // namespace banyan::net
