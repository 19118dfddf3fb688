// routing/guard/tally.h: exchanges, and those among them that count against an arm.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace banyan::routing::guard {

struct Tally {
  std::uint64_t exchanges = 0;
  std::uint64_t counted = 0;  // failed, were slow, did not match

  [[nodiscard]] double rate() const {
    return exchanges == 0 ? 0 : static_cast<double>(counted) / static_cast<double>(exchanges);
  }
  Tally& operator+=(const Tally& more) {
    exchanges += more.exchanges;
    counted += more.counted;
    return *this;
  }
};

// The same stretch of time on both arms.
struct Batch {
  Tally monolith;
  Tally legacy;

  [[nodiscard]] bool comparable() const { return monolith.exchanges > 0 && legacy.exchanges > 0; }
  // The monolith's rate over legacy's.
  [[nodiscard]] double increase() const { return monolith.rate() - legacy.rate(); }
  Batch& operator+=(const Batch& more) {
    monolith += more.monolith;
    legacy += more.legacy;
    return *this;
  }
};
[[nodiscard]] inline Batch operator+(Batch a, const Batch& b) { return a += b; }

// What came lately: at least one and at most two generations, of which each lasts `duration` and
// has `exchanges` of the monolith, once there was as much.
class Recent {
 public:
  Recent(Milliseconds duration, std::uint64_t exchanges)
      : duration_(duration), exchanges_(exchanges) {}

  void add(const Batch& batch, SteadyTime now) {
    if (!begun_) began_ = now;
    begun_ = true;
    if (now - began_ >= duration_ && young_.monolith.exchanges >= exchanges_) {
      old_ = young_;
      young_ = {};
      began_ = now;
    }
    young_ += batch;
  }
  void clear() { *this = Recent(duration_, exchanges_); }
  [[nodiscard]] Batch sum() const { return old_ + young_; }

 private:
  Milliseconds duration_;
  std::uint64_t exchanges_;
  SteadyTime began_{};
  bool begun_ = false;
  Batch old_;
  Batch young_;
};

}  // namespace banyan::routing::guard
