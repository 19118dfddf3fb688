#include "routing/decision.h"

#include "routing/bucket.h"
#include "routing/request_variables.h"

namespace banyan::routing {
namespace {

Decision by_bucket(std::uint32_t bucket, Share share, Reason reason) {
  return {arm_of(bucket, share), reason, false, bucket};
}

Decision without_bucket(Arm arm, Reason reason) { return {arm, reason, false, {}}; }

// Multiplied, not taken modulo: every bucket gets its even part of the 2^32 draws.
std::uint32_t bucket_of_draw(std::uint32_t draw) {
  return static_cast<std::uint32_t>(std::uint64_t{draw} * kBuckets >> 32U);
}

Decision by_rule(const Route& route, const FlagDefinition& flag, const KeyPlaces& places) {
  const RequestVariables variables(route, places);
  const FlagAnswer answer = flag.evaluate(variables, places.tools.logic);
  const bool has_no_key = answer.outcome == FlagOutcome::no_key;
  return {answer.arm, has_no_key ? Reason::sticky_missing : Reason::targeting,
          variables.has_issued_key(), answer.bucket};
}

Decision without_key(const Route& route, Share share, const KeyPlaces& places, std::uint32_t draw) {
  if (route.issued_cookie() != nullptr) {
    Decision decision = by_bucket(bucket_of(route.flag, issue_key(places)), share, Reason::issued);
    decision.issues_key = true;
    return decision;
  }
  if (!route.sticky.empty() && route.sticky_missing == StickyMissing::legacy) {
    return without_bucket(Arm::legacy, Reason::sticky_missing);
  }
  return by_bucket(bucket_of_draw(draw), share, Reason::per_request);
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
    case Reason::targeting:
      return "targeting";
    case Reason::issued:
      return "issued";
  }
  return "unknown";
}

Decision decide(const Route& route, const FlagState& flag, bool latched, std::optional<Arm> forced,
                const KeyPlaces& places, std::uint32_t draw) {
  const Share share = flag.share;
  if (latched) return without_bucket(Arm::legacy, Reason::latched);
  if (forced) return without_bucket(*forced, Reason::forced);
  if (share.millipercent == 0) return without_bucket(Arm::legacy, Reason::nobody);
  if (share.millipercent >= kBuckets) {
    if (flag.rule) return by_rule(route, *flag.rule, places);
    return without_bucket(Arm::monolith, Reason::everybody);
  }
  if (const auto key = sticky_key(route.sticky, places)) {
    return by_bucket(bucket_of(route.flag, *key), share, Reason::bucket);
  }
  return without_key(route, share, places, draw);
}

}  // namespace banyan::routing
