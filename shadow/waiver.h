// shadow/waiver.h: differences that somebody has accepted, until some day. Values; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_pattern.h"
#include "base/time.h"
#include "shadow/tally.h"

namespace banyan::shadow {

inline constexpr std::string_view kTooLittleTraffic = "too_little_traffic";

struct Waiver {
  std::string path = {};                    // as written: a pattern, or a folded path
  std::optional<PathPattern> pattern = {};  // where it is one
  std::string endpoint = {};                // folded, as reports have it; empty: all
  std::string migration = {};               // empty: all
  std::optional<Kind> kind = {};            // nothing: all
  bool too_little_traffic = false;          // of the endpoint, then without path
  std::string reason = {};
  WallTime until{};             // the first moment it does not hold; zero: none
  std::string until_text = {};  // as written

  [[nodiscard]] bool holds(WallTime now) const { return until == WallTime{} || now < until; }
  [[nodiscard]] bool covers(std::string_view of_migration, std::string_view of_endpoint,
                            const PlaceName& place) const;
  // An endpoint with too little traffic.
  [[nodiscard]] bool excuses(std::string_view of_migration, std::string_view of_endpoint) const;
};

// `2026-12-31`: until the end of that day in UTC; or a time of RFC 3339 in UTC, to the second.
[[nodiscard]] std::optional<WallTime> waiver_end(std::string_view text);
// A path that a report shows or a rule of `compare` could have; fills path and pattern.
[[nodiscard]] bool set_path(Waiver& waiver, std::string_view path, std::string& problem);
// In one order, each once.
void sort_waivers(std::vector<Waiver>& waivers);
// A file of it accepts this place: to be pasted, the reason to be filled in.
[[nodiscard]] std::string waiver_snippet(std::string_view endpoint, const PlaceName& place,
                                         WallTime now);
[[nodiscard]] std::string waiver_snippet_for_traffic(std::string_view endpoint, WallTime now);

}  // namespace banyan::shadow
