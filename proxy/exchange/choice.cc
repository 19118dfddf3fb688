#include "proxy/exchange/choice.h"

#include "base/ip_network.h"
#include "routing/forced_arm.h"

namespace banyan::exchange {
namespace {

std::optional<Arm> forced(const ChoiceInput& input) {
  const auto& rule = input.listener.force_arm;
  if (!rule) return std::nullopt;
  const auto arm = routing::forced_arm(input.request.headers, rule->header, rule->secret);
  if (!arm) return std::nullopt;
  const auto address = IpAddress::parse(input.client.address);
  return address && any_contains(rule->from, *address) ? arm : std::nullopt;
}

}  // namespace

routing::Decision choose(const MigrationPlan& migration, const ChoiceInput& input) {
  return routing::decide(*migration.route, input.flag, migration.latched(), forced(input),
                         {input.request, input.client.address, input.scratch, input.tools},
                         input.draw);
}

}  // namespace banyan::exchange
