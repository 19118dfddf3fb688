// shadow/report_format.h: the formats of report.h, and what they share. Pure.
#pragma once

#include <string>
#include <vector>

#include "shadow/difference_table.h"

namespace banyan::shadow {

[[nodiscard]] std::string render_text(const std::vector<MigrationReport>& report, WallTime now);
[[nodiscard]] std::string render_json(const std::vector<MigrationReport>& report, WallTime now);
[[nodiscard]] std::string render_markdown(const std::vector<MigrationReport>& report, WallTime now);
[[nodiscard]] std::string render_junit(const std::vector<MigrationReport>& report, WallTime now);
[[nodiscard]] std::string render_html(const std::vector<MigrationReport>& report, WallTime now);

// `2026-11-22 13:37:05 UTC`; `-` where it is not known.
[[nodiscard]] std::string time_text(WallTime time);
// `Counted since 2026-11-22 13:37:05 UTC.`, or that nothing was.
[[nodiscard]] std::string counted_since(const MigrationReport& migration);
// 12345678 -> 12,345,678
[[nodiscard]] std::string grouped(std::uint64_t number);
// `27.71 %`. Neither 0 nor 100 % is said unless it is exactly that.
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);

// ` (noise)`, ` (transient)`; nothing of a mismatch.
[[nodiscard]] inline std::string verdict_mark(const Place& place) {
  if (place.verdict == Verdict::mismatch) return {};
  return " (" + std::string(to_string(place.verdict)) + ")";
}

}  // namespace banyan::shadow
