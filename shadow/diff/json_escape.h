// shadow/diff/json_escape.h: strings of JSON without their escapes (RFC 8259 §7). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace banyan::shadow {

// `text`: what stands between the quotes, valid UTF-8. Unescaped in place, since it can only become
// shorter; gives the new length. Nothing where an escape is none, or half of a surrogate pair.
[[nodiscard]] std::optional<std::size_t> unescape(std::span<char> text);

}  // namespace banyan::shadow
