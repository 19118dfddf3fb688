// shadow/noise/reask_budget.h: how often both arms may be asked a second time. Pure.
//
// Two purses, one filled by time and one by the exchanges of the migration; a second asking takes
// one coin of each. Who needs it most may spend the last one.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace banyan::shadow {

// What a second asking is for.
enum class Need : std::uint8_t {
  decides,    // nothing is known: it is the verdict
  confirms,   // a mismatch: it tells the flaky from the constant
  refreshes,  // known noise: it keeps what is known fresh
};

class ReaskBudget {
 public:
  struct Limits {
    double per_second = 0;
    double share = 0;  // of the exchanges, 0 to 1
    [[nodiscard]] bool allows_any() const { return per_second > 0 && share > 0; }
    friend bool operator==(const Limits&, const Limits&) = default;
  };
  static constexpr double kSavedSeconds = 2;   // of per_second, at most
  static constexpr double kSavedAskings = 10;  // of the share
  static constexpr double kKeptForDeciding = 0.5;
  static constexpr double kKeptForConfirming = 0.75;

  // Both purses are full at first.
  explicit ReaskBudget(Limits limits);

  // `exchanges`: of the migration so far; neither it nor `now` goes back.
  [[nodiscard]] bool take(Need need, SteadyTime now, std::uint64_t exchanges);
  [[nodiscard]] const Limits& limits() const { return limits_; }

 private:
  struct Purse {
    double size = 0;
    double coins = 0;
    void fill(double more) { coins = coins + more < size ? coins + more : size; }
    [[nodiscard]] bool has(double kept) const { return coins >= 1 && coins - 1 >= kept * size; }
  };
  Limits limits_;
  Purse by_time_, by_share_;
  SteadyTime filled_at_{};
  std::uint64_t exchanges_ = 0;
};

}  // namespace banyan::shadow
