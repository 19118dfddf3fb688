// shadow/printable.h: text from traffic, made safe to show. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace banyan::shadow {

// The text with everything written out that a terminal would act on or hide: control characters
// (C0, DEL, C1) and line and direction marks as `\n`, `\x1b`, `\u{202e}`, bytes that are not UTF-8
// as `\xff`. The result is valid UTF-8; escaping it again changes nothing.
[[nodiscard]] std::string printable(std::string_view text);

// Cuts to at most `size_max` bytes (of 3 and more), between two characters, ending in `…` where
// something was left out.
void cut(std::string& text, std::size_t size_max);

}  // namespace banyan::shadow
