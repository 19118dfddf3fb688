// shadow/diff/json_text.h: places and values of a JSON document, as they are shown. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shadow/diff/json_tape.h"

namespace banyan::shadow {

// One step from a value to one that it holds.
struct PathStep {
  std::string_view name;    // of a member
  std::uint32_t index = 0;  // of an element
  bool is_index = false;
};

// A name from traffic may be of any length; a path is cut (`…`) behind so many bytes.
inline constexpr std::size_t kNameShownMax = 200;
inline constexpr std::size_t kPathShownMax = 1024;

// `$` and a step for each: `[17]`, or as append_member() writes a name (base/path_pattern.h).
[[nodiscard]] std::string path_text(const std::vector<PathStep>& steps);

// The value as compact JSON, members in the order of the document, cut to `size_max` bytes.
[[nodiscard]] std::string value_text(const JsonTape& tape, std::uint32_t at, std::size_t size_max);

}  // namespace banyan::shadow
