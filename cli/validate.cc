#include "cli/command.h"
#include "config/load.h"
#include "proxy/control/named_files.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string file;
  std::string format = "text";
  bool no_files = false;
};

json problems_json(const std::vector<config::Problem>& problems) {
  json all = json::array();
  for (const config::Problem& problem : problems) {
    all.push_back({{"line", problem.line},
                   {"column", problem.column},
                   {"path", problem.path},
                   {"message", problem.message}});
  }
  return all;
}

int validate(const Options& options) {
  const config::Loaded loaded = config::load_file(
      options.file, options.no_files ? config::Files::leave_out : config::Files::read);
  for (const config::Problem& problem : loaded.problems) {
    std::string text = config::to_text(options.file, problem);
    if (text.ends_with('\n')) text.pop_back();
    print_message(text);
  }
  std::vector<std::string> files, warnings;
  if (!options.no_files) files = control::file_problems(options.file, loaded);
  if (!options.no_files && loaded.snapshot) {
    auto flags = control::read_flag_files(options.file, loaded);
    files.insert(files.end(), flags.problems.begin(), flags.problems.end());
    warnings = std::move(flags.warnings);
  }
  for (const auto* const texts : {&files, &warnings}) {
    for (const std::string& text : *texts) {
      print_message(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
    }
  }
  const bool ok = loaded.snapshot != nullptr && files.empty();
  if (options.format == "json") {
    json problems = problems_json(loaded.problems);
    for (const std::string& problem : files) problems.push_back({{"message", problem}});
    print_json(
        {{"file", options.file}, {"ok", ok}, {"problems", problems}, {"warnings", warnings}});
  } else if (ok) {
    print_text(options.file + ": ok\n");
  }
  return ok ? kDone : kFailed;
}

}  // namespace

void add_validate(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, "validate", "Says every problem of a configuration in one pass.",
                  {"validate banyan.yaml", "validate --no-files banyan.yaml"});
  command.add_option("FILE", options->file, "The configuration")->required();
  // `run` and `route` take it with -c; here that is a mistake worth a hint.
  command.add_option("-c,--config")
      ->group("")
      ->check(CLI::Validator(
          [](const std::string& file) {
            return "the file stands without -c here: banyan validate " + file;
          },
          "", "hint"));
  command.add_flag("--no-files", options->no_files,
                   "Leaves out whether keys and files that it names exist");
  add_format(command, options->format);
  command.callback([options, &chosen] { chosen = [options] { return validate(*options); }; });
}

}  // namespace banyan::cli
