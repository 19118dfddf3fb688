#include "routing/slots.h"

#include <gtest/gtest.h>

namespace banyan::routing {
namespace {

TEST(Slots, TheSameNameIsTheSameSlot) {
  Slots slots;
  MigrationSlot& orders = slots.migration("orders");
  orders.latched = true;
  EXPECT_EQ(&slots.migration("orders"), &orders);
  EXPECT_TRUE(slots.migration("orders").latched);
  EXPECT_FALSE(slots.migration("carts").latched);
}

TEST(Slots, CountUpInTheOrderOfFirstAppearance) {
  Slots slots;
  EXPECT_EQ(slots.migration("b").index, 0U);
  EXPECT_EQ(slots.migration("a").index, 1U);
  EXPECT_EQ(slots.migration("b").index, 0U);
  ASSERT_EQ(slots.migrations().size(), 2U);
  EXPECT_EQ(slots.migrations()[1].name, "a");
  EXPECT_EQ(slots.flag("y"), 0U);
  EXPECT_EQ(slots.flag("x"), 1U);
  EXPECT_EQ(slots.flag("y"), 0U);
  EXPECT_EQ(slots.flags(), (std::vector<std::string>{"y", "x"}));
}

TEST(Slots, NeverMove) {
  Slots slots;
  MigrationSlot* first = &slots.migration("first");
  for (int i = 0; i < 10'000; ++i) slots.migration(std::to_string(i)).latched = true;
  EXPECT_EQ(&slots.migration("first"), first);
  EXPECT_EQ(first->name, "first");
  EXPECT_FALSE(first->latched);
}

TEST(Slots, AMigrationAndAFlagOfOneNameAreApart) {
  Slots slots;
  slots.migration("other");
  EXPECT_EQ(slots.migration("orders").index, 1U);
  EXPECT_EQ(slots.flag("orders"), 0U);
}

TEST(FlagState, StartsAtNobodyAndFromNowhere) {
  EXPECT_EQ(FlagState{}.share, kNobody);
  EXPECT_EQ(to_string(FlagState{}.origin), "none");
  EXPECT_EQ(to_string(FlagOrigin::config), "config");
  EXPECT_EQ(to_string(FlagOrigin::run_time), "run_time");
}

}  // namespace
}  // namespace banyan::routing
