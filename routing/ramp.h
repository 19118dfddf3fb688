// routing/ramp.h: a flag that goes up by itself, one step after the other. Pure.
//
//        every gate is ready                  hold over, every gate ready, every guardrail passed
//   0 % ---------------------> steps[0] -----------------------------------> steps[1] ... the last
//    ^                             |
//    +-----------------------------+  a gate's guardrail trips
//
// A gate is a migration that follows the flag. A ramp waits while anything is inconclusive; it goes
// down only to 0, also where the flag is disabled, and where the configuration ends it lower than
// it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "routing/bucket.h"
#include "routing/ramp_settings.h"

namespace banyan::routing {

// How many steps are not above `at`: the number of the step, from 1; 0: before the first.
[[nodiscard]] std::size_t step_at(const RampSettings& settings, Share at);
// The first step above `at`; nothing in the last one.
[[nodiscard]] std::optional<Share> next_step(const RampSettings& settings, Share at);
// `at`, or the last step where that is lower: nobody is moved back by other steps, unless they end
// below where the ramp is.
[[nodiscard]] Share within(const RampSettings& settings, Share at);

// Where a ramp is.
struct RampState {
  Share at;
  Milliseconds held{0};  // in this step, without the time it was stopped
};

// What is around it. `ready` and `passed` speak of what came since the step began.
struct RampFacts {
  bool latched = false;     // a gate is rolled back
  bool tripped = false;     // by its guardrail
  bool disabled = false;    // what the flag's definition says of it
  bool overridden = false;  // the flag has a value that was set at run time
  bool paused = false;
  bool ready = false;   // readiness of all gates
  bool passed = false;  // the guardrails of all gates
  bool durable = true;  // what is in force is on disk
};

// What a ramp waits for; `nothing`: it goes on now.
enum class Wait : std::uint8_t {
  nothing,
  latched,
  disabled,
  overridden,
  paused,
  finished,
  hold,
  guardrail,
  readiness,
  disk,
};
inline constexpr std::size_t kWaitCount = 10;
[[nodiscard]] constexpr std::string_view to_string(Wait wait) {
  switch (wait) {
    case Wait::nothing:
      return "nothing";
    case Wait::latched:
      return "latched";
    case Wait::disabled:
      return "disabled";
    case Wait::overridden:
      return "overridden";
    case Wait::paused:
      return "paused";
    case Wait::finished:
      return "finished";
    case Wait::hold:
      return "hold";
    case Wait::guardrail:
      return "guardrail";
    case Wait::readiness:
      return "readiness";
    case Wait::disk:
      return "disk";
  }
  return "unknown";
}
// Until somebody does something, or for ever: time does not count.
[[nodiscard]] constexpr bool is_stopped(Wait wait) {
  return wait == Wait::latched || wait == Wait::disabled || wait == Wait::overridden ||
         wait == Wait::paused || wait == Wait::finished;
}

[[nodiscard]] Wait wait_of(const RampState& state, const RampSettings& settings,
                           const RampFacts& facts);

}  // namespace banyan::routing
