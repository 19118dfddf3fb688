// config/json_tree.h: JSON text (RFC 8259) as a tree in which every value knows its place.
//
// The same tree that YAML makes, so that the same readers decode both. Duplicate keys are kept for
// the decoder to report.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "config/problems.h"
#include "config/yaml_tree.h"

namespace banyan::config {

inline constexpr std::size_t kJsonDepthMax = 128;  // lists and objects within each other
inline constexpr std::size_t kJsonNodesMax = 1'000'000;

// Nothing where `problems` got one that leaves no tree to look at.
[[nodiscard]] std::optional<Node> parse_json(std::string_view text, Problems& problems);

}  // namespace banyan::config
