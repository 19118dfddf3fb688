// proxy/codec/token_bucket.h: how often something may happen. Pure: the time is an argument.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace banyan::codec {

// Holds `burst` tokens at first and at most, and gets `rate` of them a second.
class TokenBucket {
 public:
  TokenBucket(double burst, double rate) : burst_(burst), rate_(rate), tokens_(burst) {}

  // Time only goes forward; the first call begins it.
  void advance(SteadyTime now) {
    if (now <= filled_) return;
    const std::chrono::duration<double> passed = now - filled_;
    if (filled_ != SteadyTime{}) give(passed.count() * rate_);
    filled_ = now;
  }
  void give(double tokens) { tokens_ = std::min(burst_, tokens_ + tokens); }
  // False where there was none left.
  [[nodiscard]] bool take() {
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double burst_;
  double rate_;
  double tokens_;
  SteadyTime filled_{};
};

}  // namespace banyan::codec
