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
  std::string_view name;   // of a member
  std::uint32_t left = 0;  // of an element: its index on either side
  std::uint32_t right = 0;
  bool is_index = false;
};

// Whose indexes a path is written with. `lesser`: where both sides have the place and the indexes
// differ, those of the side that has the smaller one first. It does not depend on which is left.
enum class PathSide : std::uint8_t { left, right, lesser };

// A name from traffic may be of any length; a path is cut (`…`) behind so many bytes.
inline constexpr std::size_t kNameShownMax = 200;
inline constexpr std::size_t kPathShownMax = 1024;

// `$` and a step for each: `[17]`, or as append_member() writes a name (base/path_pattern.h).
[[nodiscard]] std::string path_text(const std::vector<PathStep>& steps, PathSide side);

// The value as compact JSON, members in the order of the document, cut to `size_max` bytes.
[[nodiscard]] std::string value_text(const JsonTape& tape, std::uint32_t at, std::size_t size_max);

}  // namespace banyan::shadow
