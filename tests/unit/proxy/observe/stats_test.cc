#include "proxy/observe/stats.h"

#include <gtest/gtest.h>

namespace banyan::observe {
namespace {

using std::chrono::microseconds;

TEST(CodeClass, IsTheHundredAndNoneForWhatIsNoStatus) {
  const std::pair<int, std::string_view> table[] = {
      {100, "1xx"}, {199, "1xx"}, {200, "2xx"}, {304, "3xx"},  {404, "4xx"},
      {599, "5xx"}, {0, "none"},  {99, "none"}, {600, "none"}, {-1, "none"}};
  for (const auto& [status, name] : table) {
    EXPECT_EQ(code_class_name(code_class(status)), name) << status;
  }
}

TEST(CodeClass, NameOfAnUnknownClassIsNone) { EXPECT_EQ(code_class_name(99), "none"); }

TEST(DurationHistogram, PutsABoundIntoItsOwnBucketAndMoreIntoTheNext) {
  for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
    const microseconds bound(static_cast<std::int64_t>(kDurationBounds[i] * 1e6 + 0.5));
    DurationHistogram at;
    at.observe(bound);
    EXPECT_EQ(at.buckets[i].read(), 1) << kDurationBounds[i];
    DurationHistogram above;
    above.observe(bound + microseconds(1));
    EXPECT_EQ(above.buckets[i + 1].read(), 1) << kDurationBounds[i];
  }
}

TEST(DurationHistogram, SumsMicroseconds) {
  DurationHistogram histogram;
  histogram.observe(microseconds(7));
  histogram.observe(microseconds(20'000'000));
  EXPECT_EQ(histogram.sum_us.read(), 20'000'007);
  EXPECT_EQ(histogram.buckets.back().read(), 1);
}

TEST(StatsRegistry, SlotZeroIsNone) {
  StatsRegistry stats(2);
  EXPECT_EQ(stats.migration_slot("none"), 0U);
  EXPECT_EQ(stats.migrations().front(), "none");
}

TEST(StatsRegistry, SlotsAreFoundAgainAndDoNotMove) {
  StatsRegistry stats(3);
  const std::size_t orders = stats.migration_slot("orders");
  MigrationStats* const before = &stats.worker(2).migration(orders);
  for (int i = 0; i < 500; ++i) static_cast<void>(stats.migration_slot("m" + std::to_string(i)));
  EXPECT_EQ(stats.migration_slot("orders"), orders);
  EXPECT_EQ(&stats.worker(2).migration(orders), before);
  EXPECT_EQ(stats.upstream_slot("a"), 0U);
  EXPECT_EQ(stats.upstream_slot("b"), 1U);
  EXPECT_EQ(stats.upstream_slot("a"), 0U);
}

}  // namespace
}  // namespace banyan::observe
