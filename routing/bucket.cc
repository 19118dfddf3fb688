#include "routing/bucket.h"

#include "base/stable_hash.h"

namespace banyan::routing {

std::uint32_t bucket_of(std::string_view flag, std::string_view key, std::uint32_t total_weight) {
  const std::uint64_t hash = Murmur3().add(flag).add(key).finish();
  return static_cast<std::uint32_t>(hash * total_weight >> 32U);
}

}  // namespace banyan::routing
