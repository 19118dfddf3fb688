// config/yaml_tree.h: YAML text as a tree in which every value knows its place.
//
// Only a subset of YAML 1.2 is taken, on purpose: one document without anchors, aliases, tags and
// directives, so that what a file means can be seen at the place where it stands and no few lines
// can grow into many. Duplicate keys are kept for the decoder to report.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace banyan::config {

inline constexpr std::size_t kDepthMax = 16;       // lists and mappings within each other
inline constexpr std::size_t kNodesMax = 200'000;  // values and keys of a file

struct Node {
  enum class Kind {
    refused,   // was reported already; nothing is said about it again
    plain,     // a scalar without quotes: a number, true, null or text
    quoted,    // a scalar in quotes or as a block: always text
    sequence,  // `items`
    mapping,   // `items`, whose keys are `keys`
  };
  struct Key {
    std::string text;
    std::size_t at = 0;
  };

  Kind kind = Kind::plain;
  std::size_t at = 0;  // byte offset; that of the key where there is no value
  std::string text;    // of a scalar
  std::vector<Key> keys;
  std::vector<Node> items;

  [[nodiscard]] bool is_scalar() const { return kind == Kind::plain || kind == Kind::quoted; }
  // YAML 1.2.2 §10.3.2, the core schema.
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] bool is_number() const;
  // A scalar that is none of the three above.
  [[nodiscard]] bool is_text() const;
};

// Nothing where `problems` got one that leaves no tree to look at. A file without any value gives
// a plain node with empty text.
[[nodiscard]] std::optional<Node> parse_yaml(std::string_view text, Problems& problems);

}  // namespace banyan::config
