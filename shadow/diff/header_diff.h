// shadow/diff/header_diff.h: two lists of header fields, compared by name.
//
// For each name the list of its values, in the order of the wire. Values are never joined; those
// whose meaning is known are compared in a normal form (header_value.h), Set-Cookie by cookie
// (cookie_diff.h).
//   only on one side       missing, extra
//   another number         length
//   the same values moved  order
//   anything else          value
// Trailers are compared in the same way, and apart from headers.
// Names are compared without case; a few are never compared (see docs/reports.md): who answered
// and when, ids that differ with every request, framing and what is meant for one hop.
#pragma once

#include <string_view>

#include "base/headers.h"
#include "shadow/diff/findings.h"
#include "shadow/diff/header_value.h"

namespace banyan::shadow {

[[nodiscard]] bool is_compared(const Header& header);

void compare_headers(const Headers& left, const Headers& right, Findings& findings,
                     const HeaderContext& context = {});
void compare_trailers(const Headers& left, const Headers& right, Findings& findings);

// Whether both are the same, line by line of each name: then these find nothing, under any rules.
// Allocates nothing.
[[nodiscard]] bool equal_headers(const Headers& a, const Headers& b);

}  // namespace banyan::shadow
