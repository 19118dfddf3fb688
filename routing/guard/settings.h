// routing/guard/settings.h: when the monolith is taken back without being asked.
#pragma once

#include <cstdint>

#include "base/arm.h"
#include "base/time.h"
#include "routing/bucket.h"

namespace banyan::routing::guard {

// What a trip takes back: all migrations that follow the flag, or the one alone.
enum class OnTrip : std::uint8_t { flag, migration };

struct Settings {
  Milliseconds window{30'000};
  std::uint64_t min_requests = 200;      // of the monolith, before soft evidence counts
  Share max_error_rate_increase{1'000};  // over legacy
  std::uint64_t max_p99_ratio = 1'500;   // thousandths, of legacy's
  Share max_mismatch_rate{500};
  Arm mismatch_shadow = Arm::monolith;  // `mismatch_direction`: where the copies go
  OnTrip on_trip = OnTrip::flag;
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace banyan::routing::guard
