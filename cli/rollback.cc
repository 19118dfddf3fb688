#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/admin_client.h"
#include "cli/command.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  Admins admins;
  std::string format = "text";
  std::vector<std::string> names;
  std::string flag;
  std::string reason;
  bool all = false;
};

std::vector<std::string> names_in(const json& document, const char* key) {
  std::vector<std::string> names;
  for (const json& name : document.value(key, json::array())) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  return names;
}

int tell(const Reply& reply, const Options& options, std::string_view verb) {
  if (!reply.document.is_object()) return kFailed;
  if (options.format == "json") {
    print_json(reply.document);
    return durability(reply);
  }
  const auto names = names_in(reply.document, "migrations");
  print_text(fmt::format("{}: {}\n", verb,
                         names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "))));
  const auto siblings = names_in(reply.document, "siblings");
  if (!siblings.empty()) {
    print_message(
        fmt::format("share the flag and stay as they are: {}", fmt::join(siblings, ", ")));
  }
  return durability(reply);
}

std::vector<std::string> rollback_targets(const Options& options) {
  if (options.all) return {"/v1/rollback"};
  if (!options.flag.empty()) return {"/v1/flags/" + escaped_segment(options.flag) + "/rollback"};
  std::vector<std::string> targets;
  for (const std::string& name : options.names) {
    targets.push_back("/v1/migrations/" + escaped_segment(name) + "/rollback");
  }
  return targets;
}

// Every one is tried, whatever became of the ones before: this is the way back.
int post_all(const Options& options, const std::vector<std::string>& targets,
             std::string_view verb) {
  json body = json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  int code = kDone;
  for (const std::string& target : targets) {
    code = worse(code, ask_all(options.admins, {"POST", target, body},
                               [&](const Reply& reply) { return tell(reply, options, verb); }));
  }
  return code;
}

void add_common(CLI::App& command, Options& options) {
  command.add_option("--reason", options.reason, "For status and the audit log");
  add_format(command, options.format);
  add_admin(command, options.admins);
}

}  // namespace

void add_rollback(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, "rollback", "To legacy now, until somebody rearms.",
      {"rollback orders --reason 'prices are wrong'", "rollback --flag shop", "rollback --all",
       "rollback orders --admin http://127.0.0.1:9901 --admin "
       "http://127.0.0.1:9911"});
  CLI::Option* const names = command.add_option("NAME", options->names, "Migrations");
  CLI::Option* const flag =
      command.add_option("--flag", options->flag, "All migrations that follow this flag");
  CLI::Option* const all = command.add_flag("--all", options->all, "Every migration");
  names->excludes(flag)->excludes(all);
  flag->excludes(all);
  add_common(command, *options);
  command.callback([options, &chosen] {
    if (options->names.empty() && options->flag.empty() && !options->all) {
      throw CLI::RequiredError("NAME, --flag or --all");
    }
    chosen = [options] { return post_all(*options, rollback_targets(*options), "rolled back"); };
  });
}

void add_rearm(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(app, "rearm", "Takes a rollback off: the flag decides again.",
                                  {"rearm orders --reason 'fixed in 2.4.1'"});
  command.add_option("NAME", options->names, "The migration")->required()->expected(1);
  add_common(command, *options);
  command.callback([options, &chosen] {
    chosen = [options] {
      const std::string target = "/v1/migrations/" + escaped_segment(options->names[0]) + "/rearm";
      return post_all(*options, {target}, "rearmed");
    };
  });
}

}  // namespace banyan::cli
