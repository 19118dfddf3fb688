#include "shadow/report.h"

#include "shadow/report_format.h"

namespace banyan::shadow {

std::string render(const std::vector<MigrationReport>& report, ReportFormat format, WallTime now) {
  return format == ReportFormat::json ? render_json(report, now) : render_text(report, now);
}

}  // namespace banyan::shadow
