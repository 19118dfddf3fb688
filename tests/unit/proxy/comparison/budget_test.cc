#include "proxy/comparison/budget.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

namespace banyan::comparison {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

TEST(Reservation, KeepsToEachOfTheThreeBounds) {
  struct Row {
    Reservation::Bounds bounds;
    bool fits;
  };
  for (const Row& row : {Row{{10, 10, 10}, true}, Row{{9, 10, 10}, false}, Row{{10, 9, 10}, false},
                         Row{{10, 10, 9}, false}}) {
    Ledger migration;
    Ledger process;
    Reservation reservation(migration, process, row.bounds);
    EXPECT_EQ(reservation.grow(10), row.fits);
    EXPECT_EQ(migration.bytes, row.fits ? 10U : 0U);
    EXPECT_EQ(process.bytes, row.fits ? 10U : 0U);
  }
}

TEST(Reservation, GivesBackWhatItHeldAndOnce) {
  Ledger migration;
  Ledger process;
  {
    Reservation a(migration, process, {100, 100, 100});
    EXPECT_TRUE(a.grow(30));
    EXPECT_TRUE(a.grow(30));
    EXPECT_FALSE(a.grow(41));
    Reservation b = std::move(a);
    EXPECT_EQ(migration.bytes, 60U);
    b.give_back();
    b.give_back();
    EXPECT_EQ(migration.bytes, 0U);
    EXPECT_TRUE(b.grow(100));
    Reservation c(migration, process, {100, 1'000, 1'000});
    EXPECT_TRUE(c.grow(50));
    c = std::move(b);
    EXPECT_EQ(process.bytes, 100U);
  }
  EXPECT_EQ(migration.bytes, 0U);
  EXPECT_EQ(process.bytes, 0U);
}

// A peer's Content-Length may be any number.
TEST(Reservation, ANumberThatWouldWrapAroundDoesNotFit) {
  Ledger migration;
  Ledger process;
  Reservation reservation(migration, process, {100, 1'000, 1'000});
  ASSERT_TRUE(reservation.grow(50));
  for (const std::uint64_t n : {kHuge, kHuge - 10, kHuge - 49, kHuge - 50, kHuge / 2}) {
    EXPECT_FALSE(reservation.grow(n)) << n;
  }
  EXPECT_EQ(migration.bytes, 50U);
  EXPECT_EQ(process.bytes, 50U);
}

TEST(Reservation, WithoutALedgerNothingFits) {
  Reservation none;
  EXPECT_FALSE(none.grow(1));
}

TEST(Reservation, TheBoundHoldsOverManyThreads) {
  Ledger migration;
  Ledger process;
  std::vector<std::thread> threads;
  std::atomic<bool> passed{false};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        Reservation r(migration, process, {100, 250, 1'000});
        if (r.grow(100) && migration.bytes.load() > 250 + 3 * 100) passed = true;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_FALSE(passed);
  EXPECT_EQ(migration.bytes, 0U);
  EXPECT_EQ(process.bytes, 0U);
}

TEST(Admission, IsRefusedOverTheBoundAndGivenBackOnce) {
  Ledger ledger;
  {
    Admission a = Admission::take(ledger.in_flight, 2);
    Admission b = Admission::take(ledger.in_flight, 2);
    EXPECT_FALSE(Admission::take(ledger.in_flight, 2));
    EXPECT_EQ(ledger.in_flight, 2U);
    b = std::move(a);
    EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(b);
    EXPECT_TRUE(b.is_of(ledger.in_flight));
    EXPECT_FALSE(b.is_of(ledger.connections));
    EXPECT_EQ(ledger.in_flight, 1U);
    b = Admission();
    EXPECT_EQ(ledger.in_flight, 0U);
    b = Admission::take(ledger.in_flight, 1);
    EXPECT_TRUE(b);
  }
  EXPECT_EQ(ledger.in_flight, 0U);
}

}  // namespace
}  // namespace banyan::comparison
