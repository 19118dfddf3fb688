#include "proxy/comparison/cpu_budget.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace banyan::comparison {

bool CpuBudget::has_some(double share, SteadyTime now) {
  const Seconds full = share * Seconds(kSaved);
  const Seconds earned = has_begun_ ? share * Seconds(now - filled_at_) : full;
  left_ = std::min(full, left_ + earned);
  has_begun_ = true;
  filled_at_ = now;
  return left_.count() > 0;
}

CpuMeter::Purse& CpuMeter::purse_of(std::string_view migration) {
  const auto found = purses_.find(migration);
  return found != purses_.end() ? found->second : purses_[std::string(migration)];
}

bool CpuMeter::may_work_for(std::string_view migration, double share, SteadyTime now) {
  return purse_of(migration).budget.has_some(share, now);
}

void CpuMeter::begin() {
  if (!std::exchange(has_begun_, true)) used_before_ = clock_();
}

void CpuMeter::worked_for(std::string_view migration, SteadyTime from, SteadyTime to) {
  purse_of(migration).unsettled += to - from;
  unsettled_ += to - from;
  if (unsettled_ >= kBatchMax) settle();
}

void CpuMeter::settle() {
  if (!std::exchange(has_begun_, false)) return;
  const double used = static_cast<double>((clock_() - used_before_).count());
  const auto all = static_cast<double>(std::exchange(unsettled_, {}).count());
  for (auto& [name, purse] : purses_) {
    const auto part = static_cast<double>(std::exchange(purse.unsettled, {}).count());
    if (part > 0) purse.budget.spend(std::chrono::nanoseconds(std::llround(used * part / all)));
  }
}

std::chrono::nanoseconds thread_cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace banyan::comparison
