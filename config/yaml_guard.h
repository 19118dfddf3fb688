// config/yaml_guard.h: what must not reach the YAML library, because of what it does with it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace banyan::config {

inline constexpr std::size_t kQuoteRunMax = 3;  // single quotes in a row

struct Refusal {
  std::size_t at;  // byte offset
  std::string_view why;
};

// The first that is found of: a character that is no UTF-8 or not allowed, a directive, a run of
// single quotes. Nothing where the text may be parsed. Linear in the text's size.
[[nodiscard]] std::optional<Refusal> refused_unparsed(std::string_view text);

}  // namespace banyan::config
