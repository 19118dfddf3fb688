// routing/forced_arm.h: testers who choose their arm themselves. Pure.
//
//   value := ("legacy" | "monolith") ":" secret
#pragma once

#include <optional>
#include <string_view>

#include "base/arm.h"
#include "base/headers.h"

namespace banyan::routing {

// The arm that the field `name` asks for with the right secret. A field that stands twice asks for
// nothing. The secret is compared in constant time.
[[nodiscard]] std::optional<Arm> forced_arm(const Headers& headers, std::string_view name,
                                            std::string_view secret);

}  // namespace banyan::routing
