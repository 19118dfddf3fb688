// routing/flag.h: what is known of one flag at one moment.
//
// Immutable and replaced whole: a reader sees the share and where it came from together, or the
// ones before, never a mixture.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "routing/bucket.h"
#include "routing/flag_definition.h"

namespace banyan::routing {

// Who said it; each outranks the ones before it.
enum class FlagOrigin : std::uint8_t { none, config, source, ramp, run_time };
[[nodiscard]] constexpr std::string_view to_string(FlagOrigin o) {
  switch (o) {
    case FlagOrigin::none:
      return "none";
    case FlagOrigin::config:
      return "config";
    case FlagOrigin::source:
      return "source";
    case FlagOrigin::ramp:
      return "ramp";
    case FlagOrigin::run_time:
      return "run_time";
  }
  return "none";
}

struct FlagState {
  std::uint64_t revision = 0;
  Share share;
  FlagOrigin origin = FlagOrigin::none;
  // Given where a rule decides: `share` is then kByRule. A flag without one costs no look at it.
  std::shared_ptr<const FlagDefinition> rule = {};
};

inline constexpr Share kByRule{kBuckets + 1};

}  // namespace banyan::routing
