// routing/bucket.h: who belongs to which arm, by percentage.
//
// A key's bucket depends on the flag and on the key alone, and the monolith takes the low end: a
// growing share only ever moves keys from legacy to the monolith, and lowering it moves the same
// keys back. The hash is the one flagd uses from 0.15 on, so an application that asks flagd about
// the same key gets the same answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arm.h"

namespace banyan::routing {

inline constexpr std::uint32_t kBuckets = 100'000;

// The monolith's part of the keys, in thousandths of a percent, 0..100'000.
struct Share {
  std::uint32_t millipercent = 0;
  friend constexpr bool operator==(Share, Share) = default;
};
inline constexpr Share kNobody{0};
inline constexpr Share kEverybody{kBuckets};

// 0..total_weight-1. Pure; `key` is taken as bytes, an empty one is the caller's to refuse.
[[nodiscard]] std::uint32_t bucket_of(std::string_view flag, std::string_view key,
                                      std::uint32_t total_weight = kBuckets);

[[nodiscard]] constexpr Arm arm_of(std::uint32_t bucket, Share share) {
  return bucket < share.millipercent ? Arm::monolith : Arm::legacy;
}

}  // namespace banyan::routing
