#include "proxy/exchange/shadow_request.h"

#include "proxy/exchange/arm_form.h"

namespace banyan::exchange {

namespace {

// What forwarding and marking add, usually.
constexpr std::size_t kFieldsAdded = 6;
constexpr std::size_t kBytesAdded = 256;

}  // namespace

ShadowRequest shadow_request(const ShadowOrigin& origin, const std::shared_ptr<const Plan>& plan,
                             std::size_t migration, Arm arm, std::uint64_t trace_parent) {
  const MigrationPlan& of = plan->migrations[migration];
  ShadowRequest made;
  made.plan = plan;
  made.migration = migration;
  made.primary = other(arm);
  made.head.headers.reserve(origin.request.headers.size() + kFieldsAdded,
                            origin.request.headers.lines().size() + kBytesAdded);
  forward_request(origin.request, origin.rules, made.head);
  to_arm(of.form(arm, origin.matched), made.head);
  mark_as_shadow(made.head, of.settings->name, of.settings->shadow->headers, trace_parent);
  made.matched = origin.matched;
  made.target = origin.request.target;
  made.authority = origin.request.authority;
  return made;
}

}  // namespace banyan::exchange
