// proxy/control/author.h: who changed something, when and why. For people; never decides anything.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace banyan::control {

// Texts of an author are cut to this.
inline constexpr std::size_t kAuthorTextMax = 500;

struct Author {
  std::string who;     // as the caller says; `(unknown)` where it does not
  std::string reason;  // may be empty
  WallTime at;
};

// `2026-11-22T13:34:13.123456Z`, of the years 1970 to 2200: a clock counts nanoseconds, and time is
// added to it. An unreadable text gives nothing.
[[nodiscard]] std::string to_text(WallTime at);
[[nodiscard]] std::optional<WallTime> wall_time_of(std::string_view text);

// {"who", "reason", "at"}.
[[nodiscard]] nlohmann::json to_json(const Author& author);
// Members that are missing or of the wrong type stay empty.
[[nodiscard]] Author author_of(const nlohmann::json& object);

}  // namespace banyan::control
