// proxy/exchange/shadow_request.h: what a shadow is made of. Values only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/arm.h"
#include "base/message.h"
#include "base/time.h"
#include "proxy/comparison/budget.h"
#include "proxy/exchange/forwarding.h"
#include "proxy/exchange/plan.h"
#include "proxy/exchange/shadow_copy.h"

namespace banyan::exchange {

struct ShadowRequest {
  std::shared_ptr<const Plan> plan;
  std::size_t migration = 0;  // index into plan->migrations
  Arm primary = Arm::legacy;
  RequestHead head;  // as it goes to the shadow's upstream
  // As any arm would get it: only where an arm has a form of its own and may be asked again.
  std::optional<RequestHead> unformed;
  ShadowCopy::Body body;
  bool grpc = false;      // a gRPC call
  std::string matched;    // the path_prefix of the rule, for the way back
  std::string target;     // as the client asked
  std::string authority;  // of the client
  WallTime at;
  std::optional<std::uint32_t> key_hash;  // of the sticky key
  bool after_write = false;               // of the same key, a short while ago
  SteadyTime primary_asked_at{};
  comparison::Admission admission;
};

// What of an exchange a shadow is made from. Borrowed.
struct ShadowOrigin {
  const RequestHead& request;  // the client's
  ForwardRules rules;
  std::string_view matched;
};

// Whether it may be sent to an arm that it was sent to before.
[[nodiscard]] inline bool may_repeat(const ShadowRequest& request) {
  return is_safe(request.head.method) && !request.grpc;
}

// The request to `arm`: forwarded like the primary's, in the form that this arm wants, and marked.
// Without body, time and admission.
[[nodiscard]] ShadowRequest shadow_request(const ShadowOrigin& origin,
                                           const std::shared_ptr<const Plan>& plan,
                                           std::size_t migration, Arm arm,
                                           std::uint64_t trace_parent);

}  // namespace banyan::exchange
