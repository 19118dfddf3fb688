// The clocks: when a changed file is loaded, and how a process ends.
#include <gtest/gtest.h>

#include "proxy/control/change_watch.h"
#include "proxy/control/drain_sequence.h"

namespace banyan::control {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime{} + 100s;

TEST(ChangeWatch, LooksAtPollsWhereNoEventComes) {
  ChangeWatch watch(200ms, 10s, "old", kStart);
  EXPECT_EQ(watch.due(), kStart + 10s);
  EXPECT_FALSE(watch.on_look("old", kStart + 10s));
  EXPECT_EQ(watch.due(), kStart + 20s);
}

TEST(ChangeWatch, LoadsWhatWasSeenTwice) {
  ChangeWatch watch(200ms, 10s, "old", kStart);
  watch.on_event(kStart + 1s);
  EXPECT_EQ(watch.due(), kStart + 1200ms);
  EXPECT_FALSE(watch.on_look("half", kStart + 1200ms));
  EXPECT_EQ(watch.due(), kStart + 1400ms);
  EXPECT_FALSE(watch.on_look("whole", kStart + 1400ms));
  EXPECT_TRUE(watch.on_look("whole", kStart + 1600ms));
  EXPECT_FALSE(watch.on_look("whole", kStart + 11600ms));
}

TEST(ChangeWatch, ForgetsWhatWentBack) {
  ChangeWatch watch(200ms, 10s, "old", kStart);
  EXPECT_FALSE(watch.on_look("new", kStart));
  EXPECT_FALSE(watch.on_look("old", kStart));
  EXPECT_FALSE(watch.on_look("new", kStart));
  EXPECT_TRUE(watch.on_look("new", kStart));
}

TEST(ChangeWatch, ABadFileIsTakenOnceOnly) {
  ChangeWatch watch(200ms, 10s, "old", kStart);
  EXPECT_FALSE(watch.on_look("bad", kStart));
  EXPECT_TRUE(watch.on_look("bad", kStart));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(watch.on_look("bad", kStart + i * 10s));
}

TEST(ChangeWatch, AStreamOfEventsPutsALookOffForALimitedTime) {
  ChangeWatch watch(200ms, 10s, "old", kStart);
  SteadyTime now = kStart;
  for (; now < watch.due(); now += 100ms) watch.on_event(now);
  EXPECT_LE(now, kStart + 200ms * ChangeWatch::kPutOffMax + 100ms);
}

TEST(ChangeWatch, WhatACommandLoadedIsNotLoadedAgain) {
  ChangeWatch watch(200ms, 10s, "old", kStart);
  watch.on_event(kStart);
  watch.on_loaded("new", kStart);
  EXPECT_FALSE(watch.on_look("new", kStart + 200ms));
  EXPECT_FALSE(watch.on_look("new", kStart + 400ms));
}

using Stage = DrainSequence::Stage;
using Act = DrainSequence::Act;

TEST(DrainSequence, ASignalDrainsAndLeavesAfterTheDelay) {
  DrainSequence ending;
  EXPECT_TRUE(ending.ready());
  EXPECT_EQ(ending.terminate(kStart, 5s), Act::start_drain);
  EXPECT_FALSE(ending.ready());
  EXPECT_EQ(ending.due(), kStart + 5s);
  ending.stopping();
  EXPECT_EQ(ending.due(), std::nullopt);
  ending.stopped();
  EXPECT_EQ(ending.stage(), Stage::over);
}

TEST(DrainSequence, AReloadIsTakenUntilItStops) {
  DrainSequence ending;
  EXPECT_TRUE(ending.may_reload());
  EXPECT_EQ(ending.drain(kStart), Act::start_drain);
  EXPECT_TRUE(ending.may_reload());
  EXPECT_EQ(ending.terminate(kStart, 5s), Act::nothing);
  EXPECT_TRUE(ending.may_reload());
  ending.stopping();
  EXPECT_FALSE(ending.may_reload());
  ending.stopped();
  EXPECT_FALSE(ending.may_reload());
}

TEST(DrainSequence, TheDelayCountsFromTheDrain) {
  DrainSequence ending;
  EXPECT_EQ(ending.drain(kStart), Act::start_drain);
  EXPECT_EQ(ending.drain(kStart + 1s), Act::nothing);
  EXPECT_EQ(ending.due(), std::nullopt);
  EXPECT_EQ(ending.terminate(kStart + 3s, 5s), Act::nothing);
  EXPECT_EQ(ending.due(), kStart + 5s);
}

TEST(DrainSequence, ALongDrainLeavesAtOnce) {
  DrainSequence ending;
  EXPECT_EQ(ending.drain(kStart), Act::start_drain);
  EXPECT_EQ(ending.terminate(kStart + 1h, 5s), Act::nothing);
  EXPECT_EQ(ending.due(), kStart + 1h);
}

TEST(DrainSequence, TheSecondSignalEndsAtOnceInEveryStage) {
  DrainSequence ending;
  EXPECT_EQ(ending.terminate(kStart, 5s), Act::start_drain);
  EXPECT_EQ(ending.terminate(kStart, 5s), Act::exit_at_once);
  ending.stopping();
  EXPECT_EQ(ending.terminate(kStart, 5s), Act::exit_at_once);
}

}  // namespace
}  // namespace banyan::control
