// shadow/diff/form_diff.h: application/x-www-form-urlencoded, by name.
//
// The order of names means nothing, that of the values of one name does: `$.name`, or `$.name[0]`
// and so on where a side has it more than once.
#pragma once

#include <string_view>

#include "shadow/diff/findings.h"

namespace banyan::shadow {

inline constexpr std::size_t kFormPairsMax = 10'000;

// False, and nothing told, where a side is no form: control characters, a begin like that of JSON,
// too many pairs.
[[nodiscard]] bool compare_as_form(std::string_view left, std::string_view right,
                                   Findings& findings);
[[nodiscard]] bool is_form(std::string_view body);

}  // namespace banyan::shadow
