// shadow/report_sum.h: reports of several processes as one, and two reports side by side. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shadow/difference_table.h"

namespace banyan::shadow {

// Counts add up exactly; two epochs of a migration stay two. Of the samples of one place the oldest
// stay, as many as the fullest place of all reports has. In the order of names and epochs; the
// order of `reports` changes nothing.
[[nodiscard]] std::vector<MigrationReport> merged(
    const std::vector<std::vector<MigrationReport>>& reports);

// A place in two reports.
struct ComparedPlace {
  struct Side {
    std::uint64_t count = 0;
    std::uint64_t compared = 0;  // pairs of its endpoint
  };
  std::string migration;
  std::string endpoint;
  std::string path;
  Kind kind = Kind::value;
  Side before, after;
};

// By migration, endpoint, path and kind, whatever the epoch; the same place in one list only.
struct ReportComparison {
  std::vector<ComparedPlace> regressed;  // not before
  std::vector<ComparedPlace> fixed;      // not after, though its endpoint was compared
  std::vector<ComparedPlace> unchanged;
  std::vector<ComparedPlace> not_seen;  // not after, and its endpoint was not compared at all
};
[[nodiscard]] ReportComparison compared(const std::vector<MigrationReport>& before,
                                        const std::vector<MigrationReport>& after);

[[nodiscard]] std::string render_text(const ReportComparison& comparison);
[[nodiscard]] std::string render_json(const ReportComparison& comparison);

}  // namespace banyan::shadow
