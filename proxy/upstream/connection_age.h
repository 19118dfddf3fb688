// proxy/upstream/connection_age.h: when one connection is too old to be used again. Pure.
//
// Connections that were opened together must not all be replaced together: each gets its own limit,
// spread evenly over ±10 % of `max_connection_age`.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace banyan::upstream {

// `random_bits`: uniform over all 32-bit numbers. `age` is at most a day, so that nothing
// overflows.
[[nodiscard]] constexpr Milliseconds jittered_age(Milliseconds age, std::uint32_t random_bits) {
  const std::int64_t tenth = age.count() / 10;
  return age - Milliseconds(tenth) + Milliseconds((2 * tenth * random_bits) >> 32U);
}

}  // namespace banyan::upstream
