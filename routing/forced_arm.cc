#include "routing/forced_arm.h"

#include "base/constant_time.h"
#include "routing/match_rule.h"

namespace banyan::routing {

std::optional<Arm> forced_arm(const Headers& headers, std::string_view name,
                              std::string_view secret) {
  const auto value = only_value(headers, name);
  if (!value || secret.empty()) return std::nullopt;
  const std::size_t colon = value->find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (!equal_in_constant_time(value->substr(colon + 1), secret)) return std::nullopt;
  const std::string_view arm = value->substr(0, colon);
  if (arm == to_string(Arm::legacy)) return Arm::legacy;
  if (arm == to_string(Arm::monolith)) return Arm::monolith;
  return std::nullopt;
}

}  // namespace banyan::routing
