// base/arm.h: the two sides of a migration, and what one of them does in one exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace banyan {

// The two arms of a migration.
enum class Arm : std::uint8_t { legacy, monolith };

// What an arm does in one exchange: `primary` answers the client, the others answer only us.
enum class Role : std::uint8_t {
  primary,
  shadow,
  control,  // legacy once more, whether it agrees with itself
  reask,    // both arms once more, because their answers differ
};
inline constexpr std::size_t kRoleCount = 4;

[[nodiscard]] constexpr std::string_view to_string(Arm arm) {
  return arm == Arm::legacy ? "legacy" : "monolith";
}
[[nodiscard]] constexpr std::string_view to_string(Role role) {
  switch (role) {
    case Role::primary:
      return "primary";
    case Role::shadow:
      return "shadow";
    case Role::control:
      return "control";
    case Role::reask:
      return "reask";
  }
  return "unknown";
}
[[nodiscard]] constexpr Arm other(Arm arm) {
  return arm == Arm::legacy ? Arm::monolith : Arm::legacy;
}

}  // namespace banyan
