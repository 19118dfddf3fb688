// proxy/observe/failure_stats.h: what speaks against an arm, for the guardrail.
//
// Written by the worker where an exchange fails, which is rare; read by the control thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/arm.h"
#include "proxy/observe/counter.h"
#include "routing/guard/key_set.h"

namespace banyan::observe {

enum class Failure : std::uint8_t {
  answer,       // an error, or an answer that broke off
  no_answer,    // reset, or too late: the request itself may be the reason
  unreachable,  // no byte of the request was sent: it can not be the reason
};

struct FailureStats {
  Counter all;
  Counter of_keys;  // those of one sticky key once per window
  Counter hard;     // of these, without an answer
  Counter hung;     // counted as failed while they wait; a gauge but for those answered after all
};

// Of one migration, by arm.
class Failures {
 public:
  // `key`: a hash; nothing where the request has none. `window` counts up.
  void count(Arm arm, Failure failure, std::optional<std::uint32_t> key, std::uint64_t window) {
    FailureStats& stats = by_arm_[static_cast<std::size_t>(arm)];
    stats.all.add();
    const bool fresh = failure == Failure::unreachable || !key || keys().insert(*key, window);
    if (!fresh) return;
    stats.of_keys.add();
    if (failure != Failure::answer) stats.hard.add();
  }
  [[nodiscard]] Counter& hung(Arm arm) { return by_arm_[static_cast<std::size_t>(arm)].hung; }
  [[nodiscard]] const FailureStats& of(Arm arm) const {
    return by_arm_[static_cast<std::size_t>(arm)];
  }

 private:
  // Most migrations never fail.
  routing::guard::KeySet& keys() {
    if (keys_ == nullptr) keys_ = std::make_unique<routing::guard::KeySet>();
    return *keys_;
  }

  std::array<FailureStats, 2> by_arm_;
  std::unique_ptr<routing::guard::KeySet> keys_;  // of the worker
};

}  // namespace banyan::observe
