// shadow/report.h: the shadow-diff report, as people and programs read it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "shadow/difference_table.h"

namespace banyan::shadow {

enum class ReportFormat : std::uint8_t { text, json, markdown, junit, html };
// `text`, `json`, `markdown`, `junit`, `html`
[[nodiscard]] std::optional<ReportFormat> report_format_of(std::string_view word);
// For Content-Type.
[[nodiscard]] std::string_view media_type_of(ReportFormat format);

// Of the JSON formats. What a reader relied on stays within one version; more keys may come.
inline constexpr std::uint64_t kReportVersion = 1;

// Everything that came from traffic is escaped, in each format as that needs it: no control
// character reaches a terminal, no markup a browser. JSON: {"version", "generated_at",
// "migrations": [{"name", "epoch", "since", "directions": {"to_monolith":
// {"match": n, …}, …}, "endpoints": [{"endpoint", "verdicts", "differences": [{"path", "kind",
// "count", "samples": [{"at", "method", "target", "path", "left", "right"}]}]}]}]}
// It is judged as of `now`.
[[nodiscard]] std::string render(const std::vector<MigrationReport>& report, ReportFormat format,
                                 WallTime now);
// What the JSON has at `readiness` of a migration that was judged.
[[nodiscard]] std::string render_readiness(const MigrationReport& judged);

// An exit code's questions, of reports that were judged: a pair that differs where no waiver in
// force covers it, in either direction; a migration that is not ready, or none at all.
[[nodiscard]] bool has_unwaived_mismatch(const std::vector<MigrationReport>& judged);
[[nodiscard]] bool is_any_not_ready(const std::vector<MigrationReport>& judged);

}  // namespace banyan::shadow
