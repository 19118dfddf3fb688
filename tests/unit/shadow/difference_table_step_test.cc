// What of a table came since a step of a ramp began.
#include <gtest/gtest.h>

#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

WallTime at(int seconds) { return WallTime{} + std::chrono::seconds(seconds); }

class DifferenceTableStep : public testing::Test {
 protected:
  void add(const std::string& target, Verdict verdict, std::uint32_t key,
           const std::string& path = "$.price", const Epoch& epoch = "1") {
    CapturedPair pair;
    pair.method = "GET";
    pair.target = target;
    pair.at = at(1'000);
    pair.key_hash = key;
    pair.after_write = after_write_;
    Comparison comparison;
    comparison.verdict = verdict;
    if (verdict == Verdict::mismatch) comparison.differences = {{path, Kind::value, "1", "2"}};
    table_.add("orders", epoch, pair, comparison);
  }
  void come_by(std::uint64_t seen, std::uint64_t lost) {
    ByArm<Traffic> traffic;
    traffic[index_of(Arm::legacy)] = {seen, {{std::string(kQueueFull), lost}}};
    table_.add_traffic("orders", "1", traffic, at(1'000));
  }
  MigrationReport in_step() { return judged(table_.counts_in_step("orders")); }
  MigrationReport whole() { return judged(table_.counts("orders")); }
  static MigrationReport judged(MigrationReport report) {
    std::vector<MigrationReport> reports{std::move(report)};
    judge(reports, at(2'000));
    return reports[0];
  }

  DifferenceTable table_;
  bool after_write_ = false;
};

TEST_F(DifferenceTableStep, IsEverythingUntilOneBegins) {
  add("/a", Verdict::match, 1);
  EXPECT_EQ(in_step().judgement.compared, 1U);
  EXPECT_EQ(table_.counts_in_step("nobody").judgement.compared, 0U);
}

TEST_F(DifferenceTableStep, CountsPairsMismatchesTrafficAndKeysSinceItBegan) {
  add("/a", Verdict::match, 1);
  add("/a", Verdict::mismatch, 2);
  add("/b", Verdict::mismatch, 3);
  come_by(10, 2);
  table_.begin_step("orders");
  EXPECT_EQ(in_step().judgement.compared, 0U);
  EXPECT_EQ(in_step().judgement.sampled, 0U);
  add("/a", Verdict::match, 2);
  add("/a", Verdict::mismatch, 2);
  add("/c", Verdict::match, 4);
  come_by(5, 1);
  const MigrationReport report = in_step();
  EXPECT_EQ(report.judgement.compared, 3U);
  EXPECT_EQ(report.judgement.mismatch, 1U);
  EXPECT_EQ(report.judgement.sampled, 4U);
  EXPECT_EQ(report.traffic[index_of(Arm::legacy)].seen, 5U);
  EXPECT_EQ(report.keys[index_of(Arm::legacy)].count(), 2U) << "a key that comes again counts";
  for (const EndpointReport& endpoint : report.endpoints) {
    EXPECT_EQ(endpoint.judgement.is_judged(), endpoint.endpoint != "GET /b") << endpoint.endpoint;
  }
  EXPECT_EQ(whole().judgement.compared, 6U);
  EXPECT_EQ(whole().judgement.mismatch, 3U);
  EXPECT_EQ(whole().keys[index_of(Arm::legacy)].count(), 4U);
  EXPECT_EQ(whole().traffic[index_of(Arm::legacy)].seen, 15U);
}

TEST_F(DifferenceTableStep, MismatchesAfterAWriteAreThoseOfTheStep) {
  after_write_ = true;
  add("/a", Verdict::mismatch, 1);
  table_.begin_step("orders");
  EXPECT_EQ(in_step().traffic[index_of(Arm::legacy)].mismatches_after_write, 0U);
  add("/a", Verdict::mismatch, 1);
  EXPECT_EQ(in_step().traffic[index_of(Arm::legacy)].mismatches_after_write, 1U);
  EXPECT_EQ(whole().traffic[index_of(Arm::legacy)].mismatches_after_write, 2U);
}

TEST_F(DifferenceTableStep, TheNextOneBeginsAnew) {
  add("/a", Verdict::match, 1);
  table_.begin_step("orders");
  add("/a", Verdict::match, 2);
  table_.begin_step("orders");
  EXPECT_EQ(in_step().judgement.compared, 0U);
  add("/a", Verdict::match, 3);
  EXPECT_EQ(in_step().judgement.compared, 1U);
  EXPECT_EQ(whole().keys[index_of(Arm::legacy)].count(), 3U);
}

TEST_F(DifferenceTableStep, WaiversCountInItToo) {
  add("/a", Verdict::mismatch, 1);
  table_.begin_step("orders");
  add("/a", Verdict::mismatch, 1);
  add("/a", Verdict::mismatch, 1, "$.name");
  Waiver waiver;
  std::string problem;
  ASSERT_TRUE(set_path(waiver, "$.price", problem)) << problem;
  MigrationReport report = table_.counts_in_step("orders");
  report.waivers = {waiver};
  report = judged(std::move(report));
  EXPECT_EQ(report.judgement.waived, 1U);
  EXPECT_EQ(report.judgement.mismatch, 1U);
}

TEST_F(DifferenceTableStep, AnotherEpochCountsFromItsOwnBeginning) {
  for (int i = 0; i < 5; ++i) add("/a", Verdict::match, 1);
  table_.begin_step("orders");
  add("/a", Verdict::match, 1, "", Epoch("2"));
  EXPECT_EQ(in_step().judgement.compared, 1U);
  table_.reset("orders", at(1'500));
  EXPECT_EQ(in_step().judgement.compared, 0U);
  add("/a", Verdict::match, 1, "", Epoch("2"));
  EXPECT_EQ(in_step().judgement.compared, 1U);
}

TEST_F(DifferenceTableStep, AnotherEpochThatIsTakenUpHasNothingYetAndNoStragglersEither) {
  add("/a", Verdict::match, 1);
  table_.begin_step("orders");
  table_.take_up("orders", {"1", 0, 1});
  add("/a", Verdict::match, 1);
  EXPECT_EQ(whole().judgement.compared, 2U) << "the same epoch goes on";
  EXPECT_EQ(in_step().judgement.compared, 1U);
  for (const Epoch& next : {Epoch("2", 0, 2), Epoch("2", 7, 3)}) {
    table_.take_up("orders", next);
    EXPECT_EQ(whole().judgement.compared, 0U);
    EXPECT_EQ(in_step().judgement.compared, 0U);
    EXPECT_EQ(table_.counts("orders").epoch, "2");
    add("/a", Verdict::match, 1, "", Epoch("1", 0, 1));
    EXPECT_EQ(whole().judgement.compared, 0U) << "a straggler";
    add("/a", Verdict::match, 1, "", next);
    EXPECT_EQ(whole().judgement.compared, 1U);
  }
}

TEST_F(DifferenceTableStep, StragglersAreLeftOutOfOneThatHadNoneToo) {
  table_.take_up("orders", {"2", 0, 2});
  add("/a", Verdict::match, 1, "", Epoch("1", 0, 1));
  EXPECT_EQ(whole().judgement.compared, 0U);
}

TEST_F(DifferenceTableStep, WhatAnotherEpochHadIsSavedAllTheSame) {
  table_.track_unsaved();
  add("/a", Verdict::match, 1);
  table_.take_up("orders", {"2", 0, 1});
  std::uint64_t superseded = 0;
  const auto records = table_.take_unsaved(superseded);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].epoch, "1");
  EXPECT_EQ(records[0].pairs(), 1U);
}

TEST_F(DifferenceTableStep, WhatIsSavedIsTheWhole) {
  table_.track_unsaved();
  add("/a", Verdict::match, 1);
  table_.begin_step("orders");
  add("/a", Verdict::match, 2);
  std::uint64_t superseded = 0;
  const auto records = table_.take_unsaved(superseded);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].pairs(), 2U);
  EXPECT_EQ(records[0].keys[index_of(Arm::legacy)].count(), 2U);
}

}  // namespace
}  // namespace banyan::shadow
