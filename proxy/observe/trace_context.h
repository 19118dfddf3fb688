// proxy/observe/trace_context.h: W3C Trace Context, as far as a shadow needs it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace banyan::observe {

// The `traceparent` of a request that Banyan makes beside the one that carried this: the same
// trace, another parent. Nothing where the value is not of the form of W3C Trace Context §3.2,
// which is passed on as it came. `parent` 0 is no parent id and taken as 1.
[[nodiscard]] std::optional<std::string> with_parent(std::string_view traceparent,
                                                     std::uint64_t parent);

}  // namespace banyan::observe
