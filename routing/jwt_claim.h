// routing/jwt_claim.h: a claim of the token in Authorization, read and not verified.
//
// The token is one that the services check themselves; here its claim only says which users are the
// same one. Who makes one up chooses a bucket, and nothing else (RFC 7519; RFC 6750 §2.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/headers.h"

namespace banyan::routing {

inline constexpr std::size_t kTokenBytesMax = 16 * 1024;  // a longer one has no claims

// The member `name` of the claims: a text, or a number as it is written. Of several of that name
// the last one (RFC 7519 §4). Nothing where the token can not be read. Points into `scratch`.
[[nodiscard]] std::optional<std::string_view> jwt_claim(const Headers& headers,
                                                        std::string_view name,
                                                        std::string& scratch);

}  // namespace banyan::routing
