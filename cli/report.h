// cli/report.h: what the subcommands of `report` share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "shadow/waiver.h"

namespace banyan::cli {

// --format text|json|html|markdown|junit
void add_report_format(CLI::App& command, std::string& format);
// To the file, or to stdout where `output` is empty.
[[nodiscard]] int write_report(const std::string& output, const std::string& text);

// --waivers FILE
void add_waivers(CLI::App& command, std::string& file);
// Nothing, and said with its place, where something is wrong with it.
[[nodiscard]] std::optional<std::vector<shadow::Waiver>> read_waivers(const std::string& file);

// Of reports that were saved as JSON.
void add_report_merge(CLI::App& report, Action& chosen);
void add_report_compare(CLI::App& report, Action& chosen);

}  // namespace banyan::cli
