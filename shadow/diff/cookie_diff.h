// shadow/diff/cookie_diff.h: Set-Cookie fields, compared by cookie (RFC 6265).
//
//   header:set-cookie[NAME]            the cookie as a whole, and its value
//   header:set-cookie[NAME].max-age    one of its attributes; names without case, in any order
//
// Cookies are paired by name, those of one name first with first. `Expires` is not compared where
// Max-Age is there, which outranks it (§5.3), and otherwise only for being there: it is a moment
// that both arms count from their own clock.
#pragma once

#include <string_view>
#include <vector>

#include "shadow/diff/findings.h"

namespace banyan::shadow {

// `kind`: `header:` or `trailer:`.
void compare_cookies(std::string_view kind, const std::vector<std::string_view>& left,
                     const std::vector<std::string_view>& right, Findings& findings);

}  // namespace banyan::shadow
