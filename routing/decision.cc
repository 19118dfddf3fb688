#include "routing/decision.h"

#include "routing/bucket.h"

namespace banyan::routing {
namespace {

Decision by_bucket(std::uint32_t bucket, Share share, Reason reason) {
  return {arm_of(bucket, share), reason, bucket};
}

// Multiplied, not taken modulo: every bucket gets its even part of the 2^32 draws.
std::uint32_t bucket_of_draw(std::uint32_t draw) {
  return static_cast<std::uint32_t>(std::uint64_t{draw} * kBuckets >> 32U);
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::latched:
      return "latched";
    case Reason::forced:
      return "forced";
    case Reason::nobody:
      return "nobody";
    case Reason::everybody:
      return "everybody";
    case Reason::bucket:
      return "bucket";
    case Reason::sticky_missing:
      return "sticky_missing";
    case Reason::per_request:
      return "per_request";
  }
  return "unknown";
}

Decision decide(const Route& route, const FlagState& flag, bool latched, std::optional<Arm> forced,
                const KeyPlaces& places, std::uint32_t draw) {
  const Share share = flag.share;
  if (latched) return {Arm::legacy, Reason::latched, {}};
  if (forced) return {*forced, Reason::forced, {}};
  if (share.millipercent == 0) return {Arm::legacy, Reason::nobody, {}};
  if (share.millipercent >= kBuckets) return {Arm::monolith, Reason::everybody, {}};
  if (const auto key = sticky_key(route.sticky, places)) {
    return by_bucket(bucket_of(route.flag, *key), share, Reason::bucket);
  }
  if (!route.sticky.empty() && route.sticky_missing == StickyMissing::legacy) {
    return {Arm::legacy, Reason::sticky_missing, {}};
  }
  return by_bucket(bucket_of_draw(draw), share, Reason::per_request);
}

}  // namespace banyan::routing
