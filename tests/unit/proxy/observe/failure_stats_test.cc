#include "proxy/observe/failure_stats.h"

#include <gtest/gtest.h>

namespace banyan::observe {
namespace {

TEST(Failures, AreCountedByArm) {
  Failures failures;
  failures.count(Arm::monolith, Failure::answer, 1, 1);
  EXPECT_EQ(failures.of(Arm::monolith).all.read(), 1);
  EXPECT_EQ(failures.of(Arm::legacy).all.read(), 0);
}

TEST(Failures, OfOneKeyCountOnceInAWindow) {
  Failures failures;
  for (int i = 0; i < 5; ++i) failures.count(Arm::monolith, Failure::no_answer, 7, 1);
  EXPECT_EQ(failures.of(Arm::monolith).all.read(), 5);
  EXPECT_EQ(failures.of(Arm::monolith).of_keys.read(), 1);
  EXPECT_EQ(failures.of(Arm::monolith).hard.read(), 1);
  failures.count(Arm::monolith, Failure::no_answer, 7, 2);
  EXPECT_EQ(failures.of(Arm::monolith).of_keys.read(), 2);
}

TEST(Failures, WithoutAKeyOrAConnectionCountEachTime) {
  Failures failures;
  for (int i = 0; i < 3; ++i) failures.count(Arm::monolith, Failure::unreachable, 7, 1);
  for (int i = 0; i < 3; ++i) failures.count(Arm::monolith, Failure::answer, std::nullopt, 1);
  EXPECT_EQ(failures.of(Arm::monolith).of_keys.read(), 6);
  EXPECT_EQ(failures.of(Arm::monolith).hard.read(), 3);
}

}  // namespace
}  // namespace banyan::observe
