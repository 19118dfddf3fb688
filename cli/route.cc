#include <fmt/format.h>

#include <random>

#include "cli/command.h"
#include "config/load.h"
#include "config/scalar.h"
#include "proxy/control/named_files.h"
#include "proxy/control/ramps.h"
#include "routing/decision.h"
#include "routing/request_path.h"
#include "shadow/printable.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string config;
  std::string method;
  std::string url;
  std::vector<std::string> headers;
  std::string listener;
  std::string client;
  std::string format = "text";
};

struct Asked {
  RequestHead request;
  std::string client;
};

// `http://host:port/path?query`, or a path alone with the authority from a Host header.
Asked asked_of(const Options& options) {
  Asked asked;
  asked.client = options.client;
  RequestHead& request = asked.request;
  request.method_text = options.method;
  for (const std::string& line : options.headers) {
    const std::size_t colon = line.find(':');
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    request.headers.add(line.substr(0, colon),
                        value == std::string::npos ? "" : line.substr(value));
  }
  std::string_view rest = options.url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest.remove_prefix(scheme + 3);
    request.authority = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(request.authority.size());
  } else {
    request.authority = request.headers.find(HeaderId::host).value_or("");
  }
  request.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return asked;
}

const config::Listener* listener_of(const config::Snapshot& snapshot, const std::string& name) {
  for (const config::Listener& l : snapshot.listeners) {
    if (l.name == name) return &l;
  }
  return nullptr;
}

// The rule as the configuration has it.
json told_of(const routing::MatchRule& rule) {
  json told = json::object();
  for (const auto& [key, value] : {std::pair{"host", &rule.host},
                                   {"path_prefix", &rule.path_prefix},
                                   {"method", &rule.method},
                                   {"listener", &rule.listener}}) {
    if (!value->empty()) told[key] = *value;
  }
  for (const auto& [name, value] : rule.headers) told["headers"][name] = value;
  return told;
}

json unmatched(const config::Snapshot& snapshot, const config::Listener* listener) {
  const std::optional<std::size_t> by = listener != nullptr && listener->default_upstream
                                            ? listener->default_upstream
                                            : snapshot.default_upstream;
  json told{{"migration", "none"}, {"arm", to_string(Arm::legacy)},
            {"bucket", nullptr},   {"reason", by ? "default" : "no_route"},
            {"upstream", nullptr}, {"rule", nullptr}};
  if (by) told["upstream"] = snapshot.upstreams[*by].name;
  return told;
}

json matched(const config::Snapshot& snapshot, const routing::RouteTable::Match& match,
             const routing::FlagState& flag, const Asked& asked) {
  const routing::Route& route = *match.route;
  std::mt19937_64 random{std::random_device{}()};
  routing::DecisionTools tools{{}, [&] { return random(); }};
  std::string scratch;
  const routing::Decision decision = routing::decide(route, flag, false, std::nullopt,
                                                     {asked.request, asked.client, scratch, tools},
                                                     static_cast<std::uint32_t>(random()));
  const config::Migration& migration = snapshot.migrations[route.migration];
  const std::size_t upstream = decision.arm == Arm::legacy ? migration.legacy : migration.monolith;
  return {{"migration", route.name},
          {"arm", to_string(decision.arm)},
          {"bucket", decision.bucket ? json(*decision.bucket) : json()},
          {"reason", routing::to_string(decision.reason)},
          {"flag", {{"name", route.flag}, {"origin", routing::to_string(flag.origin)}}},
          {"upstream", snapshot.upstreams[upstream].name},
          {"rule", told_of(*match.rule)}};
}

// As a proxy would begin with it: nothing was set at run time, every ramp is at 0 %. What is wrong
// with a flag file is said, and stops nothing.
routing::FlagState flag_of(const Options& options, const config::Loaded& loaded,
                           const std::string& name) {
  const auto files = control::read_flag_files(options.config, loaded);
  for (const std::string& problem : files.problems) print_message(problem);
  routing::Slots slots;
  auto views = control::flag_views(*loaded.snapshot, files.contents, control::RunTimeFlags(""));
  control::apply_ramps(control::Ramps("").planned(*loaded.snapshot), views);
  const auto table = control::flag_table(views, slots, 0);
  return (*table)[slots.flag(name)];
}

void tell(const json& told, const std::string& format) {
  if (format == "json") return print_json(told);
  std::vector<std::vector<std::string>> rows;
  for (const char* key : {"migration", "arm", "bucket", "reason", "upstream", "rule"}) {
    const std::string value = member(told, key);
    rows.push_back({key, value.empty() ? "-" : value});
  }
  print_text(table(rows));
}

int route(const Options& options) {
  const config::Loaded loaded = config::load_file(options.config, config::Files::leave_out);
  if (!loaded.snapshot) {
    for (const config::Problem& problem : loaded.problems) {
      print_message(config::to_text(options.config, problem));
    }
    return kFailed;
  }
  const Asked asked = asked_of(options);
  std::string scratch;
  const auto path = routing::normalised_path(asked.request.path(), scratch);
  if (!path) {
    print_message(fmt::format("banyan: {}: {}", shadow::printable(asked.request.path()),
                              reason_of(path.error().code)));
    return kFailed;
  }
  const config::Snapshot& snapshot = *loaded.snapshot;
  const config::Listener* listener = options.listener.empty() && snapshot.listeners.size() == 1
                                         ? &snapshot.listeners.front()
                                         : listener_of(snapshot, options.listener);
  if (listener == nullptr && !options.listener.empty()) {
    print_message("banyan: there is no listener " + shadow::printable(options.listener));
    return kFailed;
  }
  const routing::RouteTable::Match match = snapshot.routes.find(
      {asked.request.authority, *path, options.method, asked.request.headers,
       listener != nullptr ? std::string_view(listener->name) : std::string_view()});
  tell(match ? matched(snapshot, match, flag_of(options, loaded, match.route->flag), asked)
             : unmatched(snapshot, listener),
       options.format);
  return match ? kDone : kFailed;
}

std::string header_problem(const std::string& line) {
  const std::size_t colon = line.find(':');
  const auto name = config::read_token(line.substr(0, colon));
  return colon != std::string::npos && name ? "" : line + ": not of the form 'name: value'";
}

}  // namespace

void add_route(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, "route", "Says who would serve a request under a configuration, and why.",
      {"route -c banyan.yaml --method GET --url http://shop.test/orders/7 -H 'x-user-id: 42'",
       "route -c banyan.yaml --method GET --url /orders/7 --format json"});
  command.add_option("-c,--config", options->config, "The configuration")->required();
  command.add_option("--method", options->method, "Such as GET")->required();
  command.add_option("--url", options->url, "With a host, or a path alone")->required();
  command.add_option("-H,--header", options->headers, "A header field, any number of times")
      ->check(CLI::Validator(header_problem, "'NAME: VALUE'", "header"))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--listener", options->listener,
                     "The listener it comes by; need not be said where there is only one");
  command.add_option("--client", options->client,
                     "The client's address, where a sticky key is client_ip");
  add_format(command, options->format);
  command.callback([options, &chosen] { chosen = [options] { return route(*options); }; });
}

}  // namespace banyan::cli
