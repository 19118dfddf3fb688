// routing/ramp_settings.h: what the configuration says of a ramp.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"
#include "routing/bucket.h"

namespace banyan::routing {

inline constexpr std::size_t kRampStepsMax = 1'000;
inline constexpr Milliseconds kRampHoldMax = std::chrono::hours(30 * 24);

struct RampSettings {
  std::vector<Share> steps;  // growing, above 0 %, not empty
  Milliseconds hold{600'000};
  friend bool operator==(const RampSettings&, const RampSettings&) = default;
};

}  // namespace banyan::routing
