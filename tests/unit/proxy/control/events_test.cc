#include "proxy/control/events.h"

#include <gtest/gtest.h>

#include <vector>

namespace banyan::control {
namespace {

TEST(Events, EachListenerGetsEachEventInTheFormatOfServerSentEvents) {
  Events events;
  std::vector<std::string> first, second;
  const auto one = events.add([&](std::string_view t) { return first.emplace_back(t), true; });
  const auto two = events.add([&](std::string_view t) { return second.emplace_back(t), true; });
  ASSERT_TRUE(one && two);
  events.publish("flag_set", {{"reason", "a\nb\r\n\ndata: forged"}});
  events.remove(*two);
  events.publish("drain", nullptr);
  EXPECT_EQ(first, (std::vector<std::string>{
                       "event: flag_set\ndata: {\"reason\":\"a\\nb\\r\\n\\ndata: forged\"}\n\n",
                       "event: drain\ndata: null\n\n"}));
  EXPECT_EQ(second.size(), 1U);
}

TEST(Events, OneThatCanNotKeepUpIsDroppedAndCountedAndTheOthersStay) {
  Events events;
  int heard = 0;
  ASSERT_TRUE(events.add([](std::string_view) { return false; }));
  ASSERT_TRUE(events.add([&](std::string_view) { return ++heard > 0; }));
  events.publish("a", nullptr);
  events.publish("b", nullptr);
  EXPECT_EQ(heard, 2);
  EXPECT_EQ(events.listeners(), 1U);
  EXPECT_EQ(events.dropped(), 1U);
}

TEST(Events, NoMoreThanTheBoundMayListen) {
  Events events;
  for (std::size_t i = 0; i < kEventListenersMax; ++i) {
    EXPECT_FALSE(events.full());
    EXPECT_TRUE(events.add([](std::string_view) { return true; }));
  }
  EXPECT_TRUE(events.full());
  EXPECT_FALSE(events.add([](std::string_view) { return true; }));
}

}  // namespace
}  // namespace banyan::control
