// proxy/comparison/cpu_budget.h: how much of a core a comparison thread gives to a migration. Pure.
//
// A purse of CPU time that fills by `share` of the time that passes. What is over may be spent
// before it is known: then the purse is in debt until time has paid for it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace banyan::comparison {

class CpuBudget {
 public:
  // What is not used is kept for so long.
  static constexpr std::chrono::seconds kSaved{10};

  // Whether there is something left. `share`: 0 to 1. `now` never goes back. Full at first.
  [[nodiscard]] bool has_some(double share, SteadyTime now);
  void spend(std::chrono::nanoseconds used) { left_ -= Seconds(used); }

 private:
  using Seconds = std::chrono::duration<double>;
  bool has_begun_ = false;
  SteadyTime filled_at_{};
  Seconds left_{0};
};

// The purses of one thread, by migration. Asking for the thread's CPU time costs as much as a small
// comparison does, so it is asked once for a batch of them, and shared out by how long each took.
class CpuMeter {
 public:
  // Used by the calling thread since it began.
  using Clock = std::chrono::nanoseconds (*)();
  explicit CpuMeter(Clock clock) : clock_(clock) {}
  // A batch that takes longer is settled in between.
  static constexpr std::chrono::milliseconds kBatchMax{5};

  [[nodiscard]] bool may_work_for(std::string_view migration, double share, SteadyTime now);
  // From the first of a batch on.
  void begin();
  void worked_for(std::string_view migration, SteadyTime from, SteadyTime to);
  void settle();

 private:
  struct Purse {
    CpuBudget budget;
    std::chrono::nanoseconds unsettled{0};  // as time passed
  };
  Purse& purse_of(std::string_view migration);

  Clock clock_;
  bool has_begun_ = false;
  std::chrono::nanoseconds used_before_{0};
  std::chrono::nanoseconds unsettled_{0};  // of all
  std::map<std::string, Purse, std::less<>> purses_;
};

// CLOCK_THREAD_CPUTIME_ID.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time();

}  // namespace banyan::comparison
