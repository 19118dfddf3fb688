#include "proxy/control/ramps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temp_dir.h"

namespace banyan::control {
namespace {

using routing::kEverybody;
using routing::kNobody;
using routing::RampFacts;
using routing::Share;
using routing::Wait;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Share kFirst{1'000};
constexpr Share kSecond{50'000};

class RampsTest : public testing::Test {
 protected:
  RampsTest() {
    add("orders", "shop");
    snapshot_.migrations[0].ramp = {{kFirst, kSecond, kEverybody}, Milliseconds(10'000)};
    add("cart", "shop");
    add("search", "search");
    facts_.ready = facts_.passed = true;
    EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  }

  void add(const std::string& name, const std::string& flag) {
    config::Migration& made = snapshot_.migrations.emplace_back();
    made.name = name;
    made.flag = flag;
  }
  auto& steps() { return snapshot_.migrations[0].ramp->steps; }
  const Ramp& ramp() { return *ramps_.find("shop"); }
  std::vector<Ramps::Move> look(Milliseconds later = Milliseconds(1'000)) {
    return look(ramps_, later);
  }
  std::vector<Ramps::Move> look(Ramps& ramps, Milliseconds later = Milliseconds(1'000)) {
    return ramps.look({[this](const Ramp& r) { begun_.push_back(r.state.at); },
                       [this](const Ramp&) { return facts_; }},
                      now_ += later);
  }
  // The steps that begin with the first look after a restart.
  std::vector<Share> begun_after_a_restart() {
    Ramps again(file());
    EXPECT_FALSE(again.load(WallTime{}));
    EXPECT_THAT(again.adopt(snapshot_, now_), IsEmpty());
    begun_.clear();
    look(again);
    return begun_;
  }
  // Enters what is due.
  void go_on() {
    const auto moves = look();
    ASSERT_THAT(moves, SizeIs(1));
    ramps_.enter(moves[0].flag, moves[0].to, now_);
  }
  void go_on_after_the_hold() {
    look();
    look(ramp().settings.hold - Milliseconds(1'000));
    go_on();
  }
  Author ann() { return {"ann", "why", WallTime{}}; }
  std::string file() { return dir_.file("ramps.json"); }

  TempDir dir_;
  config::Snapshot snapshot_;
  Ramps ramps_{file()};
  RampFacts facts_;
  std::vector<Share> begun_;
  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
};

TEST_F(RampsTest, AllMigrationsOfTheFlagAreItsGates) {
  EXPECT_THAT(ramp().gates, ElementsAre(RampGate{"orders", ""}, RampGate{"cart", ""}));
  EXPECT_EQ(ramps_.find("search"), nullptr);
}

TEST_F(RampsTest, BeginsAtNobodyWithAllThatIsKnown) {
  facts_.ready = false;
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(ramp().wait, Wait::readiness);
  facts_.ready = true;
  go_on();
  EXPECT_EQ(ramp().state.at, kFirst);
  EXPECT_THAT(begun_, IsEmpty());
}

TEST_F(RampsTest, GoesOnWhenTheHoldIsOver) {
  go_on();
  for (int i = 0; i < 9; ++i) EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(ramp().wait, Wait::hold);
  const auto moves = look();
  ASSERT_THAT(moves, SizeIs(1));
  EXPECT_EQ(moves[0].to, kSecond);
}

TEST_F(RampsTest, WhatCameBeforeAStepBeganCountsNoMore) {
  go_on();
  look();
  EXPECT_THAT(begun_, ElementsAre(kFirst));
  look();
  EXPECT_THAT(begun_, SizeIs(1));
}

TEST_F(RampsTest, ThePausedTimeIsNotHeld) {
  go_on();
  look();
  ramps_.pause("shop", ann(), now_ += Milliseconds(500));
  facts_.paused = true;
  look(Milliseconds(100'000));
  EXPECT_EQ(ramp().state.held, Milliseconds(1'500));
  EXPECT_FALSE(ramps_.due());
  ramps_.resume("shop", now_);
  facts_.paused = false;
  look();
  EXPECT_EQ(ramp().wait, Wait::hold);
  look();
  EXPECT_EQ(ramp().state.held, Milliseconds(2'500));
  EXPECT_FALSE(ramp().paused);
}

TEST_F(RampsTest, IsLookedAtWhenTheHoldIsOverAndThenOften) {
  go_on();
  EXPECT_EQ(ramps_.due(), SteadyTime{}) << "at once, since it was moved";
  look();
  EXPECT_EQ(*ramps_.due(), now_ + Milliseconds(9'000));
  facts_.ready = false;
  look(Milliseconds(9'000));
  EXPECT_EQ(ramp().wait, Wait::readiness);
  EXPECT_EQ(*ramps_.due(), now_ + kRampPause);
}

TEST_F(RampsTest, NobodyWaitsForAFinishedOne) {
  go_on();
  go_on_after_the_hold();
  go_on_after_the_hold();
  EXPECT_EQ(ramp().state.at, kEverybody);
  EXPECT_THAT(look(Milliseconds(100'000)), IsEmpty());
  EXPECT_EQ(ramp().wait, Wait::finished);
  EXPECT_FALSE(ramps_.due());
  ramps_.stir();
  EXPECT_TRUE(ramps_.due());
}

TEST_F(RampsTest, WithoutARampNothingIsDueAndNoFileIsWritten) {
  snapshot_.migrations[0].ramp.reset();
  Ramps none(file());
  EXPECT_THAT(none.adopt(snapshot_, now_), IsEmpty());
  EXPECT_FALSE(none.due());
  EXPECT_TRUE(none.save_changes());
  EXPECT_EQ(dir_.files(), 0U);
}

TEST_F(RampsTest, ATripTakesItBackAndTheStepAfterItBeginsWithTheRearming) {
  go_on();
  go_on_after_the_hold();
  facts_.latched = facts_.tripped = true;
  const auto moves = look();
  ASSERT_THAT(moves, SizeIs(1));
  EXPECT_EQ(moves[0].to, kNobody);
  ramps_.enter("shop", kNobody, now_);
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(ramp().wait, Wait::latched);
  facts_.latched = facts_.tripped = false;
  begun_.clear();
  look();
  EXPECT_THAT(begun_, ElementsAre(kNobody));
}

TEST_F(RampsTest, WhatCameBeforeARearmingCountsNoMoreAfterARestartEither) {
  go_on();
  facts_.latched = facts_.tripped = true;
  ASSERT_THAT(look(), SizeIs(1));
  ramps_.enter("shop", kNobody, now_);
  ASSERT_TRUE(ramps_.save());
  look();
  facts_.latched = facts_.tripped = false;
  facts_.ready = false;
  look();
  EXPECT_THAT(begun_after_a_restart(), ElementsAre(kNobody));
  EXPECT_THAT(begun_after_a_restart(), ElementsAre(kNobody)) << "however often it starts";
}

TEST_F(RampsTest, WhatCameBeforeARearmingAtNobodyCountsNoMoreAfterARestartEither) {
  facts_.latched = true;
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_THAT(dir_.read("ramps.json"), HasSubstr("\"begins_anew\": true"));
  facts_.latched = facts_.ready = false;
  look();
  EXPECT_THAT(begun_after_a_restart(), ElementsAre(kNobody));
}

TEST_F(RampsTest, AllThatIsKnownCountsForOneThatNeverBeganAfterARestartToo) {
  facts_.ready = false;
  look();
  ASSERT_TRUE(ramps_.save());
  EXPECT_THAT(begun_after_a_restart(), IsEmpty());
}

TEST_F(RampsTest, BeginsAnewOnceAndThenGoesOn) {
  go_on();
  ramps_.enter("shop", kNobody, now_);
  look();
  EXPECT_TRUE(ramp().begins_anew);
  go_on();
  EXPECT_FALSE(ramp().begins_anew);
}

TEST_F(RampsTest, AFlagThatIsDisabledTakesItBackAndItBeginsAnewWhenThatIsOver) {
  go_on();
  look();
  facts_.disabled = true;
  const auto moves = look();
  ASSERT_THAT(moves, SizeIs(1));
  EXPECT_EQ(moves[0].to, kNobody);
  ramps_.enter("shop", kNobody, now_);
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(ramp().wait, Wait::disabled);
  EXPECT_FALSE(ramps_.due()) << "nothing to look at until somebody does something";
  facts_.disabled = facts_.ready = false;
  begun_.clear();
  look();
  EXPECT_THAT(begun_, ElementsAre(kNobody));
  EXPECT_EQ(ramp().state.at, kNobody);
  ASSERT_TRUE(ramps_.save());
  EXPECT_THAT(begun_after_a_restart(), ElementsAre(kNobody));
}

TEST_F(RampsTest, AFlagThatIsDisabledIsAtNobodyAtOnce) {
  go_on();
  FlagView view;
  view.name = "shop";
  auto off = std::make_shared<routing::FlagDefinition>();
  off->enabled = false;
  view.definition = off;
  view.source = "flags.json";
  view.origin = routing::FlagOrigin::source;
  apply_ramps(ramps_.all(), view);
  EXPECT_EQ(view.share, kNobody);
  EXPECT_EQ(view.origin, routing::FlagOrigin::source);
  EXPECT_EQ(view.ramp, kFirst);
  view.run_time = RunTimeFlag{Share{7}, {}, {}};
  view.share = Share{7};
  apply_ramps(ramps_.all(), view);
  EXPECT_EQ(view.share, Share{7});
}

TEST_F(RampsTest, ARollbackByHandLeavesItInItsStepWhichBeginsAnew) {
  go_on();
  look();
  look(Milliseconds(8'000));
  facts_.latched = true;
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(ramp().state.at, kFirst);
  facts_.latched = false;
  begun_.clear();
  look(Milliseconds(100'000));
  EXPECT_THAT(begun_, ElementsAre(kFirst));
  EXPECT_EQ(ramp().wait, Wait::hold);
  EXPECT_EQ(ramp().state.held, Milliseconds(0));
}

TEST_F(RampsTest, AStepBeginsAnewAfterAValueThatWasSetAtRunTime) {
  go_on();
  look();
  look(Milliseconds(8'000));
  facts_.overridden = true;
  look();
  facts_.overridden = false;
  begun_.clear();
  look();
  EXPECT_THAT(begun_, ElementsAre(kFirst));
  EXPECT_EQ(ramp().state.held, Milliseconds(0));
}

TEST_F(RampsTest, IsInTheSameStepAfterARestartWithWhatItWasHeld) {
  go_on();
  go_on_after_the_hold();
  look();
  look(Milliseconds(4'000));
  ASSERT_TRUE(ramps_.save_held(now_ += Milliseconds(500)));
  Ramps again(file());
  EXPECT_FALSE(again.load(WallTime{}));
  EXPECT_THAT(again.adopt(snapshot_, now_), IsEmpty());
  EXPECT_EQ(again.find("shop")->state.at, kSecond);
  EXPECT_EQ(again.find("shop")->state.held, Milliseconds(5'500));
  // Its evidence is not known any more.
  EXPECT_TRUE(again.find("shop")->is_fresh);
}

TEST_F(RampsTest, WhatIsHeldIsSavedOnceInAWhile) {
  snapshot_.migrations[0].ramp->hold = Milliseconds(1'000'000);
  EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  go_on();
  ASSERT_TRUE(ramps_.save());
  look();
  EXPECT_THAT(dir_.read("ramps.json"), HasSubstr("\"held_ms\": 0,"));
  look(kRampHeldPause);
  EXPECT_THAT(dir_.read("ramps.json"), HasSubstr("\"held_ms\": 61000"));
}

TEST_F(RampsTest, APauseSurvivesARestartWithItsAuthor) {
  ramps_.pause("shop", ann(), now_);
  ASSERT_TRUE(ramps_.save());
  Ramps again(file());
  EXPECT_FALSE(again.load(WallTime{}));
  EXPECT_THAT(again.adopt(snapshot_, now_), IsEmpty());
  ASSERT_TRUE(again.find("shop")->paused);
  EXPECT_EQ(again.find("shop")->paused->who, "ann");
  EXPECT_EQ(again.find("shop")->paused->reason, "why");
}

TEST_F(RampsTest, AReloadThatChangesNothingOfItLeavesIt) {
  go_on();
  look();
  look(Milliseconds(3'000));
  EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  EXPECT_EQ(ramp().state.held, Milliseconds(4'000));
  EXPECT_FALSE(ramp().is_fresh);
}

TEST_F(RampsTest, ANewEpochOfAGateBeginsTheStepAnew) {
  go_on();
  look();
  look(Milliseconds(3'000));
  snapshot_.migrations[1].epoch = "2";
  EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  EXPECT_EQ(ramp().state.at, kFirst);
  EXPECT_EQ(ramp().state.held, Milliseconds(0));
  EXPECT_TRUE(ramp().is_fresh);
}

TEST_F(RampsTest, OtherStepsMoveNobodyBackUnlessTheyEndLower) {
  go_on();
  go_on_after_the_hold();
  steps() = {Share{10'000}, Share{50'001}};
  EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  EXPECT_EQ(ramp().state.at, kSecond);
  EXPECT_EQ(ramp().step(), 1U);
  steps() = {Share{10'000}, Share{20'000}};
  const auto lowered = ramps_.adopt(snapshot_, now_);
  ASSERT_THAT(lowered, SizeIs(1));
  EXPECT_EQ(lowered[0].state.at, kSecond);
  EXPECT_EQ(ramp().state.at, Share{20'000});
}

TEST_F(RampsTest, OneThatIsTakenOutOfTheConfigurationIsForgotten) {
  go_on();
  ASSERT_TRUE(ramps_.save());
  const auto ramp = snapshot_.migrations[0].ramp;
  snapshot_.migrations[0].ramp.reset();
  EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  ASSERT_TRUE(ramps_.save_changes());
  snapshot_.migrations[0].ramp = ramp;
  Ramps again(file());
  EXPECT_FALSE(again.load(WallTime{}));
  EXPECT_THAT(again.adopt(snapshot_, now_), IsEmpty());
  EXPECT_EQ(again.find("shop")->state.at, kNobody);
}

TEST_F(RampsTest, ItIsTheFlagsWhicheverMigrationHasIt) {
  go_on();
  std::swap(snapshot_.migrations[0].ramp, snapshot_.migrations[1].ramp);
  EXPECT_THAT(ramps_.adopt(snapshot_, now_), IsEmpty());
  EXPECT_EQ(ramp().state.at, kFirst);
}

TEST_F(RampsTest, AnUnreadableListMeansNobodyAndPausedAndIsKept) {
  int n = 0;
  for (const char* text :
       {"{", "[]", "{}", R"({"ramps": []})", R"({"ramps": {"shop": {}}})",
        R"({"ramps": {"shop": {"millipercent": 100001, "held_ms": 0, "paused": null}}})",
        R"({"ramps": {"shop": {"millipercent": -1, "held_ms": 0, "paused": null}}})",
        R"({"ramps": {"shop": {"millipercent": 1, "held_ms": -1, "paused": null}}})",
        R"({"ramps": {"shop": {"millipercent": 1, "held_ms": 18446744073709551615}}})",
        R"({"ramps": {"shop": {"millipercent": 1, "held_ms": 0, "paused": true}}})"}) {
    dir_.write("ramps.json", text);
    Ramps ramps(file());
    const auto problem = ramps.load(WallTime{});
    ASSERT_TRUE(problem) << text;
    EXPECT_THAT(*problem, HasSubstr("every ramp is at 0 % and paused"));
    EXPECT_EQ(dir_.read("ramps.json.unreadable." + std::to_string(++n)), text);
    // Also where it is killed before anything else is written.
    Ramps again(file());
    EXPECT_FALSE(again.load(WallTime{})) << text;
    for (Ramps* const at : {&ramps, &again}) {
      EXPECT_THAT(at->adopt(snapshot_, now_), IsEmpty());
      EXPECT_EQ(at->find("shop")->state.at, kNobody) << text;
      EXPECT_TRUE(at->find("shop")->paused) << text;
    }
  }
}

TEST_F(RampsTest, AFlagIsWhereItsRampIsUnlessAValueWasSet) {
  go_on();
  std::vector<FlagView> views(2);
  views[0].name = "shop";
  views[1].name = "search";
  apply_ramps(ramps_.all(), views);
  EXPECT_EQ(views[0].share, kFirst);
  EXPECT_EQ(views[0].origin, routing::FlagOrigin::ramp);
  EXPECT_EQ(views[1].origin, routing::FlagOrigin::none);
  EXPECT_FALSE(views[1].ramp);
  views[0].run_time = RunTimeFlag{Share{7}, {}, {}};
  views[0].share = Share{7};
  views[0].origin = routing::FlagOrigin::run_time;
  apply_ramps(ramps_.all(), views);
  EXPECT_EQ(views[0].share, Share{7});
  EXPECT_EQ(views[0].origin, routing::FlagOrigin::run_time);
  EXPECT_TRUE(views[0].overridden());
  views[0].run_time->share = kFirst;
  EXPECT_FALSE(views[0].overridden());
}

TEST_F(RampsTest, ARuleCountsForNothingBelowARamp) {
  FlagView view;
  view.name = "shop";
  auto rule = std::make_shared<routing::FlagDefinition>();
  rule->enabled = true;
  view.definition = rule;
  apply_ramps(ramps_.all(), view);
  EXPECT_FALSE(view.is_by_rule());
}

TEST_F(RampsTest, WhatKeepsItFromEverGoingOnIsSaid) {
  std::vector<FlagView> views(1);
  views[0].name = "shop";
  views[0].configured = Share{5'000};
  apply_ramps(ramps_.all(), views);
  auto texts = warnings_of(ramps_.all(), views, snapshot_);
  ASSERT_THAT(texts, SizeIs(3));
  EXPECT_THAT(texts[0], HasSubstr("migration orders: has no shadow"));
  EXPECT_THAT(texts[1], HasSubstr("migration cart: has no shadow"));
  EXPECT_THAT(texts[2], HasSubstr("the 5 % of `flags` counts for nothing"));
  for (auto& m : snapshot_.migrations) m.shadow.emplace();
  views[0].configured = kNobody;
  EXPECT_THAT(warnings_of(ramps_.all(), views, snapshot_), IsEmpty());
  views[0].source = "flags.json";
  EXPECT_THAT(warnings_of(ramps_.all(), views, snapshot_),
              ElementsAre(HasSubstr("the 0 % of flags.json counts for nothing")));
  auto off = std::make_shared<routing::FlagDefinition>();
  off->enabled = false;
  views[0].definition = off;
  EXPECT_THAT(warnings_of(ramps_.all(), views, snapshot_),
              ElementsAre(HasSubstr("is DISABLED in flags.json, so its ramp stays at 0 %")));
  views.clear();
  snapshot_.migrations[0].shadow->to_monolith = false;
  snapshot_.migrations[1].readiness.shadow = Arm::legacy;
  texts = warnings_of(ramps_.all(), views, snapshot_);
  ASSERT_THAT(texts, SizeIs(2));
  EXPECT_THAT(texts[0], HasSubstr("no shadow in readiness.direction"));
  EXPECT_THAT(texts[1], HasSubstr("readiness.direction to_legacy"));
}

}  // namespace
}  // namespace banyan::control
