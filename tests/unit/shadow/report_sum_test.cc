// A report read back, several as one, two side by side.
#include "shadow/report_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "shadow/report.h"
#include "shadow/report_reader.h"
#include "tests/unit/shadow/reports.h"

namespace banyan::shadow {
namespace {

using Reports = std::vector<MigrationReport>;
using nlohmann::json;
using ::testing::HasSubstr;

std::string as_json(const Reports& report) {
  return render(report, ReportFormat::json, report_time());
}

Reports read(const std::string& text) {
  const auto report = read_report(text);
  EXPECT_TRUE(report) << report.error();
  return report ? *report : Reports{};
}

// ---- Read back --------------------------------------------------------------------------------

TEST(ReadReport, GivesBackWhatWasWritten) {
  Reports report = example_report();
  report[0].endpoints[0].places[0].samples[0].right = "\"\\ \xE2\x80\xAE \n";
  report.emplace_back().migration = "cart";  // never compared: since is null
  EXPECT_EQ(as_json(read(as_json(report))), as_json(report));
  EXPECT_EQ(read(as_json({})).size(), 0U);
}

TEST(ReadReport, SaysWhatIsMissing) {
  for (const std::string_view bad : {"", "x", "[]", "1", "null", "{\"version\": 1"}) {
    EXPECT_EQ(read_report(bad).error(), "no report as JSON") << bad;
  }
  EXPECT_THAT(read_report("{}").error(), HasSubstr("version"));
  EXPECT_THAT(read_report(R"({"version": 2, "migrations": []})").error(), HasSubstr("version"));
  EXPECT_THAT(read_report(R"({"version": 1})").error(), HasSubstr("migrations"));
}

// What the reader works out by itself, from what else is there.
bool is_derived(const std::string& pointer) {
  static const std::regex kDerived(
      R"(.*/directions/\w+/(compared|eligible|sampled|keys)|.*/(waived|waiver))"
      R"(|.*/latency/\w+/(count|p\d\d_us)|.*/endpoints/\d+/readiness.*)"
      R"(|/migrations/\d+/directions/\w+/not_comparable_by_reason.*)"
      R"(|/migrations/\d+/readiness/(?!asked_for).*)");
  return std::regex_match(pointer, kDerived);
}

// What the reports of earlier versions do not have.
bool may_be_absent(const std::string& pointer) {
  static const std::regex kNew(
      R"(.*/(first_seen|last_seen|seen|skipped|key_hashes|not_comparable_by_reason|buckets)"
      R"(|mismatches|mismatch_after_write|waivers|asked_for/\w+))");
  return std::regex_match(pointer, kNew);
}

bool is_percentage(const std::string& pointer) {
  return pointer.ends_with("/max_mismatch_rate") || pointer.ends_with("/min_coverage");
}

// Every value in turn is taken out, or becomes one of another type.
TEST(ReadReport, RefusesWhateverIsNotOfItsType) {
  const json whole = json::parse(as_json(example_report()));
  std::size_t tried = 0;
  const json flat = whole.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    if (pointer == "/generated_at" || is_derived(pointer)) continue;
    const json::json_pointer at(pointer);
    for (const json& other : {json(-1), json(1.5), json::array({1}), json(true)}) {
      if (other == 1.5 && is_percentage(pointer)) continue;
      json broken = whole;
      broken[at] = other;
      EXPECT_FALSE(read_report(broken.dump())) << pointer << " " << other;
      ++tried;
    }
    if (pointer.ends_with("/at") || pointer.ends_with("/since") || pointer.ends_with("/kind")) {
      json broken = whole;
      broken[at] = "2026-13-01T00:00:00.000Z";
      EXPECT_FALSE(read_report(broken.dump())) << pointer;
    }
    if (at.back().find_first_not_of("0123456789") != std::string::npos && !may_be_absent(pointer)) {
      json broken = whole;
      broken[at.parent_pointer()].erase(at.back());
      EXPECT_FALSE(read_report(broken.dump())) << pointer;
    }
  }
  EXPECT_GT(tried, 100U);
}

// ---- Merged -----------------------------------------------------------------------------------

TEST(Merged, CountsAddUpExactly) {
  const Reports sum = merged({example_report(), example_report(), example_report()});
  ASSERT_EQ(sum.size(), 1U);
  EXPECT_EQ(sum[0].to_monolith, (VerdictCounts{36'000, 0, 0, 1'035, 36}));
  EXPECT_EQ(sum[0].to_legacy, (VerdictCounts{21, 0, 0, 0, 0}));
  ASSERT_EQ(sum[0].endpoints.size(), 2U);
  EXPECT_EQ(sum[0].endpoints[0].verdicts, (VerdictCounts{2'700, 0, 0, 1'035, 36}));
  EXPECT_EQ(sum[0].endpoints[0].places[0].count, 3'870U);
  EXPECT_EQ(sum[0].endpoints[0].places[0].samples.size(), 1U) << "as many as one report has";
}

TEST(Merged, IsTheSameInEveryOrder) {
  std::vector<Reports> all(3, example_report());
  all[1][0].since -= std::chrono::hours(5);
  all[1][0].endpoints[0].places[0].samples.assign(4, {report_time(), "GET", "/b", "$.b", "1", "2"});
  all[2][0].endpoints[0].places[0].samples = {
      {report_time() - std::chrono::hours(1), "GET", "/c", "$.c", "1", "2"},
      {report_time() + std::chrono::hours(1), "GET", "/d", "$.d", "1", "2"}};
  all[2].emplace_back().migration = "cart";
  std::vector<std::size_t> order{0, 1, 2};
  const std::string first = as_json(merged(all));
  EXPECT_THAT(first, HasSubstr("\"/c\""));
  do {
    EXPECT_EQ(as_json(merged({all[order[0]], all[order[1]], all[order[2]]})), first);
    // In two steps as well, as far as counts go; samples were given up in the first.
    const Reports twice = merged({merged({all[order[0]], all[order[1]]}), all[order[2]]});
    EXPECT_EQ(twice.back().to_monolith, merged(all).back().to_monolith);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Merged, EpochsStandSideBySide) {
  Reports other = example_report();
  other[0].epoch = "2026-11-23.1";
  const Reports sum = merged({other, example_report()});
  ASSERT_EQ(sum.size(), 2U);
  EXPECT_EQ(sum[0].epoch, "2026-11-22.3");
  EXPECT_EQ(sum[0].to_monolith, example_report()[0].to_monolith);
}

TEST(Merged, NothingAndOneAreThemselves) {
  EXPECT_TRUE(merged({}).empty());
  EXPECT_EQ(as_json(merged({example_report()})), as_json(example_report()));
}

// ---- Side by side -----------------------------------------------------------------------------

TEST(Compared, TellsNewGoneAndSame) {
  Reports after = example_report();
  std::vector<Place>& places = after[0].endpoints[0].places;
  places[1].path = "$.added";       // `status` is gone, this is new
  places[2].kind = Kind::extra;     // another kind at the same path is another difference
  after[0].epoch = "2026-11-23.1";  // a new build is what reports are compared for
  const ReportComparison found = compared(example_report(), after);
  ASSERT_EQ(found.regressed.size(), 2U);
  EXPECT_EQ(found.regressed[0].path, "$.added");
  EXPECT_EQ(found.regressed[1].kind, Kind::extra);
  ASSERT_EQ(found.fixed.size(), 2U);
  ASSERT_EQ(found.unchanged.size(), 1U);
  EXPECT_EQ(found.unchanged[0].path, "$.items[*].price");
  EXPECT_EQ(found.unchanged[0].before.compared, 1'245U);
  EXPECT_TRUE(found.not_seen.empty());
}

TEST(Compared, WhatWasNotComparedAgainIsNotFixed) {
  Reports quiet = example_report();
  quiet[0].endpoints.erase(quiet[0].endpoints.begin());
  EXPECT_EQ(compared(example_report(), quiet).not_seen.size(), 3U);
  EXPECT_EQ(compared(example_report(), {}).not_seen.size(), 3U);
  EXPECT_EQ(compared({}, example_report()).regressed.size(), 3U);
  EXPECT_TRUE(compared(example_report(), example_report()).regressed.empty());
}

TEST(Compared, IsShownWithoutHarm) {
  Reports after = example_report();
  after[0].endpoints[0].places[0].path = "\x1b[2J\n";
  const ReportComparison found = compared(example_report(), after);
  const std::string text = render_text(found);
  EXPECT_THAT(
      text, HasSubstr("Regressed: 1\n\n  orders  GET /orders/{id}\n    value      \\x1b[2J\\n\n"));
  EXPECT_THAT(text, HasSubstr("1,290 in 1,245 compared"));
  const json document = json::parse(render_json(found));
  EXPECT_EQ(document["version"], kReportVersion);
  EXPECT_EQ(document["regressed"][0]["after"]["count"], 1'290);
  EXPECT_EQ(document["fixed"].size(), 1U);
  EXPECT_EQ(document["unchanged"].size(), 2U);
}

}  // namespace
}  // namespace banyan::shadow
