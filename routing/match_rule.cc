#include "routing/match_rule.h"

namespace banyan::routing {

std::optional<std::string_view> only_value(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Header h : headers) {
    if (!equals_ignoring_case(h.name, name)) continue;
    if (found) return std::nullopt;
    found = h.value;
  }
  return found;
}

}  // namespace banyan::routing
