// routing/sticky_key.h: the value that keeps a user on one arm.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/headers.h"
#include "routing/route.h"

namespace banyan::routing {

// The first non-empty value that `sources` name, in their order; points into `headers`.
// Of several fields of the same name the first that is not empty counts.
[[nodiscard]] std::optional<std::string_view> sticky_key(const std::vector<StickySource>& sources,
                                                         const Headers& headers);

// The value of the first cookie `name` in any Cookie field (RFC 6265 §4.2.1), without quotes.
[[nodiscard]] std::optional<std::string_view> cookie_value(const Headers& headers,
                                                           std::string_view name);

}  // namespace banyan::routing
