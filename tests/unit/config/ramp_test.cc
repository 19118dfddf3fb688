// `ramp` of a migration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.h"

namespace banyan::config {
namespace {

using routing::RampSettings;
using routing::Share;
using testing::ElementsAre;
using testing::SizeIs;

std::shared_ptr<const Snapshot> good(const std::string& yaml) {
  const Loaded loaded = load_text(yaml);
  for (const Problem& problem : loaded.problems) ADD_FAILURE() << in_short(problem);
  return loaded.snapshot;
}

std::string second(std::string_view more) {
  return "\n  - name: cart\n    match: [{ path_prefix: /cart }]\n    legacy: old\n    monolith: "
         "new\n    " +
         std::string(more);
}

TEST(RampConfig, ThereIsNoneUnlessItIsGiven) {
  EXPECT_FALSE(good(with_migration("epoch: e"))->migrations[0].ramp);
  const auto made = good(with_migration("ramp: { steps: [0.001, 5, 25.5, 100] }"));
  EXPECT_EQ(made->migrations[0].ramp,
            (RampSettings{{Share{1}, Share{5'000}, Share{25'500}, routing::kEverybody},
                          Milliseconds(600'000)}));
  EXPECT_EQ(good(with_migration("ramp: { steps: [1], hold: 30d }"))->migrations[0].ramp->hold,
            routing::kRampHoldMax);
}

TEST(RampConfig, WhatIsWrongHasItsPlace) {
  EXPECT_THAT(problems_of(with_migration("ramp: { steps: [5, 5] }")),
              ElementsAre("11:24 migrations[0].ramp.steps[1]: must be above the step before it"));
  EXPECT_THAT(problems_of(with_migration("ramp: { steps: [5, 1, 6] }")),
              ElementsAre("11:24 migrations[0].ramp.steps[1]: must be above the step before it"));
  EXPECT_THAT(problems_of(with_migration("ramp: { steps: [0, 1] }")),
              ElementsAre("11:21 migrations[0].ramp.steps[0]: a ramp begins at 0 by itself: must "
                          "be above 0"));
  EXPECT_THAT(problems_of(with_migration("ramp: {}")),
              ElementsAre("11:11 migrations[0].ramp.steps: missing, but required"));
}

TEST(RampConfig, EveryValueIsChecked) {
  std::string thousand_and_one = "{ steps: [";
  for (int i = 1; i <= 1'001; ++i) {
    thousand_and_one += (i > 1 ? ", " : "") + std::to_string(i / 100) + "." +
                        std::to_string(1'000 + i % 100).substr(1);
  }
  for (const std::string& wrong :
       {std::string("off"), std::string("[1, 5]"), std::string("{ steps: [] }"),
        std::string("{ steps: 5 }"), std::string("{ steps: [101] }"),
        std::string("{ steps: [100.001] }"), std::string("{ steps: [-1] }"),
        std::string("{ steps: [.nan] }"), std::string("{ steps: [.inf] }"),
        std::string("{ steps: [\"5\"] }"), std::string("{ steps: [1.0001] }"),
        std::string("{ steps: [1], hold: 0ms }"), std::string("{ steps: [1], hold: 721h }"),
        std::string("{ steps: [1], hold: 10 }"), std::string("{ steps: [1], holds: 1m }"),
        std::string("{ hold: 1m }"), thousand_and_one + "] }"}) {
    EXPECT_THAT(problems_of(with_migration("ramp: " + wrong)), SizeIs(1)) << wrong;
  }
}

TEST(RampConfig, AFlagHasOneAtMost) {
  EXPECT_THAT(problems_of(with_migration("ramp: { steps: [1] }") +
                          second("flag: orders\n    ramp: { steps: [1] }")),
              ElementsAre("17:11 migrations[1].ramp: the flag \"orders\" has a ramp already: "
                          "migrations[0].ramp"));
  EXPECT_TRUE(good(with_migration("ramp: { steps: [1] }") + second("ramp: { steps: [1] }")));
  EXPECT_TRUE(good(with_migration("ramp: { steps: [1] }") + second("flag: orders")));
}

}  // namespace
}  // namespace banyan::config
