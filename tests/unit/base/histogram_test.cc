#include "base/histogram.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/seed.h"

namespace banyan {
namespace {

using std::chrono::microseconds;

TEST(Histogram, EachDurationLiesInItsBucket) {
  for (std::int64_t us : {0, 1, 15, 16, 31, 32, 33, 34, 63, 64, 65, 127, 128, 1'000, 999'999}) {
    const std::uint16_t index = Histogram::index_of(microseconds(us));
    EXPECT_LE(Histogram::lower_end(index).count(), us) << us;
    EXPECT_GT(Histogram::lower_end(static_cast<std::uint16_t>(index + 1)).count(), us) << us;
  }
}

TEST(Histogram, BucketsFollowEachOtherWithoutAGapAndAreNarrow) {
  for (std::uint16_t i = 0; i < kHistogramBuckets; ++i) {
    const auto low = Histogram::lower_end(i);
    const auto high = Histogram::lower_end(static_cast<std::uint16_t>(i + 1));
    EXPECT_EQ(Histogram::index_of(low), i);
    EXPECT_EQ(Histogram::index_of(high - microseconds(1)), i);
    if (i >= 32) {
      EXPECT_LE((high - low).count() * 16, low.count());
    }
  }
}

TEST(Histogram, WhatIsOutsideCountsAtTheEnds) {
  EXPECT_EQ(Histogram::index_of(microseconds(-1)), 0);
  EXPECT_EQ(Histogram::index_of(microseconds::max()), kHistogramBuckets - 1);
  Histogram histogram;
  histogram.add_to(kHistogramBuckets, 1);
  EXPECT_TRUE(histogram.empty());
}

TEST(Histogram, WithoutCountsThereIsNoQuantile) {
  EXPECT_FALSE(Histogram().quantile(0.5).has_value());
}

TEST(Histogram, QuantilesAreNearTheTrueOnes) {
  Histogram histogram;
  for (int us = 1; us <= 100'000; ++us) histogram.add(microseconds(us));
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double told = static_cast<double>(histogram.quantile(share)->count());
    EXPECT_NEAR(told, share * 100'000, share * 100'000 * 0.04) << share;
  }
  EXPECT_EQ(histogram.quantile(0)->count(), 1);
}

TEST(Histogram, SumsAreTheSameInAnyOrder) {
  std::mt19937_64 random = test::seeded_random();
  Histogram all, odd, even;
  for (int i = 0; i < 10'000; ++i) {
    const microseconds us(static_cast<std::int64_t>(random() >> (random() % 64)));
    all.add(us);
    (i % 2 == 0 ? even : odd).add(us);
  }
  Histogram one = odd, other = even;
  one.add(even);
  other.add(odd);
  EXPECT_EQ(one, all);
  EXPECT_EQ(other, all);
  EXPECT_EQ(all.count(), 10'000U);
}

}  // namespace
}  // namespace banyan
