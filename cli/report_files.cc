// Reports that were saved as JSON: of several processes, or of two moments.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cli/report.h"
#include "config/read_file.h"
#include "config/waivers.h"
#include "shadow/report.h"
#include "shadow/report_reader.h"
#include "shadow/report_sum.h"

namespace banyan::cli {
namespace {

using Report = std::vector<shadow::MigrationReport>;

struct Options {
  std::vector<std::string> files;
  std::string format = "text";
  std::string output;
  std::string waivers;
};

// Says what is wrong with it.
std::optional<Report> read(const std::string& file) {
  std::ostringstream text;
  std::ifstream stream(file, std::ios::binary);
  // An empty file leaves `text` in failure, which is no error of the disk.
  if (stream) text << stream.rdbuf();
  if (!stream || stream.bad()) {
    print_message("banyan: " + file + ": " + std::strerror(errno));
    return std::nullopt;
  }
  auto report = shadow::read_report(text.str());
  if (report) return std::move(*report);
  print_message("banyan: " + file + ": " + report.error() +
                " (a file that banyan report --format json wrote is expected)");
  return std::nullopt;
}

// All of them, or nothing where one can not be read; every file is told.
std::optional<std::vector<Report>> read_all(const std::vector<std::string>& files) {
  std::vector<Report> reports;
  for (const std::string& file : files) {
    if (auto report = read(file)) reports.push_back(std::move(*report));
  }
  if (reports.size() != files.size()) return std::nullopt;
  return reports;
}

int merge(const Options& options) {
  const auto reports = read_all(options.files);
  if (!reports) return kFailed;
  Report sum = shadow::merged(*reports);
  if (!options.waivers.empty()) {
    const auto waivers = read_waivers(options.waivers);
    if (!waivers) return kFailed;
    for (shadow::MigrationReport& migration : sum) migration.waivers = *waivers;
  }
  return write_report(options.output, shadow::render(sum, *shadow::report_format_of(options.format),
                                                     std::chrono::system_clock::now()));
}

int compare(const Options& options) {
  const auto reports = read_all(options.files);
  if (!reports) return kFailed;
  const auto comparison = shadow::compared(reports->front(), reports->back());
  const int code =
      write_report(options.output, options.format == "json" ? shadow::render_json(comparison)
                                                            : shadow::render_text(comparison));
  return worse(code, comparison.regressed.empty() ? kDone : kHolds);
}

}  // namespace

void add_report_format(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "How to print")
      ->check(CLI::IsMember({"text", "json", "html", "markdown", "junit"}))
      ->capture_default_str();
}

void add_waivers(CLI::App& command, std::string& file) {
  command.add_option("--waivers", file,
                     "Differences that are accepted, instead of those that the process knows");
}

std::optional<std::vector<shadow::Waiver>> read_waivers(const std::string& file) {
  const auto text = config::read_file(file, config::kWaiverBytesMax);
  if (!text) {
    print_message("banyan: " + file + ": " + text.error());
    return std::nullopt;
  }
  config::LoadedWaivers loaded = config::load_waivers(*text);
  for (const config::Problem& problem : loaded.problems) {
    std::string told = config::to_text(file, problem);
    if (told.ends_with('\n')) told.pop_back();
    print_message(told);
  }
  if (!loaded.problems.empty()) return std::nullopt;
  return std::move(loaded.waivers);
}

int write_report(const std::string& output, const std::string& text) {
  if (output.empty()) {
    print_text(text);
    return kDone;
  }
  std::ofstream file(output, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return kDone;
  print_message("banyan: " + output + ": " + std::strerror(errno));
  return kFailed;
}

void add_report_merge(CLI::App& report, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      report, "merge", "One report over several processes, from their reports as JSON.",
      {"report merge pod-1.json pod-2.json", "report merge *.json --format html -o all.html"});
  command.add_option("FILE", options->files, "Reports as JSON")->required();
  command.add_option("-o,--output", options->output, "Writes to a file");
  add_report_format(command, options->format);
  add_waivers(command, options->waivers);
  command.callback([options, &chosen] { chosen = [options] { return merge(*options); }; });
}

void add_report_compare(CLI::App& report, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      report, "compare", "What is new, what is gone; ends with 3 where something regressed.",
      {"report compare before.json after.json", "report compare old.json new.json --format json"});
  command.add_option("FILE", options->files, "Two reports as JSON: before, after")
      ->required()
      ->expected(2);
  command.add_option("-o,--output", options->output, "Writes to a file");
  add_format(command, options->format);
  command.callback([options, &chosen] { chosen = [options] { return compare(*options); }; });
}

}  // namespace banyan::cli
