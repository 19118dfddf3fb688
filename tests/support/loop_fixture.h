// tests/support/loop_fixture.h: a real loop, driven by the test's own thread.
//
// Nothing sleeps: run_until() turns the loop until what the test waits for has happened, and gives
// up after kGiveUp. Peers are raw sockets of the same thread (scripted_peer.h).
#pragma once

#include <gtest/gtest.h>
#include <uv.h>

#include <chrono>

#include "proxy/net/loop.h"
#include "proxy/net/signals.h"

namespace banyan::test {

inline constexpr Milliseconds kGiveUp{10'000};

// As the process does.
inline const bool kWriteFaultsAreErrors = (net::Signals::make_write_faults_errors(), true);

// Keeps the loop from waiting longer than a tick, so that a condition of the test is looked at.
class Ticking {
 public:
  explicit Ticking(net::Loop& loop)
      : timer_(net::Timer::calling<&Ticking::on_tick>(loop.timers(), this)) {
    on_tick();
  }

 private:
  void on_tick() { timer_.set_in(net::TimerWheel::kTick); }
  net::Timer timer_;
};

inline void turn(net::Loop& loop) { uv_run(loop.uv(), UV_RUN_NOWAIT); }

template <class Condition>
[[nodiscard]] bool run_until(net::Loop& loop, Condition condition) {
  const Ticking ticking(loop);
  const auto give_up = std::chrono::steady_clock::now() + kGiveUp;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    uv_run(loop.uv(), UV_RUN_ONCE);
  }
  return true;
}

// For what must not happen: as long as a slow peer would take.
inline void run_for(net::Loop& loop, Milliseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  (void)run_until(loop, [&] { return std::chrono::steady_clock::now() > end; });
}

class LoopTest : public ::testing::Test {
 protected:
  template <class Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    return test::run_until(loop, condition);
  }
  void turn() { test::turn(loop); }

  net::Loop loop;
};

}  // namespace banyan::test
