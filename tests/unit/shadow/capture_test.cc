#include "shadow/capture.h"

#include <gtest/gtest.h>

#include <set>

namespace banyan::shadow {
namespace {

TEST(Outcome, EveryOneHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Outcome::abandoned); ++i) {
    words.insert(to_string(static_cast<Outcome>(i)));
  }
  EXPECT_EQ(words,
            (std::set<std::string_view>{"answered", "refused", "reset", "timed_out", "cut_off",
                                        "malformed", "over_budget", "abandoned"}));
}

}  // namespace
}  // namespace banyan::shadow
