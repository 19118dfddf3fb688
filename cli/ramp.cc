#include <fmt/format.h>

#include "cli/admin_client.h"
#include "cli/command.h"
#include "shadow/printable.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  Admins admins;
  std::string format = "text";
  std::string name;
  std::string reason;
};

// `shop: 25 %, step 3 of 5, goes on`
int tell(const Reply& reply, const Options& options) {
  if (!reply.document.is_object()) return kFailed;
  if (options.format == "json") {
    print_json(reply.document);
    return durability(reply);
  }
  const json ramp = reply.document.value("ramp", json::object());
  print_text(fmt::format("{}: {} %, step {} of {}, {}\n",
                         shadow::printable(member(reply.document, "flag")),
                         number(ramp.value("percent", json())), number(ramp.value("step", json())),
                         ramp.value("steps", json::array()).size(),
                         ramp.value("paused", json()).is_object() ? "paused" : "goes on"));
  return durability(reply);
}

int post(const Options& options, const std::string& act) {
  json body = json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  const std::string target = "/v1/migrations/" + escaped_segment(options.name) + "/ramp/" + act;
  return ask_all(options.admins, {"POST", target, body},
                 [&](const Reply& reply) { return tell(reply, options); });
}

void add_act(CLI::App& ramp, const std::string& act, const std::string& about, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(ramp, act, about, {"ramp " + act + " orders --reason 'until Monday'"});
  command.add_option("NAME", options->name, "The flag, or a migration that follows it")->required();
  command.add_option("--reason", options->reason, "For status and the audit log");
  add_format(command, options->format);
  add_admin(command, options->admins);
  command.callback(
      [options, act, &chosen] { chosen = [options, act] { return post(*options, act); }; });
}

}  // namespace

void add_ramp(CLI::App& app, Action& chosen) {
  CLI::App& command = add_command(
      app, "ramp", "A ramp by hand.",
      {"ramp pause orders --reason 'until Monday'", "ramp resume orders", "ramp skip orders"});
  command.require_subcommand(1);
  add_act(command, "pause", "Stays in the step it is in.", chosen);
  add_act(command, "resume", "Goes on; a value of the flag that was set at run time is cleared.",
          chosen);
  add_act(command, "skip", "Enters the next step now, whatever it waits for.", chosen);
}

}  // namespace banyan::cli
