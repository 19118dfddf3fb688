// proxy/net/name_refresh.h: when a host name is asked for again. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace banyan::net {

// However short or long its TTL is, a name is asked for no more often and no more seldom.
inline constexpr Milliseconds kRefreshMin{1'000};
inline constexpr Milliseconds kRefreshMax{300'000};
// Without a TTL: 0, or an entry of /etc/hosts.
inline constexpr Milliseconds kRefreshUnknown{5'000};
// After a failure, doubling.
inline constexpr Milliseconds kFailedMin{1'000};
inline constexpr Milliseconds kFailedMax{30'000};

[[nodiscard]] constexpr Milliseconds refresh_after_answer(Milliseconds ttl) {
  if (ttl == Milliseconds(0)) return kRefreshUnknown;
  return std::clamp(ttl, kRefreshMin, kRefreshMax);
}

// `failures`: in a row, this one included.
[[nodiscard]] constexpr Milliseconds refresh_after_failure(std::uint32_t failures) {
  Milliseconds wait = kFailedMin;
  while (failures-- > 1 && wait < kFailedMax) wait *= 2;
  return std::min(wait, kFailedMax);
}

}  // namespace banyan::net
