#include "proxy/exchange/shadow_request.h"

#include "proxy/exchange/arm_form.h"

namespace banyan::exchange {

namespace {

// What forwarding and marking add, usually.
constexpr std::size_t kFieldsAdded = 6;
constexpr std::size_t kBytesAdded = 256;

bool is_asked_again(const MigrationPlan& migration, Method method) {
  const config::AskingAgain& again = migration.settings->asking_again;
  return is_safe(method) && (again.control_millipercent > 0 || again.reasks_per_second > 0);
}

bool has_form(const MigrationPlan& migration, std::string_view matched) {
  return migration.form(Arm::legacy, matched).rewrite != nullptr ||
         migration.form(Arm::monolith, matched).rewrite != nullptr;
}

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
  if (has_form(of, origin.matched) && is_asked_again(of, origin.request.method)) {
    made.unformed = made.head;
  }
  to_arm(of.form(arm, origin.matched), made.head);
  mark_as_shadow(made.head, of.settings->name, of.settings->shadow->headers, trace_parent);
  made.matched = origin.matched;
  made.target = origin.request.target;
  made.authority = origin.request.authority;
  return made;
}

}  // namespace banyan::exchange
