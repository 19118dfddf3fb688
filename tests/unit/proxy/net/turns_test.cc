#include "proxy/net/turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace banyan::net {
namespace {

struct Waiter final : Turn {
  explicit Waiter(std::vector<int>& order, int number) : served(order), name(number) {}
  void on_turn() override { served.push_back(name); }
  std::vector<int>& served;
  int name;
};

class TurnsTest : public testing::Test {
 protected:
  Waiter& waiter(int name) { return *waiters.emplace_back(std::make_unique<Waiter>(served, name)); }
  Turns turns;
  std::vector<int> served;
  std::vector<std::unique_ptr<Waiter>> waiters;
};

TEST_F(TurnsTest, AnIterationHasSoManyAndNoMore) {
  for (std::size_t i = 0; i < Turns::kEachIteration; ++i) EXPECT_TRUE(turns.take());
  EXPECT_FALSE(turns.take());
  turns.end_iteration();
  EXPECT_TRUE(turns.take());
}

TEST_F(TurnsTest, WhoWaitsComesBeforeWhoArrives) {
  turns.wait(waiter(0));
  turns.end_iteration();
  EXPECT_FALSE(turns.take());
  turns.serve();
  EXPECT_EQ(served, std::vector<int>{0});
  for (std::size_t i = 1; i < Turns::kEachIteration; ++i) EXPECT_TRUE(turns.take());
  EXPECT_FALSE(turns.take()) << "the one that waited counts";
}

TEST_F(TurnsTest, TheLineIsServedInOrderASliceAtATime) {
  std::vector<int> expected;
  for (int i = 0; i < 12; ++i) {
    turns.wait(waiter(i));
    turns.wait(*waiters.back());  // is in it already
    expected.push_back(i);
  }
  for (std::size_t slice = 1; turns.waiting(); ++slice) {
    turns.serve();
    EXPECT_EQ(served.size(), std::min<std::size_t>(12, slice * Turns::kEachIteration));
    turns.end_iteration();
  }
  EXPECT_EQ(served, expected);
}

TEST_F(TurnsTest, WhoLeavesTheLineIsNotServedAndCostsNoTurn) {
  for (int i = 0; i < 7; ++i) turns.wait(waiter(i));
  turns.serve();
  turns.end_iteration();
  turns.cancel(*waiters[0]);  // is not in it any more
  turns.cancel(*waiters[5]);
  turns.serve();
  EXPECT_EQ(served, (std::vector<int>{0, 1, 2, 3, 4, 6}));
  EXPECT_FALSE(turns.waiting());
}

TEST_F(TurnsTest, WhoHasHadATurnMayWaitAgain) {
  turns.wait(waiter(0));
  turns.serve();
  turns.wait(*waiters[0]);
  turns.end_iteration();
  turns.serve();
  EXPECT_EQ(served, (std::vector<int>{0, 0}));
}

}  // namespace
}  // namespace banyan::net
