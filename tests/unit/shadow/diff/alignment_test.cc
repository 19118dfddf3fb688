#include "shadow/diff/alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

using Numbers = std::vector<std::uint64_t>;

std::uint32_t alike(std::uint32_t, std::uint32_t) { return 1; }

Alignment aligned(const Numbers& left, const Numbers& right) {
  std::uint32_t cells = kCellsMax;
  return align(left, right, alike, cells);
}

std::size_t equal_pairs(const Alignment& alignment, const Numbers& left, const Numbers& right) {
  return static_cast<std::size_t>(
      std::count_if(alignment.pairs.begin(), alignment.pairs.end(),
                    [&](const AlignedPair& p) { return left[p.left] == right[p.right]; }));
}

// By dynamic programming.
std::size_t longest_common(const Numbers& left, const Numbers& right) {
  std::vector<std::vector<std::size_t>> best(left.size() + 1,
                                             std::vector<std::size_t>(right.size() + 1));
  for (std::size_t i = left.size(); i-- > 0;) {
    for (std::size_t j = right.size(); j-- > 0;) {
      best[i][j] =
          left[i] == right[j] ? best[i + 1][j + 1] + 1 : std::max(best[i + 1][j], best[i][j + 1]);
    }
  }
  return best[0][0];
}

void expect_ascending(const Alignment& alignment, const Numbers& left, const Numbers& right) {
  for (std::size_t i = 0; i < alignment.pairs.size(); ++i) {
    const AlignedPair& pair = alignment.pairs[i];
    ASSERT_LT(pair.left, left.size());
    ASSERT_LT(pair.right, right.size());
    if (i == 0) continue;
    ASSERT_LT(alignment.pairs[i - 1].left, pair.left);
    ASSERT_LT(alignment.pairs[i - 1].right, pair.right);
  }
}

TEST(Alignment, IsALongestCommonSubsequenceAndTheSameFromBothSides) {
  std::mt19937_64 random = banyan::test::seeded_random();
  for (int round = 0; round < 3'000; ++round) {
    Numbers sides[2];
    const std::uint64_t letters = 1 + random() % 8;
    for (Numbers& side : sides) {
      for (std::uint64_t n = random() % 12; n > 0; --n) side.push_back(random() % letters);
    }
    const Alignment there = aligned(sides[0], sides[1]);
    expect_ascending(there, sides[0], sides[1]);
    // Some are paired by chance as well, where as many are left here as there.
    ASSERT_GE(equal_pairs(there, sides[0], sides[1]), longest_common(sides[0], sides[1]));
    const Alignment back = aligned(sides[1], sides[0]);
    ASSERT_EQ(there.pairs.size(), back.pairs.size());
    for (std::size_t i = 0; i < there.pairs.size(); ++i) {
      ASSERT_EQ(there.pairs[i].left, back.pairs[i].right);
      ASSERT_EQ(there.pairs[i].right, back.pairs[i].left);
    }
  }
}

TEST(Alignment, OneInsertedElementOfManyIsOne) {
  Numbers left(100'000);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i % 1'000;
  Numbers right = left;
  right.insert(right.begin() + 41'234, 5'000);
  const Alignment alignment = aligned(left, right);
  EXPECT_EQ(alignment.pairs.size(), left.size());
  EXPECT_EQ(equal_pairs(alignment, left, right), left.size());
}

TEST(Alignment, BeyondTheBoundElementsThatOccurOnceStillAlign) {
  std::mt19937_64 random = banyan::test::seeded_random();
  Numbers left;
  Numbers right;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    if (random() % 3 != 0) left.push_back(i);
    if (random() % 3 != 0) right.push_back(i);
    if (random() % 2 != 0) left.push_back(1U << 20U);
    if (random() % 2 != 0) right.push_back(1U << 20U);
  }
  const Alignment alignment = aligned(left, right);
  expect_ascending(alignment, left, right);
  EXPECT_GT(equal_pairs(alignment, left, right), 20'000U);
}

TEST(Alignment, HostileListsEnd) {
  const Numbers ones(200'000, 1);
  Numbers other(150'000);
  for (std::size_t i = 0; i < other.size(); ++i) other[i] = i % 2;
  expect_ascending(aligned(ones, other), ones, other);
  Numbers shuffled = other;
  std::mt19937_64 random = banyan::test::seeded_random();
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  expect_ascending(aligned(shuffled, other), shuffled, other);
}

TEST(Alignment, ListsInAnyOrderPairWhatIsEqualThenWhatIsAlike) {
  std::uint32_t cells = kCellsMax;
  const auto never = [](std::uint32_t, std::uint32_t) { return 0U; };
  EXPECT_EQ(match(Numbers{1, 2, 2, 3}, Numbers{2, 3, 2, 4}, never, cells).size(), 3U);
  const auto last = [](std::uint32_t l, std::uint32_t r) { return l == 1 && r == 0 ? 90U : 1U; };
  const auto pairs = match(Numbers{1, 2}, Numbers{3, 4}, last, cells);
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].left, 1U);
  EXPECT_EQ(pairs[0].right, 0U);
}

}  // namespace
}  // namespace banyan::shadow
