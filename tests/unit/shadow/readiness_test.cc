#include "shadow/readiness.h"

#include <gtest/gtest.h>

#include "base/sequential_test.h"
#include "shadow/difference_table.h"
#include "shadow/report.h"
#include "shadow/report_sum.h"
#include "tests/unit/shadow/reports.h"

namespace banyan::shadow {
namespace {

const PlaceName kPrice{"$.price", Kind::value};
const PlaceName kStatus{"status", Kind::value};

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() {
    report_.migration = "orders";
    report_.settings.min_keys = 0;
  }

  // Adds pairs to `endpoint`, which differ at `places`.
  void add(const std::string& endpoint, std::uint64_t matches, std::uint64_t mismatches = 0,
           const PlaceSet& places = {kPrice}, Arm served_by = Arm::legacy) {
    auto& endpoints = report_.endpoints;
    const auto found = std::find_if(endpoints.begin(), endpoints.end(),
                                    [&](const auto& e) { return e.endpoint == endpoint; });
    EndpointReport& to = found != endpoints.end() ? *found : endpoints.emplace_back();
    to.endpoint = endpoint;
    count(to, Verdict::match, matches, served_by);
    count(to, Verdict::mismatch, mismatches, served_by);
    if (mismatches > 0) to.tally.mismatches[places][index_of(served_by)] += mismatches;
  }
  void count(EndpointReport& to, Verdict verdict, std::uint64_t pairs, Arm served_by) {
    const auto v = static_cast<std::size_t>(verdict);
    to.verdicts[v] += pairs;
    to.tally.verdicts[index_of(served_by)][v] += pairs;
    (served_by == Arm::legacy ? report_.to_monolith : report_.to_legacy)[v] += pairs;
  }
  void waive(const std::string& path, WallTime until = {}) {
    Waiver waiver;
    std::string problem;
    ASSERT_TRUE(set_path(waiver, path, problem)) << problem;
    waiver.until = until;
    report_.waivers.push_back(waiver);
  }
  const Judgement& judged() {
    std::vector<MigrationReport> reports{report_};
    judge(reports, report_time());
    judged_ = reports[0];
    return judged_.judgement;
  }
  const Judgement& endpoint(std::size_t index) { return judged_.endpoints[index].judgement; }

  MigrationReport report_;
  MigrationReport judged_;
};

TEST_F(ReadinessTest, WithoutPairsIsInconclusive) {
  EXPECT_EQ(judged().state, Readiness::inconclusive);
  EXPECT_FALSE(judged().is_judged());
}

TEST_F(ReadinessTest, CleanTrafficIsReadyAtTheStatedCount) {
  add("GET /a", 100);
  const std::uint64_t more = judged().more_clean.value();
  EXPECT_EQ(judged().state, Readiness::inconclusive);
  EXPECT_EQ(100 + more, SequentialTest(0.001, kAlpha).more_clean({}));
  add("GET /a", more - 1);
  EXPECT_EQ(judged().state, Readiness::inconclusive);
  EXPECT_EQ(judged().more_clean, 1U);
  add("GET /a", 1);
  EXPECT_EQ(judged().state, Readiness::ready);
  EXPECT_EQ(judged().more_clean, 0U);
  EXPECT_TRUE(judged().lacks.empty());
}

TEST_F(ReadinessTest, MinComparedIsAFloorBesideTheBound) {
  report_.settings.min_compared = 20'000;
  add("GET /a", 15'000);
  EXPECT_EQ(judged().lacks, std::vector{Lack::too_few_compared});
  EXPECT_EQ(judged().more_clean, 5'000U);
}

TEST_F(ReadinessTest, AMonolithThatHangsNowAndThenIsNotReady) {
  add("GET /a", 9'700, 300, {{"status", Kind::no_answer}});
  EXPECT_EQ(judged().state, Readiness::not_ready);
  EXPECT_EQ(endpoint(0).lacks.front(), Lack::mismatch_rate);
  EXPECT_GT(judged().lower, 0.001);
}

TEST_F(ReadinessTest, AnEndpointThatIsNotReadyIsNotOutweighed) {
  add("GET /a", 10'000'000);
  add("GET /b", 900, 100);
  EXPECT_EQ(judged().state, Readiness::not_ready);
  EXPECT_EQ(judged().lacks, std::vector{Lack::endpoint_not_ready});
  EXPECT_LT(judged().upper, 0.001);
}

TEST_F(ReadinessTest, ARareEndpointIsInconclusiveUntilItIsWaived) {
  add("GET /a", 100'000);
  add("GET /rare", 10);
  EXPECT_EQ(judged().state, Readiness::inconclusive);
  EXPECT_EQ(judged().lacks, std::vector{Lack::endpoint_inconclusive});
  Waiver waiver;
  waiver.too_little_traffic = true;
  waiver.endpoint = "GET /rare";
  report_.waivers = {waiver};
  EXPECT_EQ(judged().state, Readiness::ready);
  EXPECT_TRUE(endpoint(1).waived_for_traffic);
  add("GET /rare", 0, 1);
  EXPECT_EQ(judged().state, Readiness::inconclusive) << "what differs is no lack of traffic";
  report_.waivers[0].until = report_time();
  EXPECT_EQ(judged().state, Readiness::inconclusive);
}

TEST_F(ReadinessTest, AlphaIsSharedOverTheEndpoints) {
  add("GET /a", 10);
  const std::uint64_t alone = *(judged(), endpoint(0).more_clean);
  for (const char* name : {"GET /b", "GET /c", "GET /d"}) add(name, 10);
  const std::uint64_t shared = *(judged(), endpoint(0).more_clean);
  EXPECT_GT(shared, alone);
  EXPECT_EQ(10 + shared, SequentialTest(0.001, kAlpha / 4).more_clean({}));
  EXPECT_GE(judged().more_clean, 4 * shared) << "each of them needs its own";
}

TEST_F(ReadinessTest, OneDirectionCountsAlone) {
  add("GET /a", 100'000);
  add("GET /a", 0, 50'000, {kPrice}, Arm::monolith);
  EXPECT_EQ(judged().state, Readiness::ready);
  report_.settings.shadow = Arm::legacy;
  EXPECT_EQ(judged().state, Readiness::not_ready);
}

TEST_F(ReadinessTest, WhatIsNotComparableOrLostIsMissingFromTheCoverage) {
  add("GET /a", 100'000);
  report_.traffic[index_of(Arm::legacy)].skipped["in_flight"] = 5'000;
  report_.traffic[index_of(Arm::legacy)].skipped["method"] = 1'000'000;
  EXPECT_EQ(judged().state, Readiness::ready) << "what is not eligible is not missing";
  EXPECT_EQ(judged().sampled, 105'000U);
  report_.traffic[index_of(Arm::legacy)].skipped["queue"] = 1'000;
  EXPECT_EQ(judged().lacks, std::vector{Lack::low_coverage});
  EXPECT_EQ(judged().state, Readiness::inconclusive);
}

TEST_F(ReadinessTest, AnEndpointThatCanNotBeComparedIsInconclusive) {
  add("GET /a", 1'000'000);
  add("GET /large", 6'000);
  count(report_.endpoints[1], Verdict::not_comparable, 400, Arm::legacy);
  EXPECT_EQ(judged().lacks, std::vector{Lack::endpoint_inconclusive});
  EXPECT_EQ(endpoint(1).lacks, std::vector{Lack::low_coverage});
}

TEST_F(ReadinessTest, FewUsersAreTooFew) {
  add("GET /a", 100'000);
  report_.settings.min_keys = 3;
  DistinctKeys& keys = report_.keys[index_of(Arm::legacy)];
  for (const std::uint32_t key : {1U, 2U, 2U, 1U}) keys.add(key);
  EXPECT_EQ(judged().lacks, std::vector{Lack::too_few_keys});
  keys.add(3);
  EXPECT_EQ(judged().state, Readiness::ready);
}

TEST_F(ReadinessTest, APairIsWaivedWhereAllOfItsPlacesAre) {
  add("GET /a", 10'000, 500, {kPrice});
  add("GET /a", 0, 200, {kPrice, kStatus});
  waive("$.price");
  EXPECT_EQ(judged().waived, 500U);
  EXPECT_EQ(judged().mismatch, 200U);
  EXPECT_EQ(judged().state, Readiness::not_ready);
  waive("status");
  EXPECT_EQ(judged().mismatch, 0U);
  EXPECT_EQ(judged().state, Readiness::ready);
  EXPECT_FALSE(has_unwaived_mismatch({judged_}));
}

TEST_F(ReadinessTest, AnExpiredWaiverCountsAgain) {
  add("GET /a", 10'000, 500, {kPrice});
  report_.endpoints[0].places.push_back({"$.price", Kind::value, 500, {}});
  waive("$.price", report_time());
  EXPECT_EQ(judged().mismatch, 500U);
  EXPECT_TRUE(judged_.endpoints[0].places[0].waiver.has_value()) << "and it is told";
  EXPECT_FALSE(judged_.endpoints[0].places[0].is_waived);
  report_.waivers[0].until = report_time() + std::chrono::seconds(1);
  EXPECT_EQ(judged().mismatch, 0U);
}

TEST_F(ReadinessTest, WhatHadNoRoomToBeToldIsNeverWaived) {
  add("GET /a", 10'000, 500, {});
  waive("$.**.price");
  EXPECT_EQ(judged().mismatch, 500U);
}

TEST_F(ReadinessTest, AMismatchInTheOtherDirectionIsAMismatch) {
  add("GET /a", 100'000);
  add("GET /a", 0, 1, {kPrice}, Arm::monolith);
  judged();
  EXPECT_TRUE(has_unwaived_mismatch({judged_}));
  EXPECT_FALSE(is_any_not_ready({judged_}));
  EXPECT_TRUE(is_any_not_ready({}));
}

TEST_F(ReadinessTest, OfSeveralProcessesIsThatOfTheSum) {
  add("GET /a", 3'000, 1);
  add("GET /b", 3'000);
  MigrationReport first = report_;
  report_.endpoints.clear();
  report_.to_monolith = {};
  add("GET /a", 9'000);
  add("GET /b", 9'000);
  const std::vector<MigrationReport> a{first}, b{report_};
  auto one = merged({a, b}), other = merged({b, a});
  judge(one, report_time());
  judge(other, report_time());
  EXPECT_EQ(one[0].judgement.compared, 24'001U - 0U);
  EXPECT_EQ(one[0].judgement.upper, other[0].judgement.upper);
  EXPECT_EQ(render(one, ReportFormat::json, report_time()),
            render(other, ReportFormat::json, report_time()));
}

TEST(ReadinessSettings, OfTwoProcessesTheStricterCount) {
  const ReadinessSettings a{100, 90'000, 10, 5, Arm::monolith}, b{50, 80'000, 20, 0, Arm::monolith};
  EXPECT_EQ(stricter(a, b), (ReadinessSettings{50, 90'000, 20, 5, Arm::monolith}));
  EXPECT_EQ(stricter(a, b), stricter(b, a));
}

}  // namespace
}  // namespace banyan::shadow
