// shadow/diff/timestamp.h: moments as JSON documents write them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace banyan::shadow {

// date-time of RFC 3339 §5.6, the whole of `text`: `2026-11-22T13:37:05.25+01:00`, also in lower
// case or with a space for the T. Digits behind the microsecond do not count; a leap second is the
// one before it.
[[nodiscard]] std::optional<std::chrono::microseconds> timestamp_of(std::string_view text);

}  // namespace banyan::shadow
