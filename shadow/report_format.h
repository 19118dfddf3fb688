// shadow/report_format.h: the formats of report.h, and what they share. Pure.
#pragma once

#include <string>
#include <vector>

#include "shadow/difference_table.h"

namespace banyan::shadow {

[[nodiscard]] std::string render_text(const std::vector<MigrationReport>& report, WallTime now);
[[nodiscard]] std::string render_json(const std::vector<MigrationReport>& report, WallTime now);

[[nodiscard]] inline std::uint64_t count_of(const VerdictCounts& counts, Verdict verdict) {
  return counts[static_cast<std::size_t>(verdict)];
}
// Pairs of which it was possible to say whether they agree.
[[nodiscard]] inline std::uint64_t compared_of(const VerdictCounts& counts) {
  std::uint64_t compared = 0;
  for (const std::uint64_t count : counts) compared += count;
  return compared - count_of(counts, Verdict::not_comparable);
}

}  // namespace banyan::shadow
