// shadow/diff/json_number.h: JSON numbers as they are written, compared by exact decimal value.
//
//   number := [ "-" ] ( "0" | nonzero digit* ) [ "." digit+ ] [ ( "e" | "E" ) [ "+" | "-" ] digit+
//   ]
//
// No number is ever converted: 1, 1.0 and 1e0 are equal, 30 digits stay 30 digits, and the cost is
// linear in the length of the text, however large the exponent is.
#pragma once

#include <cstdint>
#include <string_view>

namespace banyan::shadow {

// RFC 8259 §6, the whole of `text`.
[[nodiscard]] bool is_json_number(std::string_view text);

// Both must be numbers. -0 equals 0.
[[nodiscard]] bool equal_numbers(std::string_view a, std::string_view b);

// Equal numbers have equal hashes.
[[nodiscard]] std::uint64_t hash_number(std::string_view text);

// Whether |a - b| <= tolerance, exactly. All three must be numbers. Numbers that reach over more
// than kToleranceDigitsMax decimal places are only within it where they are equal.
inline constexpr std::size_t kToleranceDigitsMax = 400;
[[nodiscard]] bool within_tolerance(std::string_view a, std::string_view b,
                                    std::string_view tolerance);

}  // namespace banyan::shadow
