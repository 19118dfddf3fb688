// shadow/report.h: the shadow-diff report, as people and programs read it. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "shadow/difference_table.h"

namespace banyan::shadow {

enum class ReportFormat : std::uint8_t { text, json };

// Everything that came from traffic is escaped: no control character reaches a terminal.
// JSON: {"generated_at", "migrations": [{"name", "epoch", "since", "directions": {"to_monolith":
// {"match": n, …}, …}, "endpoints": [{"endpoint", "verdicts", "differences": [{"path", "kind",
// "count", "samples": [{"at", "method", "target", "path", "left", "right"}]}]}]}]}
[[nodiscard]] std::string render(const std::vector<MigrationReport>& report, ReportFormat format,
                                 WallTime now);

}  // namespace banyan::shadow
