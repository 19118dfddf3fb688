#include <fmt/format.h>

#include "cli/admin_client.h"
#include "cli/command.h"
#include "config/scalar.h"
#include "shadow/printable.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  Admins admins;
  std::string format = "text";
  std::string flag;
  std::string percent;
  std::string reason;
  std::string ttl;
  bool override_targeting = false;
};
using OptionsPtr = std::shared_ptr<Options>;

std::string target_of(const Options& options) {
  return "/v1/flags/" + escaped_segment(options.flag);
}

std::vector<std::string> row_of(const json& flag) {
  return {member(flag, "name"), number(flag.value("percent", json())), member(flag, "origin"),
          number(flag.value("configured", json()))};
}

int tell_flags(const Reply& reply, const Options& options) {
  if (!reply.document.is_object()) return kFailed;
  if (options.format == "json") {
    print_json(reply.document);
    return durability(reply);
  }
  std::vector<std::vector<std::string>> rows{{"FLAG", "PERCENT", "ORIGIN", "CONFIGURED"}};
  const json flags = reply.document.value("flags", json::array({reply.document}));
  for (const json& flag : flags) rows.push_back(row_of(flag));
  print_text(table(rows));
  return durability(reply);
}

int ask_for(const Options& options, const Request& request) {
  return ask_all(options.admins, request,
                 [&](const Reply& reply) { return tell_flags(reply, options); });
}

// A value that is set pauses the ramp.
int tell_set(const Reply& reply, const Options& options) {
  const int code = tell_flags(reply, options);
  const json migrations = reply.document.value("migrations", json::array());
  if (reply.document.value("ramp", json()).is_number() && !migrations.empty()) {
    print_message(fmt::format(
        "its ramp is paused; `banyan ramp resume {}` clears this value and lets it go on",
        shadow::printable(migrations[0].get<std::string>())));
  }
  return code;
}

int set(const Options& options) {
  json body{{"percent", json::parse(options.percent)}};
  if (!options.reason.empty()) body["reason"] = options.reason;
  if (!options.ttl.empty()) body["ttl"] = options.ttl;
  if (options.override_targeting) body["override_targeting"] = true;
  return ask_all(options.admins, {"PUT", target_of(options), body},
                 [&](const Reply& reply) { return tell_set(reply, options); });
}

int clear(const Options& options) {
  json body = json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  return ask_for(options, {"DELETE", target_of(options), body});
}

std::string percent_problem(const std::string& text) {
  const auto percent = config::read_percent(text);
  return percent ? "" : text + ": " + percent.error();
}

std::string duration_problem(const std::string& text) {
  const auto duration = config::read_duration(text);
  return duration ? "" : text + ": " + duration.error();
}

void add_common(CLI::App& command, Options& options) {
  add_format(command, options.format);
  add_admin(command, options.admins);
}

void add_list(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(parent, "list", "All flags.", {"flag list"});
  add_common(command, *options);
  command.callback([options, &chosen] {
    chosen = [options] { return ask_for(*options, {"GET", "/v1/flags", nullptr}); };
  });
}

void add_get(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(parent, "get", "One flag.", {"flag get orders"});
  command.add_option("FLAG", options->flag)->required();
  add_common(command, *options);
  command.callback([options, &chosen] {
    chosen = [options] { return ask_for(*options, {"GET", target_of(*options), nullptr}); };
  });
}

void add_set(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(parent, "set", "Sets a flag, above what the configuration says.",
                  {"flag set orders 5", "flag set orders 25 --reason 'a quiet hour' --ttl 2h"});
  command.add_option("FLAG", options->flag)->required();
  command.add_option("PERCENT", options->percent, "0 to 100, up to three decimals")
      ->required()
      ->check(CLI::Validator(percent_problem, "PERCENT", "percent"));
  command.add_option("--reason", options->reason, "For the audit log");
  command.add_flag("--override-targeting", options->override_targeting,
                   "Also where the flag's own rules are put out of force by it");
  command.add_option("--ttl", options->ttl, "After this the configuration counts again")
      ->check(CLI::Validator(duration_problem, "DURATION", "duration"));
  add_common(command, *options);
  command.callback([options, &chosen] { chosen = [options] { return set(*options); }; });
}

void add_clear(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(parent, "clear", "Lets the configuration count again.", {"flag clear orders"});
  command.add_option("FLAG", options->flag)->required();
  command.add_option("--reason", options->reason, "For the audit log");
  add_common(command, *options);
  command.callback([options, &chosen] { chosen = [options] { return clear(*options); }; });
}

}  // namespace

void add_flag(CLI::App& app, Action& chosen) {
  CLI::App& command =
      add_command(app, "flag", "The monolith's share of the users, while running.",
                  {"flag list", "flag get orders", "flag set orders 5", "flag clear orders"});
  command.require_subcommand(1);
  add_list(command, chosen);
  add_get(command, chosen);
  add_set(command, chosen);
  add_clear(command, chosen);
}

}  // namespace banyan::cli
