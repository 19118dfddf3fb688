// proxy/upstream/endpoint_health.h: passive health of one endpoint. Pure.
//
//   healthy --unhealthy_after connect failures in a row--> out for retry_after
//      ^                       out --failure--> out for twice as long, up to retry_after_max
//      \----------------------- a connection that works ------------------/
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "config/snapshot.h"

namespace banyan::upstream {

class EndpointHealth {
 public:
  explicit EndpointHealth(config::PassiveHealth rule = {}) : rule_(rule) {}
  // A reload: counts for what comes.
  void set_rule(config::PassiveHealth rule) { rule_ = rule; }

  void on_connected() {
    failures_ = 0;
    retry_after_ = Milliseconds(0);
  }
  void on_connect_failed(SteadyTime now) {
    if (!healthy() && now < retry_at_) return;  // was under way when it was taken out
    if (++failures_ < rule_.unhealthy_after) return;
    retry_after_ = std::clamp(retry_after_ * 2, rule_.retry_after, rule_.retry_after_max);
    retry_at_ = now + retry_after_;
  }
  [[nodiscard]] bool healthy() const { return failures_ < rule_.unhealthy_after; }
  // Healthy, or its time to be tried again has come.
  [[nodiscard]] bool may_try(SteadyTime now) const { return healthy() || now >= retry_at_; }
  [[nodiscard]] SteadyTime retry_at() const { return retry_at_; }

 private:
  config::PassiveHealth rule_;
  std::uint64_t failures_ = 0;
  Milliseconds retry_after_{0};  // the last one
  SteadyTime retry_at_{};
};

}  // namespace banyan::upstream
