// routing/request_path.h: the path that rules are matched against.
//
// What is matched must be what the upstream will understand, so everything that servers are known
// to read differently is refused instead of being guessed: dot segments (plain, encoded, beside an
// encoded slash, or with a parameter as in `/..;x/`), backslash (plain or %5C), NUL (plain or
// %00), control characters and spaces, a fragment, broken percent-escapes. Percent-encoded
// unreserved characters are decoded for matching (RFC 3986 §6.2.2.2) and the digits of all other
// escapes are upper case (§6.2.2.1); `%2F` is not a separator and stays as it is, and so does `//`.
// The request is forwarded as it came, never as normalised.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace banyan::routing {

// `path`: the path of an origin-form target, without the query; `*` is returned as it is.
// The result points into `path`, or into `scratch` where an escape had to be rewritten.
// Error: bad_target.
[[nodiscard]] Result<std::string_view> normalised_path(std::string_view path, std::string& scratch);

// Whether `prefix` covers `path` by whole segments: /a covers /a and /a/b, not /ab. "/" covers all.
[[nodiscard]] bool covers(std::string_view prefix, std::string_view path);

}  // namespace banyan::routing
