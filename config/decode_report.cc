#include "config/decode_report.h"

#include <array>

#include "config/read_file.h"
#include "config/waivers.h"

namespace banyan::config {
namespace {

constexpr Range kEvery{60'000, 7ULL * 24 * 60 * 60 * 1'000};

void decode_waivers(const Cursor& cursor, Draft& out) {
  read_word(cursor, read_file_path, out.waivers);
}

constexpr std::array kExportKeys{
    Key<Report>{"path", text<&Report::export_path, read_file_path>, Need::required},
    Key<Report>{"every", duration<&Report::export_every, kEvery>},
};

void decode_export(const Cursor& cursor, Draft& out) {
  decode_block<Report>(cursor, out.snapshot.report, kExportKeys);
}

constexpr std::array kReportKeys{
    Key<Draft>{"waivers", decode_waivers},
    Key<Draft>{"export", decode_export, Need::optional, in_block<kExportKeys>},
};

}  // namespace

void decode_report(const Cursor& cursor, Draft& draft) {
  decode_block<Draft>(cursor, draft, kReportKeys);
}

void list_report_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kReportKeys>(prefix, paths);
}

void load_waivers(Draft& draft, Problems& problems) {
  const Word& file = draft.waivers;
  if (file.text.empty()) return;
  const auto content = read_file(file.text, kWaiverBytesMax);
  if (!content) {
    return problems.add(file.at, file.path, quoted(file.text) + ": " + content.error());
  }
  LoadedWaivers loaded = load_waivers(*content);
  for (const Problem& problem : loaded.problems) {
    const std::string text = to_text(file.text, problem);
    problems.add(file.at, file.path, text.substr(0, text.find('\n')));
  }
  draft.snapshot.report.waivers = std::move(loaded.waivers);
}

}  // namespace banyan::config
