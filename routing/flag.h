// routing/flag.h: what is known of one flag at one moment.
//
// Immutable and replaced whole: a reader sees the share and where it came from together, or the
// ones before, never a mixture.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "routing/bucket.h"

namespace banyan::routing {

// Who said it; each outranks the ones before it.
enum class FlagOrigin : std::uint8_t { none, config, run_time };
[[nodiscard]] constexpr std::string_view to_string(FlagOrigin o) {
  return o == FlagOrigin::none ? "none" : o == FlagOrigin::config ? "config" : "run_time";
}

struct FlagState {
  std::uint64_t revision = 0;
  Share share;
  FlagOrigin origin = FlagOrigin::none;
};

}  // namespace banyan::routing
