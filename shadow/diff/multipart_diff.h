// shadow/diff/multipart_diff.h: multipart bodies, part by part (RFC 2046 §5.1, RFC 7578).
//
// Boundaries do not matter. Parts with a name (form-data) are paired by it, those of one name first
// with first, at `$.NAME`; the others by position, at `$[N]`. A part is compared as a body of its
// own kind, below its place; `filename` and `content-type` stand there too.
#pragma once

#include <string_view>

#include "shadow/diff/body_kind.h"
#include "shadow/diff/findings.h"

namespace banyan::shadow {

inline constexpr std::size_t kPartsMax = 1'000;

// False, and nothing told, where a side is not what its boundary says, or has too many parts.
[[nodiscard]] bool compare_as_multipart(const Content& left, const Content& right,
                                        Findings& findings);
[[nodiscard]] bool is_multipart(const Content& content);

}  // namespace banyan::shadow
