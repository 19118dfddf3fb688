#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/admin_client.h"
#include "cli/command.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  std::vector<std::string> admins;
  std::vector<std::string> names;
  std::string format = "text";
  std::string output;
  std::string fail_on;
};

std::string target_of(const Options& options, const std::string& format) {
  std::string target = "/v1/report?format=" + format;
  for (const std::string& name : options.names) target += "&migration=" + escaped_segment(name);
  return target;
}

int write_out(const Options& options, const std::string& text) {
  if (options.output.empty()) {
    print_text(text);
    return kDone;
  }
  std::ofstream file(options.output, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return kDone;
  print_message("banyan: " + options.output + ": " + std::strerror(errno));
  return kFailed;
}

bool has_mismatch(const json& report) {
  for (const json& migration : report.value("migrations", json::array())) {
    for (const json& verdicts : migration.value("directions", json::object())) {
      if (verdicts.value("mismatch", std::uint64_t{0}) > 0) return true;
    }
  }
  return false;
}

// Whether the asked-for condition holds, by the report's data whatever is printed.
int judge(const Options& options, const Reply& told) {
  if (options.fail_on.empty()) return kDone;
  const Reply data = options.format == "json"
                         ? told
                         : ask(told.admin, {"GET", target_of(options, "json"), nullptr});
  if (!data.ok() || !data.document.is_object()) {
    print_message("banyan: " + told.admin + ": " + data.problem);
    return kFailed;
  }
  return has_mismatch(data.document) ? kHolds : kDone;
}

int report(const Options& options) {
  std::string text;
  const int code = ask_all(options.admins, {"GET", target_of(options, options.format), nullptr},
                           [&](const Reply& reply) {
                             text += reply.text;
                             if (!text.ends_with('\n')) text += '\n';
                             return judge(options, reply);
                           });
  return text.empty() ? code : worse(code, write_out(options, text));
}

}  // namespace

void add_report(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, "report", "Where the answers of the two arms differ.",
      {"report", "report orders --format json -o report.json", "report --fail-on mismatch"});
  command.add_option("NAME", options->names, "Migrations; none: all of them");
  command.add_option("-o,--output", options->output, "Writes to a file");
  command.add_option("--fail-on", options->fail_on, "Ends with 3 where there is one")
      ->check(CLI::IsMember({"mismatch"}));
  add_format(command, options->format);
  add_admin(command, options->admins);
  command.callback([options, &chosen] { chosen = [options] { return report(*options); }; });
}

}  // namespace banyan::cli
