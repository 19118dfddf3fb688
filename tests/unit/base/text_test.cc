#include "base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace banyan {
namespace {

const std::string kLong(5000, 'x');

TEST(Text, HoldsWhatItIsAssigned) {
  Text text;
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text, "");
  for (const std::string& value : {std::string("/a"), kLong, std::string(), std::string(1, '\0')}) {
    text = std::string_view(value);
    EXPECT_EQ(text, std::string_view(value));
    EXPECT_EQ(text.size(), value.size());
  }
  text.assign("/").append("b?c");
  EXPECT_EQ(text, "/b?c");
  text.clear();
  EXPECT_TRUE(text.empty());
}

TEST(Text, MayBeAssignedAPartOfItself) {
  Text text("http://host/path");
  text.assign(text.view().substr(7));
  EXPECT_EQ(text, "host/path");
  text.assign(text);
  EXPECT_EQ(text, "host/path");
}

TEST(Text, IsAValue) {
  Text one("one");
  Text two = one;
  two.append("!");
  EXPECT_EQ(one, "one");
  EXPECT_EQ(two, "one!");
  one.swap(two);
  EXPECT_EQ(one, "one!");
  const Text moved = std::move(one);
  EXPECT_EQ(moved, "one!");
}

TEST(Text, GivesLargeMemoryBackWhenAsked) {
  Text text(kLong);
  text.shrink(kLong.size() * 4);
  EXPECT_EQ(text, std::string_view(kLong));
  text.shrink(100);
  EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace banyan
