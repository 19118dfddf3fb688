#include "proxy/net/loop.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loop_fixture.h"

namespace banyan::net {
namespace {

struct Writer final : Flushable {
  explicit Writer(std::function<void()> w) : what(std::move(w)) {}
  void flush() override { what(); }
  std::function<void()> what;
};

struct Waiter final : AfterFlush {
  explicit Waiter(std::function<void()> w) : what(std::move(w)) {}
  void on_flushed() override { what(); }
  std::function<void()> what;
};

// ---- FlushList --------------------------------------------------------------------------------

TEST(FlushList, FlushesInTheOrderOfAddingAndEachOnce) {
  FlushList list;
  std::string order;
  Writer a([&] { order += 'a'; });
  Writer b([&] { order += 'b'; });
  list.add(b);
  list.add(a);
  list.add(b);
  list.run();
  EXPECT_EQ(order, "ba");
  EXPECT_TRUE(list.empty());
  list.run();
  EXPECT_EQ(order, "ba");
}

TEST(FlushList, WhatAFlushAddsIsFlushedInTheSameRun) {
  FlushList list;
  std::string order;
  Writer a([&] { order += 'a'; });
  Writer b([&] {
    order += 'b';
    list.add(a);
    if (order.size() < 4) list.add(b);
  });
  list.add(b);
  list.run();
  EXPECT_EQ(order, "bababa");
}

TEST(FlushList, ARemovedOneIsNotFlushed) {
  FlushList list;
  std::string order;
  Writer b([&] { order += 'b'; });
  Writer a([&] {
    order += 'a';
    list.remove(b);
  });
  list.add(a);
  list.add(b);
  list.run();
  EXPECT_EQ(order, "a");
  list.add(b);
  list.run();
  EXPECT_EQ(order, "ab");
}

// ---- Loop -------------------------------------------------------------------------------------

class LoopOrder : public test::LoopTest {};

TEST_F(LoopOrder, PrimaryWritesComeBeforeWhatWaitsForThemAndShadowWritesLast) {
  std::string order;
  Writer primary([&] { order += 'p'; });
  Writer shadow([&] { order += 's'; });
  Waiter waiter([&] { order += 'w'; });
  loop.flush_list(Role::shadow).add(shadow);
  loop.after_flush(waiter);
  loop.flush_list(Role::primary).add(primary);
  turn();
  EXPECT_EQ(order, "pws");
}

TEST_F(LoopOrder, AWaiterIsToldOnceAndNotAfterItCancelled) {
  int told = 0;
  Waiter waiter([&] { ++told; });
  loop.after_flush(waiter);
  loop.after_flush(waiter);
  turn();
  EXPECT_EQ(told, 1);
  loop.after_flush(waiter);
  loop.cancel_after_flush(waiter);
  loop.cancel_after_flush(waiter);
  turn();
  EXPECT_EQ(told, 1);
}

TEST_F(LoopOrder, AWaiterMayCancelTheNextOneAndWaitAgainItself) {
  std::string order;
  Waiter b([&] { order += 'b'; });
  Waiter a([&] {
    order += 'a';
    loop.cancel_after_flush(b);
    loop.after_flush(a);
  });
  loop.after_flush(a);
  loop.after_flush(b);
  ASSERT_TRUE(run_until([&] { return order.size() >= 2; }));
  EXPECT_EQ(order, "aa");
  loop.cancel_after_flush(a);
}

TEST_F(LoopOrder, ObjectsEndAfterTheWritesOfTheIteration) {
  struct Object final : Deferrable {
    explicit Object(std::string& o) : order(o) {}
    ~Object() override { order += 'd'; }
    std::string& order;
  };
  std::string order;
  Writer writer([&] { order += 'w'; });
  loop.post([&] {
    loop.defer_delete(std::make_unique<Object>(order));
    loop.flush_list(Role::primary).add(writer);
    order += 't';
  });
  ASSERT_TRUE(run_until([&] { return order.size() == 3; }));
  EXPECT_EQ(order, "twd");
}

TEST_F(LoopOrder, TasksRunInTheOrderOfPostingAndOneFromATaskInALaterIteration) {
  std::string order;
  Writer writer([&] { order += 'w'; });
  loop.post([&] {
    order += 'a';
    loop.flush_list(Role::primary).add(writer);
    loop.post([&] { order += 'c'; });
  });
  loop.post([&] { order += 'b'; });
  ASSERT_TRUE(run_until([&] { return order.size() == 4; }));
  EXPECT_EQ(order, "abwc");
}

TEST_F(LoopOrder, TasksOfOneThreadStayInOrderWhileOthersPost) {
  constexpr int kTasks = 2'000;
  std::vector<std::vector<int>> seen(3);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([this, &mine] {
      for (int i = 0; i < kTasks; ++i) loop.post([&mine, i] { mine.push_back(i); });
    });
  }
  EXPECT_TRUE(run_until(
      [&] { return seen[0].size() + seen[1].size() + seen[2].size() == std::size_t{3 * kTasks}; }));
  for (std::thread& t : threads) t.join();
  for (const auto& mine : seen) {
    for (int i = 0; i < kTasks; ++i) ASSERT_EQ(mine[static_cast<std::size_t>(i)], i);
  }
}

TEST_F(LoopOrder, TimersFireOnTheLoop) {
  struct Alarm {
    explicit Alarm(Loop& l) : timer(Timer::calling<&Alarm::fire>(l.timers(), this)) {}
    void fire() { fired = true; }
    Timer timer;
    bool fired = false;
  };
  Alarm alarm(loop);
  const auto begin = std::chrono::steady_clock::now();
  alarm.timer.set_in(Milliseconds(40));
  ASSERT_TRUE(run_until([&] { return alarm.fired; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Milliseconds(39));
}

TEST(Loop, DestroysTasksThatWerePostedAfterTheEnd) {
  auto kept = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([kept] { FAIL(); });
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

struct Alarm {
  explicit Alarm(Loop& loop, std::function<void()> w)
      : timer(Timer::calling<&Alarm::ring>(loop.timers(), this)), what(std::move(w)) {}
  void ring() { what(); }
  Timer timer;
  std::function<void()> what;
};

// An iteration so long that a timer which is set in it is due at its end.
TEST(Loop, WritesBeforeATimerFiresThatWasSetAfterwards) {
  Loop loop;
  std::string order;
  Alarm clock_is_armed(loop, [] {});
  Alarm late(loop, [&] {
    order += 't';
    loop.stop();
  });
  Writer writer([&] { order += 'w'; });
  clock_is_armed.timer.set_in(Milliseconds(0));
  loop.post([&] {
    loop.flush_list(Role::primary).add(writer);
    late.timer.set_in(Milliseconds(0));
    const SteadyTime until = std::chrono::steady_clock::now() + 4 * TimerWheel::kTick;
    while (std::chrono::steady_clock::now() < until) continue;
  });
  loop.run();
  EXPECT_EQ(order, "wt");
}

}  // namespace
}  // namespace banyan::net
