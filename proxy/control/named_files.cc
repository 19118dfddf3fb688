#include "proxy/control/named_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/flag_file.h"
#include "proxy/control/admin_access.h"
#include "proxy/control/flag_sources.h"
#include "proxy/control/ramps.h"
#include "proxy/net/tls_store.h"

namespace banyan::control {

namespace {

// At the place of the value that is at fault; without one where it is a default.
void add_tls_problems(const std::string& config_path, const config::Loaded& loaded,
                      std::vector<std::string>& problems) {
  for (const net::TlsProblem& found : net::tls_problems(*loaded.snapshot)) {
    config::Problem problem;
    for (const config::Problem& value : loaded.tls_values) {
      if (value.path == found.key) problem = value;
    }
    problem.message = found.message;
    problems.push_back(config::to_text(config_path, problem));
  }
}

}  // namespace

std::vector<std::string> file_problems(const std::string& config_path,
                                       const config::Loaded& loaded) {
  std::vector<std::string> problems;
  for (const config::NamedFile& named : loaded.files) {
    if (::access(named.file.c_str(), R_OK) == 0) continue;
    config::Problem problem = named.at;
    problem.message = named.file + ": " + std::strerror(errno);
    problems.push_back(config::to_text(config_path, problem));
  }
  if (!problems.empty() || !loaded.snapshot) return problems;
  if (const std::string& file = loaded.snapshot->admin_token_file; !file.empty()) {
    const auto tokens = Tokens::load(file);
    if (!tokens) problems = tokens.error();
  }
  add_tls_problems(config_path, loaded, problems);
  return problems;
}

FlagFileReport read_flag_files(const std::string& config_path, const config::Loaded& loaded) {
  FlagFileReport report;
  const config::FlagNames used = flags_in_use(*loaded.snapshot);
  const auto& sources = loaded.snapshot->flags.sources;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string& file = sources[i].file;
    report.contents.push_back({file, nullptr});
    const auto text = config::read_flag_file(file);
    if (!text) {
      config::Problem problem = loaded.flag_files[i].at;
      problem.message = file + ": " + text.error();
      report.problems.push_back(config::to_text(config_path, problem));
      continue;
    }
    auto parsed = config::parse_flag_file(*text, used, sources[i].bucketing);
    if (!parsed) {
      for (const auto& p : parsed.error()) report.problems.push_back(config::to_text(file, p));
      continue;
    }
    for (const auto& warning : parsed->warnings) {
      report.warnings.push_back(config::warning_text(file, warning));
    }
    report.contents.back().flags = std::make_shared<const config::FlagFile>(std::move(*parsed));
  }
  if (!report.problems.empty()) return report;
  auto views = flag_views(*loaded.snapshot, report.contents, RunTimeFlags(""));
  const std::vector<Ramp> ramps = Ramps("").planned(*loaded.snapshot);
  apply_ramps(ramps, views);
  std::vector<std::string> texts = flags_that_nobody_has(views, *loaded.snapshot);
  for (std::string& text : warnings_of(ramps, views, *loaded.snapshot)) {
    texts.push_back(std::move(text));
  }
  for (const std::string& text : texts) {
    report.warnings.push_back(config_path + ": warning: " + text);
  }
  return report;
}

}  // namespace banyan::control
