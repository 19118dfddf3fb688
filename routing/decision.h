// routing/decision.h: which arm serves one request, and why.
//
// Made once per exchange and stored with it; made again only while not a byte was sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arm.h"
#include "routing/flag.h"
#include "routing/route.h"
#include "routing/sticky_key.h"

namespace banyan::routing {

enum class Reason : std::uint8_t {
  latched,      // rolled back, until `rearm`
  forced,       // a tester asked for this arm
  nobody,       // the share is 0 %
  everybody,    // the share is 100 %
  bucket,       // the sticky key's bucket against the share
  per_request,  // no key: drawn for this request alone
  // Only these are more than the decision itself: Exchange looks at them together.
  sticky_missing,  // a key is configured and absent: legacy
  targeting,       // the rule of the flag's definition
  issued,          // the bucket of a key that is issued with this response
};
[[nodiscard]] std::string_view to_string(Reason reason);

struct Decision {
  Arm arm = Arm::legacy;
  Reason reason = Reason::nobody;
  bool issues_key = false;              // which stands in KeyPlaces::scratch
  std::optional<std::uint32_t> bucket;  // of kBuckets, where a key or a draw decided
};

// Pure. `draw`: 32 random bits, used only for per_request. Never an error: whatever is missing
// leads to legacy. `forced`: what a tester who may asks for.
[[nodiscard]] Decision decide(const Route& route, const FlagState& flag, bool latched,
                              std::optional<Arm> forced, const KeyPlaces& places,
                              std::uint32_t draw);

}  // namespace banyan::routing
