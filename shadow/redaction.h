// shadow/redaction.h: what is never shown of a captured pair. Pure.
//
// Told by the name that a value stands under: a member (also one that encloses it), a pair of a
// query or a form, also inside of another value, an element or a tag of markup, or a header. Values
// of Authorization, Proxy-Authorization, Cookie and Set-Cookie are hidden always. What hides too
// much is a nuisance, what hides too little is a leak: where it can not be told where a value ends,
// all of it is hidden. So is a value that was cut, where patterns are given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/path_pattern.h"
#include "shadow/value_pattern.h"

namespace banyan::shadow {

inline constexpr std::string_view kRedacted = "(redacted)";

// Names are compared without case, `_` and `-`.
struct Redaction {
  std::vector<std::string> names = {"password", "passwd", "secret", "token",
                                    "code",     "sig",    "api_key"};
  // All of what lies at or below them, and of what may hold such a place.
  std::vector<PathPattern> paths = {};
  std::vector<std::string> headers = {};  // in any case
  std::vector<ValuePattern> patterns = {};  // what they match, wherever it stands
};

// Beside the names themselves, `x_NAME`, `x-NAME` and `xName` for password, passwd, secret, token
// and api_key: `refresh_token`, `accessToken`, `x-api-key`.
[[nodiscard]] bool is_secret_name(const Redaction& redaction, std::string_view name);

// Values of pairs and members inside of `text`: `a=1&token=(redacted)`, `{"token":(redacted)}`.
[[nodiscard]] std::string redacted_text(const Redaction& redaction, std::string_view text);

// A difference's left or right, which stands at `path` (unfolded). Empty stays empty.
[[nodiscard]] std::string redacted_value(const Redaction& redaction, std::string_view path,
                                         std::string_view value);

// An endpoint or a path, as it is counted: patterns hide what data it has in it.
[[nodiscard]] std::string redacted_name(const Redaction& redaction, std::string name);

}  // namespace banyan::shadow
