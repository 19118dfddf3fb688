#include "proxy/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tests/support/seed.h"

namespace banyan::net {
namespace {

constexpr Milliseconds kTick = TimerWheel::kTick;
const SteadyTime kBegin{Milliseconds(1'000'000)};

struct FakeClock {
  SteadyTime now = kBegin;
  TimerWheel wheel{{[](const void* at) { return *static_cast<const SteadyTime*>(at); }, &now}};

  void advance(Milliseconds by) {
    now += by;
    wheel.advance();
  }
};

// A timer that runs a function and remembers when.
struct Alarm {
  explicit Alarm(FakeClock& c) : clock(c), timer(Timer::calling<&Alarm::on_fire>(c.wheel, this)) {}
  void on_fire() {
    fired.push_back(clock.now);
    if (then) then();
  }
  FakeClock& clock;
  std::function<void()> then;
  std::vector<SteadyTime> fired;
  Timer timer;
};

TEST(TimerWheel, IsNeverEarlyAndAtMostOneTickLate) {
  for (int delay = 0; delay < 100; ++delay) {
    FakeClock clock;
    Alarm alarm(clock);
    alarm.timer.set_in(Milliseconds(delay));
    for (int ms = 0; ms < 200 && alarm.fired.empty(); ++ms) clock.advance(Milliseconds(1));
    ASSERT_EQ(alarm.fired.size(), 1U) << delay;
    EXPECT_GE(alarm.fired[0], kBegin + Milliseconds(delay));
    EXPECT_LE(alarm.fired[0], kBegin + Milliseconds(delay) + kTick);
    EXPECT_FALSE(alarm.timer.is_set());
  }
}

// The only timer fires late and sets itself beyond the wheel's reach.
TEST(TimerWheel, ALateTimerThatIsSetFarAheadWaitsThere) {
  constexpr Milliseconds kFar{3'600'000};
  for (int late = 0; late < 5; ++late) {
    FakeClock clock;
    Alarm alarm(clock);
    alarm.then = [&] { alarm.timer.set_in(kFar); };
    alarm.timer.set_in(kTick);
    clock.advance(kTick * (2 + late));
    ASSERT_EQ(alarm.fired.size(), 1U) << late;
    clock.advance(kFar - kTick);
    EXPECT_EQ(alarm.fired.size(), 1U) << late;
    clock.advance(kTick * 2);
    EXPECT_EQ(alarm.fired.size(), 2U) << late;
  }
}

TEST(TimerWheel, FiresOnceForEachSet) {
  FakeClock clock;
  Alarm alarm(clock);
  alarm.timer.set_in(Milliseconds(20));
  clock.advance(Milliseconds(1'000));
  clock.advance(Milliseconds(1'000));
  EXPECT_EQ(alarm.fired.size(), 1U);
}

TEST(TimerWheel, ExtendingMovesTheDeadlineAndShorteningToo) {
  FakeClock clock;
  Alarm alarm(clock);
  alarm.timer.set_in(Milliseconds(100));
  alarm.timer.set_in(Milliseconds(1'000));
  clock.advance(Milliseconds(999));
  EXPECT_TRUE(alarm.fired.empty());
  alarm.timer.set_in(Milliseconds(10));
  clock.advance(Milliseconds(10) + kTick);
  EXPECT_EQ(alarm.fired.size(), 1U);
}

TEST(TimerWheel, AnIdleTimeoutThatEveryRequestPushesBackNeverFires) {
  FakeClock clock;
  Alarm alarm(clock);
  for (int i = 0; i < 5'000; ++i) {
    alarm.timer.set_in(Milliseconds(100));
    clock.advance(Milliseconds(99));
  }
  EXPECT_TRUE(alarm.fired.empty());
  clock.advance(Milliseconds(1) + kTick);
  EXPECT_EQ(alarm.fired.size(), 1U);
}

TEST(TimerWheel, DeadlinesBeyondItsReachWait) {
  FakeClock clock;
  Alarm alarm(clock);
  const Milliseconds far = kTick * TimerWheel::kSlots * 3 + Milliseconds(5);
  alarm.timer.set_in(far);
  clock.advance(far - Milliseconds(1));
  EXPECT_TRUE(alarm.fired.empty());
  clock.advance(Milliseconds(1) + kTick);
  EXPECT_EQ(alarm.fired.size(), 1U);
}

TEST(TimerWheel, ADeadlineInThePastFiresWithTheNextTick) {
  FakeClock clock;
  clock.advance(Milliseconds(5'000));
  Alarm alarm(clock);
  alarm.timer.set(kBegin - Milliseconds(5'000));
  clock.advance(kTick);
  EXPECT_EQ(alarm.fired.size(), 1U);
}

TEST(TimerWheel, ACallbackMayCancelATimerOfTheSameSlot) {
  FakeClock clock;
  Alarm a(clock);
  Alarm b(clock);
  a.then = [&] { b.timer.cancel(); };
  b.then = [&] { a.timer.cancel(); };
  a.timer.set_in(Milliseconds(50));
  b.timer.set_in(Milliseconds(50));
  clock.advance(Milliseconds(100));
  EXPECT_EQ(a.fired.size() + b.fired.size(), 1U);
}

TEST(TimerWheel, ACallbackMayDestroyATimerOfTheSameSlot) {
  FakeClock clock;
  auto a = std::make_unique<Alarm>(clock);
  auto b = std::make_unique<Alarm>(clock);
  int fired = 0;
  a->then = [&] { ++fired, b.reset(); };
  b->then = [&] { ++fired, a.reset(); };
  a->timer.set_in(Milliseconds(50));
  b->timer.set_in(Milliseconds(50));
  clock.advance(Milliseconds(100));
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ACallbackThatSetsItselfAnewFiresOncePerTurn) {
  FakeClock clock;
  Alarm alarm(clock);
  alarm.then = [&] { alarm.timer.set_in(Milliseconds(0)); };
  alarm.timer.set_in(Milliseconds(0));
  clock.advance(kTick);
  EXPECT_EQ(alarm.fired.size(), 1U);
  EXPECT_TRUE(alarm.timer.is_set());
  clock.advance(kTick);
  EXPECT_EQ(alarm.fired.size(), 2U);
}

TEST(TimerWheel, NextIsNothingWithoutATimer) {
  FakeClock clock;
  EXPECT_EQ(clock.wheel.next(), std::nullopt);
  {
    Alarm alarm(clock);
    alarm.timer.set_in(Milliseconds(10));
    EXPECT_NE(clock.wheel.next(), std::nullopt);
  }
  EXPECT_EQ(clock.wheel.next(), std::nullopt);
}

TEST(TimerWheel, ACancelledTimerLeavesItWhenItsSlotComesUp) {
  FakeClock clock;
  Alarm alarm(clock);
  alarm.timer.set_in(Milliseconds(1000));
  alarm.timer.cancel();
  const std::optional<SteadyTime> next = clock.wheel.next();
  ASSERT_TRUE(next);
  EXPECT_GE(*next, kBegin + Milliseconds(1000));
  clock.now = *next;
  clock.wheel.advance();
  EXPECT_TRUE(alarm.fired.empty());
  EXPECT_EQ(clock.wheel.next(), std::nullopt);
}

TEST(TimerWheel, ACancelledTimerThatIsSetAgainFiresAtItsNewDeadlineOnly) {
  for (const int again : {10, 1000, 3000}) {
    FakeClock clock;
    Alarm alarm(clock);
    alarm.timer.set_in(Milliseconds(1000));
    alarm.timer.cancel();
    alarm.timer.set_in(Milliseconds(again));
    for (int ms = 0; ms < 5000; ++ms) clock.advance(Milliseconds(1));
    ASSERT_EQ(alarm.fired.size(), 1U) << again;
    EXPECT_GE(alarm.fired[0], kBegin + Milliseconds(again));
    EXPECT_LE(alarm.fired[0], kBegin + Milliseconds(again) + kTick);
  }
}

TEST(TimerWheel, NextIsWhenTheFirstOneFires) {
  for (int delay = 0; delay < 60'000; delay += 7) {
    FakeClock clock;
    clock.advance(Milliseconds(delay * 3));  // begins at any slot
    Alarm alarm(clock);
    alarm.timer.set_in(Milliseconds(delay));
    const std::optional<SteadyTime> next = clock.wheel.next();
    ASSERT_TRUE(next);
    clock.advance(std::chrono::duration_cast<Milliseconds>(*next - clock.now) - Milliseconds(1));
    ASSERT_TRUE(alarm.fired.empty()) << delay;
    clock.advance(Milliseconds(1));
    ASSERT_EQ(alarm.fired.size(), 1U) << delay;
  }
}

TEST(TimerWheel, SaysWhetherNextMayBeSoonerThanItWas) {
  FakeClock clock;
  Alarm late(clock);
  Alarm soon(clock);
  EXPECT_FALSE(clock.wheel.may_be_sooner());
  late.timer.set_in(Milliseconds(1000));
  EXPECT_TRUE(clock.wheel.may_be_sooner());
  EXPECT_NE(clock.wheel.next(), std::nullopt);
  EXPECT_FALSE(clock.wheel.may_be_sooner());
  late.timer.set_in(Milliseconds(2000));  // later than what was told
  EXPECT_FALSE(clock.wheel.may_be_sooner());
  soon.timer.set_in(Milliseconds(100));
  EXPECT_TRUE(clock.wheel.may_be_sooner());
  EXPECT_NE(clock.wheel.next(), std::nullopt);
  soon.timer.cancel();
  EXPECT_FALSE(clock.wheel.may_be_sooner());
}

// Nothing advances a wheel that waits for nothing: the first timer after a long silence must not
// make it walk through all of it.
TEST(TimerWheel, ALongSilenceCostsNothing) {
  FakeClock clock;
  clock.now += std::chrono::hours(24 * 365);
  Alarm alarm(clock);
  const SteadyTime set_at = clock.now;
  alarm.timer.set_in(Milliseconds(100));
  ASSERT_TRUE(clock.wheel.next());
  EXPECT_GE(*clock.wheel.next(), set_at + Milliseconds(100));
  EXPECT_LE(*clock.wheel.next(), set_at + Milliseconds(100) + kTick);
}

// ---- against a naive model --------------------------------------------------------------------

struct Model {
  std::optional<SteadyTime> deadline;
  SteadyTime set_at;
};

TEST(TimerWheel, BehavesAsANaiveModel) {
  auto random = test::seeded_random();
  const auto draw = [&](int n) {
    return static_cast<int>(random() % static_cast<std::uint64_t>(n));
  };
  FakeClock clock;
  constexpr std::size_t kTimers = 40;
  std::vector<std::unique_ptr<Alarm>> alarms;
  std::vector<Model> models(kTimers);
  for (std::size_t i = 0; i < kTimers; ++i) {
    alarms.push_back(std::make_unique<Alarm>(clock));
    alarms[i]->then = [&, i] {
      ASSERT_TRUE(models[i].deadline);
      EXPECT_GE(clock.now, *models[i].deadline);
      models[i].deadline.reset();
      if (draw(4) != 0) return;
      models[i] = {clock.now + Milliseconds(draw(300)), clock.now};
      alarms[i]->timer.set(*models[i].deadline);
    };
  }
  for (int step = 0; step < 60'000; ++step) {
    const auto i = static_cast<std::size_t>(draw(kTimers));
    switch (draw(6)) {
      case 0:
        alarms[i]->timer.cancel();
        models[i].deadline.reset();
        break;
      case 1:
      case 2:
        models[i] = {clock.now + Milliseconds(draw(draw(20) == 0 ? 200'000 : 500)), clock.now};
        alarms[i]->timer.set(*models[i].deadline);
        break;
      default:
        clock.advance(Milliseconds(draw(draw(50) == 0 ? 100'000 : 20)));
        for (std::size_t k = 0; k < kTimers; ++k) {
          ASSERT_EQ(alarms[k]->timer.is_set(), models[k].deadline.has_value());
          if (models[k].deadline) {
            ASSERT_LT(clock.now, *models[k].deadline + kTick);
          }
        }
    }
  }
}

}  // namespace
}  // namespace banyan::net
