// routing/sticky_key.h: the value that keeps a user on one arm.
//
// Of several fields or cookies of the same name the first that is not empty counts.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/headers.h"
#include "routing/route.h"

namespace banyan::routing {

// The first non-empty value that `sources` name, in their order; points into `headers`.
[[nodiscard]] std::optional<std::string_view> sticky_key(const std::vector<StickySource>& sources,
                                                         const Headers& headers);

// The value of the cookie `name` in any Cookie field (RFC 6265 §4.2.1), without quotes and the
// space around it. Cookie names are case-sensitive. Empty where the cookie is there without a
// value.
[[nodiscard]] std::optional<std::string_view> cookie_value(const Headers& headers,
                                                           std::string_view name);

}  // namespace banyan::routing
