// base/arm.h: the two sides of a migration, and what one of them does in one exchange.
#pragma once

#include <cstdint>
#include <string_view>

namespace banyan {

// The two arms of a migration.
enum class Arm : std::uint8_t { legacy, monolith };

// What an arm does in one exchange: `primary` answers the client, `shadow` answers only us.
enum class Role : std::uint8_t { primary, shadow };

[[nodiscard]] constexpr std::string_view to_string(Arm arm) {
  return arm == Arm::legacy ? "legacy" : "monolith";
}
[[nodiscard]] constexpr std::string_view to_string(Role role) {
  return role == Role::primary ? "primary" : "shadow";
}
[[nodiscard]] constexpr Arm other(Arm arm) {
  return arm == Arm::legacy ? Arm::monolith : Arm::legacy;
}

}  // namespace banyan
