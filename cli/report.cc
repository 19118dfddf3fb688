#include "cli/report.h"

#include <chrono>

#include "cli/admin_client.h"
#include "config/scalar.h"
#include "shadow/report.h"
#include "shadow/store/sqlite_store.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  Admins admins;
  std::vector<std::string> names;
  std::string format = "text";
  std::string output;
  std::string fail_on;
  std::string since;
  std::string epoch;
  std::string store;
};

std::string target_of(const Options& options, const std::string& format) {
  std::string target = "/v1/report?format=" + format;
  for (const std::string& name : options.names) target += "&migration=" + escaped_segment(name);
  if (!options.since.empty()) target += "&since=" + options.since;
  if (!options.epoch.empty()) target += "&epoch=" + escaped_segment(options.epoch);
  return target;
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
  const Reply data = options.format == "json" ? told
                                              : ask(told.admin, options.admins.token_file,
                                                    {"GET", target_of(options, "json"), nullptr});
  if (!data.ok() || !data.document.is_object()) {
    print_message("banyan: " + told.admin + ": " + data.problem);
    return kFailed;
  }
  return has_mismatch(data.document) ? kHolds : kDone;
}

int report_of_processes(const Options& options) {
  const bool lines = options.format == "text" || options.format == "json";
  if (options.admins.urls.size() > 1 && !lines) {
    print_message("banyan: --format " + options.format +
                  " of several proxies: save each with --format json, then banyan report merge");
    return kUsage;
  }
  std::string text;
  const int code = ask_all(options.admins, {"GET", target_of(options, options.format), nullptr},
                           [&](const Reply& reply) {
                             text += reply.text;
                             if (!text.ends_with('\n')) text += '\n';
                             return judge(options, reply);
                           });
  return text.empty() ? code : worse(code, write_report(options.output, text));
}

// Straight from the database, of a process that runs or does not.
int report_of_store(const Options& options) {
  const WallTime now = std::chrono::system_clock::now();
  shadow::RecordQuery query{options.names, std::nullopt, std::nullopt};
  if (!options.epoch.empty()) query.epoch = options.epoch;
  if (!options.since.empty()) query.since = now - *config::read_duration(options.since);
  const auto store = shadow::SqliteStore::open_to_read(options.store);
  const auto records =
      store ? (*store)->records(query) : tl::unexpected<shadow::StoreError>(store.error());
  if (!records) {
    print_message("banyan: " + options.store + ": " + records.error().text);
    return kFailed;
  }
  shadow::DifferenceTable table;
  for (const shadow::EpochRecord& record : *records) table.restore(record);
  const auto report = table.report(options.names);
  const auto format = *shadow::report_format_of(options.format);
  const int code = write_report(options.output, shadow::render(report, format, now));
  if (options.fail_on.empty()) return code;
  const bool holds =
      has_mismatch(json::parse(shadow::render(report, shadow::ReportFormat::json, now)));
  return worse(code, holds ? kHolds : kDone);
}

std::string duration_problem(const std::string& text) {
  const auto duration = config::read_duration(text);
  return duration ? "" : text + ": " + duration.error();
}

struct ResetOptions {
  Admins admins;
  std::string name;
  std::string reason;
};

int reset(const ResetOptions& options) {
  json body = json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  const std::string target = "/v1/migrations/" + escaped_segment(options.name) + "/reset";
  return ask_all(options.admins, {"POST", target, body}, [&](const Reply& reply) {
    print_text("counted anew: " + options.name + "\n");
    if (reply.document.is_object() && !reply.document.value("durable", true)) {
      print_message("not on disk: a restart counts on from before");
    }
    return kDone;
  });
}

void add_reset(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<ResetOptions>();
  CLI::App& command = add_command(parent, "reset", "Begins a new epoch: all is counted anew.",
                                  {"report reset orders --reason 'a new build'"});
  command.add_option("NAME", options->name, "The migration")->required();
  command.add_option("--reason", options->reason, "For the audit log");
  add_admin(command, options->admins);
  command.callback([options, &chosen] { chosen = [options] { return reset(*options); }; });
}

}  // namespace

void add_report(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, "report", "Where the answers of the two arms differ.",
                  {"report", "report orders --format json -o report.json", "report --since 2h",
                   "report --fail-on mismatch", "report --format html -o report.html",
                   "report merge pod-1.json pod-2.json", "report compare before.json after.json",
                   "report reset orders", "report --store /var/lib/banyan/differences.db"});
  command.add_option("NAME", options->names, "Migrations; none: all of them");
  command.add_option("-o,--output", options->output, "Writes to a file");
  command.add_option("--fail-on", options->fail_on, "Ends with 3 where there is one")
      ->check(CLI::IsMember({"mismatch"}));
  command.add_option("--since", options->since, "What is younger, to the hour; from the store")
      ->check(CLI::Validator(duration_problem, "DURATION", "duration"));
  command.add_option("--epoch", options->epoch, "Another epoch than the latest; from the store");
  command.add_option("--store", options->store, "Reads a stored database, asks no process");
  add_report_format(command, options->format);
  add_admin(command, options->admins);
  add_reset(command, chosen);
  add_report_merge(command, chosen);
  add_report_compare(command, chosen);
  command.callback([options, &command, &chosen] {
    if (!command.get_subcommands().empty()) return;
    chosen = [options] {
      return options->store.empty() ? report_of_processes(*options) : report_of_store(*options);
    };
  });
}

}  // namespace banyan::cli
