#include "shadow/noise/reask_budget.h"

#include <algorithm>

namespace banyan::shadow {

ReaskBudget::ReaskBudget(Limits limits) : limits_(limits) {
  by_time_.size = by_time_.coins = std::max(1.0, limits.per_second * kSavedSeconds);
  by_share_.size = by_share_.coins = kSavedAskings;
}

bool ReaskBudget::take(Need need, SteadyTime now, std::uint64_t exchanges) {
  if (!limits_.allows_any()) return false;
  if (filled_at_ != SteadyTime{}) {
    by_time_.fill(limits_.per_second * std::chrono::duration<double>(now - filled_at_).count());
  }
  by_share_.fill(limits_.share * static_cast<double>(exchanges - exchanges_));
  filled_at_ = now;
  exchanges_ = exchanges;
  const double kept = need == Need::decides    ? 0
                      : need == Need::confirms ? kKeptForDeciding
                                               : kKeptForConfirming;
  if (!by_time_.has(kept) || !by_share_.has(kept)) return false;
  by_time_.coins -= 1;
  by_share_.coins -= 1;
  return true;
}

}  // namespace banyan::shadow
