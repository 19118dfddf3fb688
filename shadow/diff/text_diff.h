// shadow/diff/text_diff.h: bodies without a structure that is known: by lines, or by bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shadow/diff/findings.h"

namespace banyan::shadow {

inline constexpr std::size_t kLinesMax = 100'000;

// Line by line, at `body[N]` counted from 0: inserted and removed lines are told as such, as
// elements of arrays are. False, and nothing told, where it is not text of several lines on both
// sides, looks like broken JSON, or has more than kLinesMax lines.
[[nodiscard]] bool compare_lines(std::string_view left, std::string_view right, Findings& findings);

// At `body`: sizes and the first byte that differs, with an excerpt where that is safe; of what is
// no text the hashes too.
void compare_bytes(std::string_view left, std::string_view right, Findings& findings);

// `1024 bytes, from byte 7, hash 0123456789abcdef`: what holds none of them.
[[nodiscard]] std::string size_and_hash(std::string_view bytes,
                                        std::optional<std::size_t> offset = std::nullopt);

// UTF-8 without NUL.
[[nodiscard]] bool is_text(std::string_view body);
// Begins, behind space, as a JSON object or array.
[[nodiscard]] bool begins_as_container(std::string_view body);

}  // namespace banyan::shadow
