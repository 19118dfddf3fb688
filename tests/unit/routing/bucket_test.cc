#include "routing/bucket.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/stable_hash.h"
#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

std::string random_key(std::mt19937_64& random) {
  std::string key(1 + random() % 40, '\0');
  for (char& c : key) c = static_cast<char>(random());
  return key;
}

TEST(Bucket, MatchesFlagdVectors) {
  EXPECT_EQ(bucket_of("headerColor", "rachel@faas.com", 100), 42U);
  EXPECT_EQ(bucket_of("headerColor", "monica@faas.com", 100), 77U);
  EXPECT_EQ(bucket_of("headerColor", "joey@faas.com", 100), 7U);
  EXPECT_EQ(bucket_of("headerColor", "ross@faas.com", 100), 37U);
}

TEST(Bucket, IsTheHashOfFlagAndKeyInOneRun) {
  const std::uint64_t hash = murmur3_x86_32("orders42", 0);
  EXPECT_EQ(bucket_of("orders", "42"), hash * 100'000 >> 32U);
  EXPECT_EQ(bucket_of("orders4", "2"), bucket_of("orders", "42"));
}

TEST(Bucket, StaysBelowTheTotalWeight) {
  std::mt19937_64 random = test::seeded_random();
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = random_key(random);
    EXPECT_LT(bucket_of("f", key), kBuckets);
    EXPECT_LT(bucket_of("f", key, 3), 3U);
    EXPECT_EQ(bucket_of("f", key, 1), 0U);
  }
}

TEST(Bucket, AKeyStaysWhereItIs) {
  std::mt19937_64 random = test::seeded_random();
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = random_key(random);
    EXPECT_EQ(bucket_of("orders", key), bucket_of(std::string("orders"), std::string(key)));
  }
}

TEST(Bucket, AGrowingShareOnlyEverMovesKeysToTheMonolith) {
  std::mt19937_64 random = test::seeded_random();
  const std::uint32_t ramp[] = {0, 1, 10, 1'000, 5'000, 25'000, 50'000, 99'999, 100'000};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint32_t bucket = bucket_of("orders", random_key(random));
    Arm before = Arm::legacy;
    for (const std::uint32_t share : ramp) {
      const Arm now = arm_of(bucket, Share{share});
      EXPECT_FALSE(before == Arm::monolith && now == Arm::legacy) << bucket << " at " << share;
      before = now;
    }
    EXPECT_EQ(arm_of(bucket, kNobody), Arm::legacy);
    EXPECT_EQ(arm_of(bucket, kEverybody), Arm::monolith);
  }
}

TEST(Bucket, TheMonolithTakesTheLowEnd) {
  EXPECT_EQ(arm_of(0, Share{1}), Arm::monolith);
  EXPECT_EQ(arm_of(1, Share{1}), Arm::legacy);
  EXPECT_EQ(arm_of(99'998, Share{99'999}), Arm::monolith);
  EXPECT_EQ(arm_of(99'999, Share{99'999}), Arm::legacy);
}

// Six standard deviations of a binomial distribution: wrong once in 500 million runs.
TEST(Bucket, SharesOfKeysAreWithinStatisticalBounds) {
  std::mt19937_64 random = test::seeded_random();
  constexpr int kKeys = 100'000;
  for (const std::uint32_t share : {1'000U, 5'000U, 25'000U, 50'000U, 75'000U}) {
    int monolith = 0;
    const std::uint64_t first = random();
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = "user-" + std::to_string(first + static_cast<std::uint64_t>(i));
      if (arm_of(bucket_of("orders", key), Share{share}) == Arm::monolith) ++monolith;
    }
    const double p = share / 100'000.0;
    EXPECT_NEAR(monolith, kKeys * p, 6 * std::sqrt(kKeys * p * (1 - p))) << share;
  }
}

TEST(Bucket, TwoFlagsChooseTheirKeysIndependently) {
  std::mt19937_64 random = test::seeded_random();
  constexpr int kKeys = 100'000;
  int both = 0;
  const std::uint64_t first = random();
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = std::to_string(first + static_cast<std::uint64_t>(i));
    if (bucket_of("orders", key) < 10'000 && bucket_of("carts", key) < 10'000) ++both;
  }
  EXPECT_NEAR(both, kKeys * 0.01, 6 * std::sqrt(kKeys * 0.01 * 0.99));
}

}  // namespace
}  // namespace banyan::routing
