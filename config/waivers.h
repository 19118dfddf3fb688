// config/waivers.h: a file of waivers.
//
//   - path: "$.items[*].price"      # as a report shows it, or a pattern of `compare`
//     endpoint: "GET /orders/{id}"  # without it: all
//     kind: value                   # without it: all; too_little_traffic: of an endpoint, no path
//     migration: orders             # without it: all
//     reason: "rounded since May, agreed with billing"
//     until: 2026-12-31             # to the end of that day (UTC); without it: no end
#pragma once

#include <string_view>
#include <vector>

#include "config/load.h"
#include "shadow/waiver.h"

namespace banyan::config {

inline constexpr std::size_t kWaiverBytesMax = 1024 * 1024;
inline constexpr std::size_t kWaiversMax = 1'000;

struct LoadedWaivers {
  std::vector<shadow::Waiver> waivers;  // in one order, each once
  std::vector<Problem> problems;        // in the order of their places
};
// An empty file has none.
[[nodiscard]] LoadedWaivers load_waivers(std::string_view yaml);

}  // namespace banyan::config
