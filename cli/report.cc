#include "cli/report.h"

#include <chrono>

#include "cli/admin_client.h"
#include "config/scalar.h"
#include "shadow/report.h"
#include "shadow/report_reader.h"
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
  std::string waivers;
};

using Report = std::vector<shadow::MigrationReport>;

std::string target_of(const Options& options, const std::string& format) {
  std::string target = "/v1/report?format=" + format;
  for (const std::string& name : options.names) target += "&migration=" + escaped_segment(name);
  if (!options.since.empty()) target += "&since=" + options.since;
  if (!options.epoch.empty()) target += "&epoch=" + escaped_segment(options.epoch);
  return target;
}

// Whether the asked-for condition holds, by the report's data whatever is printed.
int judge(const Options& options, Report report, WallTime now) {
  if (options.fail_on.empty()) return kDone;
  shadow::judge(report, now);
  const bool holds = shadow::has_unwaived_mismatch(report) ||
                     (options.fail_on == "inconclusive" && shadow::is_any_not_ready(report));
  return holds ? kHolds : kDone;
}

// The report as data, with the waivers of the command line where it names some.
std::optional<Report> data_of(const Reply& data,
                              const std::optional<std::vector<shadow::Waiver>>& waivers) {
  if (!data.ok()) {
    print_message("banyan: " + data.admin + ": " + data.problem);
    return std::nullopt;
  }
  auto report = shadow::read_report(data.text);
  if (!report) {
    print_message("banyan: " + data.admin + ": " + report.error());
    return std::nullopt;
  }
  if (waivers) {
    for (shadow::MigrationReport& migration : *report) migration.waivers = *waivers;
  }
  return std::move(*report);
}

// What one process says: the text to print, and whether the asked-for condition holds.
int tell(const Options& options, const Reply& told,
         const std::optional<std::vector<shadow::Waiver>>& waivers, std::string& text) {
  if (!waivers && options.fail_on.empty()) {
    text += told.text;
    return kDone;
  }
  const Reply data = options.format == "json" ? told
                                              : ask(told.admin, options.admins.token_file,
                                                    {"GET", target_of(options, "json"), nullptr});
  const WallTime now = std::chrono::system_clock::now();
  auto report = data_of(data, waivers);
  if (!report) return kFailed;
  text +=
      waivers ? shadow::render(*report, *shadow::report_format_of(options.format), now) : told.text;
  return judge(options, std::move(*report), now);
}

int report_of_processes(const Options& options,
                        const std::optional<std::vector<shadow::Waiver>>& waivers) {
  const bool lines = options.format == "text" || options.format == "json";
  if (options.admins.urls.size() > 1 && !lines) {
    print_message("banyan: --format " + options.format +
                  " of several proxies: save each with --format json, then banyan report merge");
    return kUsage;
  }
  std::string text;
  const int code = ask_all(options.admins, {"GET", target_of(options, options.format), nullptr},
                           [&](const Reply& reply) {
                             const int judged = tell(options, reply, waivers, text);
                             if (!text.empty() && !text.ends_with('\n')) text += '\n';
                             return judged;
                           });
  return text.empty() ? code : worse(code, write_report(options.output, text));
}

// Straight from the database, of a process that runs or does not.
int report_of_store(const Options& options,
                    const std::optional<std::vector<shadow::Waiver>>& waivers) {
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
  Report report = table.report(options.names);
  for (shadow::MigrationReport& migration : report) {
    if (waivers) migration.waivers = *waivers;
  }
  const auto format = *shadow::report_format_of(options.format);
  const int code = write_report(options.output, shadow::render(report, format, now));
  return worse(code, judge(options, std::move(report), now));
}

int report(const Options& options) {
  std::optional<std::vector<shadow::Waiver>> waivers;
  if (!options.waivers.empty()) {
    waivers = read_waivers(options.waivers);
    if (!waivers) return kFailed;
  }
  return options.store.empty() ? report_of_processes(options, waivers)
                               : report_of_store(options, waivers);
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
                   "report --waivers waivers.yaml --fail-on inconclusive",
                   "report --format html -o report.html", "report merge pod-1.json pod-2.json",
                   "report compare before.json after.json", "report reset orders",
                   "report --store /var/lib/banyan/differences.db"});
  command.add_option("NAME", options->names, "Migrations; none: all of them");
  command.add_option("-o,--output", options->output, "Writes to a file");
  command
      .add_option("--fail-on", options->fail_on,
                  "Ends with 3 where a mismatch is not waived; inconclusive: also where a "
                  "migration is not ready")
      ->check(CLI::IsMember({"mismatch", "inconclusive"}));
  add_waivers(command, options->waivers);
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
    chosen = [options] { return report(*options); };
  });
}

}  // namespace banyan::cli
