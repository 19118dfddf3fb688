#include "shadow/tally.h"

#include <gtest/gtest.h>

#include "shadow/difference_table.h"
#include "shadow/report.h"
#include "shadow/report_reader.h"
#include "shadow/report_sum.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/reports.h"

namespace banyan::shadow {
namespace {

TEST(DistinctKeys, AreCountedExactlyWhileTheyAreFew) {
  DistinctKeys keys;
  for (std::uint32_t i = 0; i < 1'000; ++i) keys.add(i * 2'654'435'761U);
  for (std::uint32_t i = 0; i < 1'000; ++i) keys.add(i * 2'654'435'761U);
  EXPECT_EQ(keys.count(), 1'000U);
}

TEST(DistinctKeys, AreEstimatedWhereThereAreMany) {
  std::mt19937_64 random = test::seeded_random();
  DistinctKeys keys;
  for (int i = 0; i < 100'000; ++i) keys.add(static_cast<std::uint32_t>(random()));
  EXPECT_LE(keys.kept().size(), DistinctKeys::kKept);
  EXPECT_NEAR(static_cast<double>(keys.count()), 100'000, 100'000 * 0.2);
}

TEST(DistinctKeys, OfTwoProcessesAreThoseOfBoth) {
  std::mt19937_64 random = test::seeded_random();
  DistinctKeys all, a, b;
  for (int i = 0; i < 10'000; ++i) {
    const auto key = static_cast<std::uint32_t>(random() % 6'000 * 715'827U);
    all.add(key);
    (random() % 2 == 0 ? a : b).add(key);
  }
  DistinctKeys ab = a, ba = b;
  ab.add(b);
  ba.add(a);
  EXPECT_EQ(ab.kept(), all.kept());
  EXPECT_EQ(ba.kept(), all.kept());
}

TEST(Traffic, IsSeenThenEligibleThenDrawn) {
  const Traffic traffic{1'000, {{"method", 100}, {"sample", 200}, {"in_flight", 30}, {"queue", 5}}};
  EXPECT_EQ(lost_of(traffic), 35U);
  EXPECT_EQ(sampled_of(traffic, 600), 635U);
  EXPECT_EQ(eligible_of(traffic, 600), 835U);
}

CapturedPair pair_of(const std::string& target, Arm primary, std::uint32_t key) {
  CapturedPair pair;
  pair.method = "GET";
  pair.target = target;
  pair.primary = primary;
  pair.at = report_time() + std::chrono::seconds(key % 100);
  pair.key_hash = key;
  pair.legacy.latency = std::chrono::microseconds(1'000 + key % 1'000);
  pair.monolith.latency = std::chrono::microseconds(2'000 + key % 3'000);
  return pair;
}

Comparison differs_at(const std::vector<std::string>& paths) {
  Comparison comparison;
  comparison.verdict = Verdict::mismatch;
  for (const std::string& path : paths) {
    comparison.differences.push_back({path, Kind::value, "1", "2"});
  }
  return comparison;
}

// Random pairs, the same in `all` and, spread, in `parts`.
void fill(DifferenceTable& all, std::vector<DifferenceTable>& parts) {
  std::mt19937_64 random = test::seeded_random();
  for (int i = 0; i < 2'000; ++i) {
    DifferenceTable& part = parts[random() % parts.size()];
    const std::string target = "/" + std::string(1, static_cast<char>('a' + random() % 3));
    auto pair = pair_of(target, random() % 4 == 0 ? Arm::monolith : Arm::legacy,
                        static_cast<std::uint32_t>(random()));
    pair.at = report_time() + std::chrono::seconds(i / 20);  // a table begins with its first pair
    Comparison comparison;
    if (random() % 5 == 0) comparison = differs_at({"$.x", "$.y[3].z"});
    if (random() % 9 == 0) comparison = differs_at({"status"});
    if (random() % 11 == 0) {
      comparison = {};
      comparison.verdict = Verdict::not_comparable;
      comparison.why_not = random() % 2 == 0 ? "over_budget" : "abandoned";
    }
    const ByArm<Traffic> traffic{Traffic{1, {{"in_flight", random() % 2}}}, Traffic{}};
    for (DifferenceTable* table : {&all, &part}) {
      table->add("orders", "1", pair, comparison);
      table->add_traffic("orders", "1", traffic, report_time());
    }
  }
}

std::vector<MigrationReport> through_json(const std::vector<MigrationReport>& report) {
  auto read = read_report(render(report, ReportFormat::json, report_time()));
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error());
  return read.value_or(std::vector<MigrationReport>{});
}

// Without samples: each process keeps its own first ones.
std::string json_of(std::vector<MigrationReport> report) {
  for (auto& migration : report) {
    for (auto& endpoint : migration.endpoints) {
      for (auto& place : endpoint.places) place.samples.clear();
    }
  }
  return render(report, ReportFormat::json, report_time());
}

TEST(ReportMerge, OfSavedReportsIsExact) {
  DifferenceTable all;
  std::vector<DifferenceTable> parts(3);
  fill(all, parts);
  std::vector<std::vector<MigrationReport>> reports;
  for (const DifferenceTable& part : parts) reports.push_back(through_json(part.report()));
  EXPECT_EQ(json_of(merged(reports)), json_of(all.report()));
  std::reverse(reports.begin(), reports.end());
  EXPECT_EQ(json_of(merged(reports)), json_of(all.report()));
}

TEST(ReportReader, ReadsAllThatIsCounted) {
  DifferenceTable all;
  std::vector<DifferenceTable> parts(1);
  fill(all, parts);
  auto report = all.report();
  Waiver waiver;
  std::string problem;
  ASSERT_TRUE(set_path(waiver, "$.x", problem));
  waiver.reason = "why not";
  waiver.until_text = "2027-01-01";
  waiver.until = *waiver_end(waiver.until_text);
  report[0].waivers = {waiver};
  report[0].settings = {50, 90'000, 7, 9, Arm::legacy};
  const std::string text = render(report, ReportFormat::json, report_time());
  EXPECT_EQ(render(through_json(report), ReportFormat::json, report_time()), text);
}

TEST(DifferenceTable, TellsWhenAPlaceWasSeenFirstAndLast) {
  DifferenceTable table;
  for (const std::uint32_t second : {30U, 10U, 20U}) {
    table.add("m", "", pair_of("/a", Arm::legacy, second), differs_at({"$.x"}));
  }
  const auto report = table.report();
  const Place& place = report[0].endpoints[0].places[0];
  EXPECT_EQ(place.first_seen, report_time() + std::chrono::seconds(10));
  EXPECT_EQ(place.last_seen, report_time() + std::chrono::seconds(30));
}

TEST(DifferenceTable, CountsPairsByAllThePlacesAtWhichTheyDiffer) {
  DifferenceTable table;
  const auto pair = pair_of("/a", Arm::legacy, 1);
  table.add("m", "", pair, differs_at({"$.x[1]", "$.x[2]", "$.y"}));
  table.add("m", "", pair, differs_at({"$.y", "$.x[0]"}));
  Comparison cut = differs_at({"$.x"});
  cut.left_out = 1;
  table.add("m", "", pair, cut);
  const auto report = table.report();
  const auto& found = report[0].endpoints[0].tally.mismatches;
  ASSERT_EQ(found.size(), 2U);
  const PlaceSet both{{"$.x[*]", Kind::value}, {"$.y", Kind::value}};
  EXPECT_EQ(found.at(both)[0], 2U);
  EXPECT_EQ(found.at({})[0], 1U) << "what was not told whole";
}

TEST(DifferenceTable, PlaceSetsAreBounded) {
  DifferenceTable table;
  for (std::size_t i = 0; i < 1'000; ++i) {
    table.add("m", "", pair_of("/a", Arm::legacy, 1),
              differs_at({"$.k" + std::string(i % 40, 'x') + std::string(i / 40, 'y')}));
  }
  const auto report = table.report();
  std::uint64_t pairs = 0;
  for (const auto& [places, counts] : report[0].endpoints[0].tally.mismatches) pairs += counts[0];
  EXPECT_EQ(pairs, 1'000U);
  EXPECT_LE(report[0].endpoints[0].tally.mismatches.size(), kPlaceSetsMax + 1);
}

}  // namespace
}  // namespace banyan::shadow
