// proxy/upstream/endpoint_health.h: passive health of one endpoint. Pure.
//
//   healthy --5 connect failures in a row--> out for 1 s --failure--> out for 2 s … 30 s
//      ^----------------------- a connection that works ------------------/
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace banyan::upstream {

class EndpointHealth {
 public:
  static constexpr std::uint32_t kUnhealthyAfter = 5;
  static constexpr Milliseconds kRetryAfter{1'000};
  static constexpr Milliseconds kRetryAfterMax{30'000};

  void on_connected() {
    failures_ = 0;
    retry_after_ = kRetryAfter;
  }
  void on_connect_failed(SteadyTime now) {
    if (!healthy() && now < retry_at_) return;  // was under way when it was taken out
    if (++failures_ < kUnhealthyAfter) return;
    retry_at_ = now + retry_after_;
    retry_after_ = std::min(retry_after_ * 2, kRetryAfterMax);
  }
  [[nodiscard]] bool healthy() const { return failures_ < kUnhealthyAfter; }
  // Healthy, or its time to be tried again has come.
  [[nodiscard]] bool may_try(SteadyTime now) const { return healthy() || now >= retry_at_; }
  [[nodiscard]] SteadyTime retry_at() const { return retry_at_; }

 private:
  std::uint32_t failures_ = 0;
  Milliseconds retry_after_ = kRetryAfter;
  SteadyTime retry_at_{};
};

}  // namespace banyan::upstream
