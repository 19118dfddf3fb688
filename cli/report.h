// cli/report.h: what the subcommands of `report` share.
#pragma once

#include <string>

#include "cli/command.h"

namespace banyan::cli {

// --format text|json|html|markdown|junit
void add_report_format(CLI::App& command, std::string& format);
// To the file, or to stdout where `output` is empty.
[[nodiscard]] int write_report(const std::string& output, const std::string& text);

// Of reports that were saved as JSON.
void add_report_merge(CLI::App& report, Action& chosen);
void add_report_compare(CLI::App& report, Action& chosen);

}  // namespace banyan::cli
