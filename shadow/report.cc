#include "shadow/report.h"

#include <algorithm>
#include <array>

#include "shadow/report_format.h"

namespace banyan::shadow {

namespace {

struct Format {
  std::string_view word;
  std::string_view media_type;
  std::string (*render)(const std::vector<MigrationReport>& report, WallTime now);
};
// In the order of ReportFormat.
constexpr std::array<Format, 5> kFormats{{
    {"text", "text/plain; charset=utf-8", render_text},
    {"json", "application/json", render_json},
    {"markdown", "text/markdown; charset=utf-8", render_markdown},
    {"junit", "application/xml", render_junit},
    {"html", "text/html; charset=utf-8", render_html},
}};

const Format& of(ReportFormat format) { return kFormats[static_cast<std::size_t>(format)]; }

}  // namespace

std::optional<ReportFormat> report_format_of(std::string_view word) {
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i].word == word) return static_cast<ReportFormat>(i);
  }
  return std::nullopt;
}

std::string_view media_type_of(ReportFormat format) { return of(format).media_type; }

std::string render(const std::vector<MigrationReport>& report, ReportFormat format, WallTime now) {
  std::vector<MigrationReport> judged = report;
  judge(judged, now);
  return of(format).render(judged, now);
}

bool has_unwaived_mismatch(const std::vector<MigrationReport>& judged) {
  return std::any_of(judged.begin(), judged.end(), [](const MigrationReport& migration) {
    std::uint64_t all = count_of(migration.to_monolith, Verdict::mismatch) +
                        count_of(migration.to_legacy, Verdict::mismatch);
    for (const EndpointReport& endpoint : migration.endpoints) {
      for (const std::size_t arm : {0U, 1U}) {
        all -= count_of(endpoint.tally.verdicts[arm], Verdict::mismatch) - endpoint.unwaived[arm];
      }
    }
    return all > 0;
  });
}

bool is_any_not_ready(const std::vector<MigrationReport>& judged) {
  return judged.empty() ||
         std::any_of(judged.begin(), judged.end(), [](const MigrationReport& migration) {
           return migration.judgement.state != Readiness::ready;
         });
}

}  // namespace banyan::shadow
