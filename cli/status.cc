#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "shadow/printable.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  Admins admins;
  std::string format = "text";
  bool history = false;
};

// `by alice@host at 2026-… (why)`
std::string by(const json& author) {
  std::string text = "by " + member(author, "who") + " at " + member(author, "at");
  const std::string reason = member(author, "reason");
  return reason.empty() ? text : text + ": " + reason;
}

std::string guardrail_of(const json& migration) {
  const json guardrail = migration.value("guardrail", json());
  if (!guardrail.is_object()) return "off";
  return member(guardrail, "outcome") + " (" + member(guardrail, "why") + ")";
}

// `inconclusive, 4,543 more`: pairs without a mismatch that it still needs.
std::string readiness_text(const json& migration) {
  std::string state = member(migration, "readiness");
  std::replace(state.begin(), state.end(), '_', ' ');
  const json detail = migration.value("readiness_detail", json::object());
  const json more = detail.value("more_clean", json());
  const bool is_open = state == "inconclusive" && more.is_number_unsigned() && more > 0U;
  return is_open ? state + ", " + number(more) + " more" : state;
}

std::string migrations_text(const json& status) {
  std::vector<std::vector<std::string>> rows{
      {"MIGRATION", "FLAG", "PERCENT", "READINESS", "GUARDRAIL", "ROLLED BACK"}};
  for (const json& m : status.value("migrations", json::array())) {
    const json latch = m.value("latch", json());
    rows.push_back({member(m, "name"), member(m, "flag"), number(m.value("percent", json())),
                    readiness_text(m), guardrail_of(m), latch.is_object() ? by(latch) : "no"});
  }
  return table(rows);
}

std::string flags_text(const json& status) {
  std::vector<std::vector<std::string>> rows{
      {"FLAG", "PERCENT", "CONFIGURED", "BY", "TARGETING", "SET AT RUN TIME"}};
  for (const json& f : status.value("flags", json::array())) {
    const json run_time = f.value("run_time", json());
    std::string set = run_time.is_object() ? by(run_time) : "no";
    if (const std::string expires = member(run_time, "expires"); !expires.empty()) {
      set += ", until " + expires;
    }
    const json ramp = f.value("ramp", json());
    const bool has_ramp = !ramp.is_null();
    const std::string source = member(f, "source").empty() ? "configuration" : member(f, "source");
    rows.push_back({member(f, "name"), number(f.value("percent", json())),
                    number(has_ramp ? ramp : f.value("configured", json())),
                    has_ramp ? "ramp" : source, f.value("targeting", false) ? "yes" : "no", set});
  }
  return table(rows);
}

// Empty where there is none.
std::string ramps_text(const json& status) {
  std::vector<std::vector<std::string>> rows{{"RAMP", "STEP", "PERCENT", "NEXT", "WAITS FOR"}};
  std::vector<std::string> told;
  for (const json& m : status.value("migrations", json::array())) {
    const json ramp = m.value("ramp", json());
    const std::string flag = member(m, "flag");
    if (!ramp.is_object() || std::find(told.begin(), told.end(), flag) != told.end()) continue;
    told.push_back(flag);
    const json next = ramp.value("next", json());
    rows.push_back({flag,
                    fmt::format("{} of {}", number(ramp.value("step", json())),
                                ramp.value("steps", json::array()).size()),
                    number(ramp.value("percent", json())), next.is_null() ? "-" : number(next),
                    member(ramp, "why")});
  }
  return told.empty() ? "" : table(rows) + "\n";
}

std::string upstreams_text(const json& status) {
  std::vector<std::vector<std::string>> rows{{"UPSTREAM", "ENDPOINT", "HEALTHY", "ADDRESSES"}};
  for (const json& u : status.value("upstreams", json::array())) {
    std::string addresses;
    for (const json& address : u.value("addresses", json::array())) {
      if (address.is_string())
        addresses += (addresses.empty() ? "" : " ") + address.get<std::string>();
    }
    rows.push_back({member(u, "upstream"), member(u, "endpoint"),
                    u.value("healthy", false) ? "yes" : "no",
                    addresses.empty() ? "none known" : addresses});
  }
  return table(rows);
}

std::string process_text(const json& status) {
  const json configuration = status.value("configuration", json::object());
  std::string text = fmt::format(
      "banyan {}, {}, since {}\nconfiguration: {} ({} at {})\n", member(status, "version"),
      status.value("draining", false) ? "draining"
      : status.value("ready", false)  ? "ready"
                                      : "not ready",
      member(status, "started"),
      configuration.value("ok", false) ? "taken" : "the last one was refused",
      member(configuration, "cause"), member(configuration, "at"));
  for (const json& problem : configuration.value("problems", json::array())) {
    const std::string all = problem.is_string() ? problem.get<std::string>() : problem.dump();
    // The source line and its caret mean nothing in a list.
    text += "  " + shadow::printable(all.substr(0, all.find('\n'))) + "\n";
  }
  if (!status.value("durable", true)) {
    text += "what is in force could not be written to state_dir: a restart would not know it\n";
  }
  for (const json& problem : status.value("tls", json::object()).value("problems", json::array())) {
    text += "changed certificates were not taken: " +
            shadow::printable(problem.is_string() ? problem.get<std::string>() : problem.dump()) +
            "\n";
  }
  for (const json& source : status.value("flag_sources", json::array())) {
    if (source.value("ok", true)) continue;
    text += fmt::format("flags of {}: the file was not taken, in force is {}\n",
                        shadow::printable(member(source, "file")), member(source, "in_force"));
    for (const json& problem : source.value("problems", json::array())) {
      const std::string all = problem.is_string() ? problem.get<std::string>() : problem.dump();
      text += "  " + shadow::printable(all.substr(0, all.find('\n'))) + "\n";
    }
  }
  const json store = status.value("store", json::object());
  if (!store.value("ok", true)) {
    text += "differences are not kept: " + shadow::printable(member(store, "problem")) + "\n";
  }
  return text;
}

int tell_status(const Reply& reply, const Options& options) {
  if (options.format == "json") {
    print_json(reply.document);
    return kDone;
  }
  const json& status = reply.document;
  print_text(process_text(status) + "\n" + migrations_text(status) + "\n" + flags_text(status) +
             "\n" + ramps_text(status) + upstreams_text(status));
  return kDone;
}

int tell_history(const Reply& reply, const Options& options) {
  const json entries = reply.document.value("entries", json::array());
  if (options.format == "json") {
    print_json({{"entries", entries}});
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{
      {"AT", "WHO", "ACTION", "TARGET", "FROM", "TO", "REASON"}};
  for (const json& e : entries) {
    rows.push_back({member(e, "at"), member(e, "who"), member(e, "action"), member(e, "target"),
                    member(e, "from"), member(e, "to"), member(e, "reason")});
  }
  print_text(table(rows));
  return kDone;
}

int status(const Options& options) {
  const std::string target = options.history ? "/v1/audit" : "/v1/status";
  return ask_all(options.admins, {"GET", target, nullptr}, [&](const Reply& reply) {
    if (!reply.document.is_object()) {
      print_message("banyan: " + reply.admin + ": not an answer of Banyan");
      return kFailed;
    }
    return options.history ? tell_history(reply, options) : tell_status(reply, options);
  });
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, "status", "Migrations, flags, rollbacks and upstreams of a running proxy.",
                  {"status", "status --format json", "status --history"});
  command.add_flag("--history", options->history, "Who changed what, oldest first");
  add_format(command, options->format);
  add_admin(command, options->admins);
  command.callback([options, &chosen] { chosen = [options] { return status(*options); }; });
}

}  // namespace banyan::cli
