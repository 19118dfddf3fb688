#include "proxy/control/status_page.h"

namespace banyan::control {
namespace {

using nlohmann::json;

json percent(routing::Share share) { return share.millipercent / 1000.0; }

json configuration_json(const Reloader::Status& status) {
  return {{"ok", status.ok},
          {"at", to_text(status.at)},
          {"cause", status.cause},
          {"problems", status.problems},
          {"reloads", {{"taken", status.taken}, {"refused", status.refused}}}};
}

json tls_json(const StatusFacts& facts) {
  json certificates = json::array();
  for (const auto& c : facts.certificates) {
    certificates.push_back(
        {{"side", c.side}, {"name", c.name}, {"file", c.file}, {"expires", to_text(c.at)}});
  }
  return {{"ok", facts.tls_problems.empty()},
          {"problems", facts.tls_problems},
          {"certificates", std::move(certificates)}};
}

json sources_json(const StatusFacts& facts) {
  json sources = json::array();
  for (const FlagSources::Status& source : facts.flag_sources) {
    sources.push_back({{"file", source.file},
                       {"ok", source.problems.empty()},
                       {"problems", source.problems},
                       {"in_force", !source.known    ? "nothing"
                                    : source.is_copy ? "copy"
                                                     : "file"},
                       {"good_at", source.good_at ? json(to_text(*source.good_at)) : json()}});
  }
  return sources;
}

}  // namespace

json migration_json(const Switchboard& switches, const config::Migration& migration) {
  const auto& upstreams = switches.snapshot().upstreams;
  const auto flag = switches.flag(migration.flag);
  const auto latch = switches.latch(migration.name);
  json object{{"name", migration.name},
              {"flag", migration.flag},
              {"percent", percent(flag ? flag->share : routing::kNobody)},
              {"latched", latch.has_value()},
              {"latch", nullptr},
              {"epoch", migration.epoch},
              {"legacy", upstreams[migration.legacy].name},
              {"monolith", upstreams[migration.monolith].name},
              {"shadow", migration.shadow.has_value()},
              {"ramp", nullptr}};
  if (latch) {
    object["latch"] = to_json(latch->author);
    object["latch"]["cause"] = latch->cause;
  }
  if (const Ramp* const ramp = switches.ramp(migration.flag)) object["ramp"] = to_json(*ramp);
  return object;
}

json with_readiness(json migration, const shadow::MigrationReport& judged) {
  migration["readiness"] = to_string(judged.judgement.state);
  migration["readiness_detail"] = readiness_json(judged);
  return migration;
}

json flag_json(const FlagView& view) {
  json object{{"name", view.name},
              {"percent", percent(view.share)},
              {"origin", routing::to_string(view.origin)},
              {"source", view.source.empty() ? json() : json(view.source)},
              {"configured", view.configured ? percent(*view.configured) : json()},
              {"targeting", view.has_targeting()},
              {"ramp", view.ramp ? percent(*view.ramp) : json()},
              {"overridden", view.overridden()},
              {"run_time", nullptr},
              {"migrations", view.migrations}};
  if (view.run_time) {
    object["run_time"] = to_json(view.run_time->author);
    object["run_time"]["percent"] = percent(view.run_time->share);
    const auto& expires = view.run_time->expires;
    object["run_time"]["expires"] = expires ? json(to_text(*expires)) : json();
  }
  return object;
}

json verdicts_json(const observe::StatsRegistry& stats) {
  json all = json::object();
  for (std::size_t slot = 1; slot < stats.migrations().size(); ++slot) {
    for (const Arm arm : {Arm::monolith, Arm::legacy}) {
      json& counts = all[stats.migrations()[slot]]["to_" + std::string(to_string(arm))];
      for (std::size_t v = 0; v < shadow::kVerdictCount; ++v) {
        std::int64_t count = 0;
        for (const auto& worker : stats.workers()) {
          count += worker.migration(slot).comparisons[static_cast<std::size_t>(arm)][v].read();
        }
        counts[std::string(to_string(static_cast<shadow::Verdict>(v)))] = count;
      }
    }
  }
  return all;
}

json status_json(const Switchboard& switches, const Reloader::Status& configuration,
                 const StatusFacts& facts) {
  json document{{"version", facts.version},
                {"now", to_text(facts.now)},
                {"started", to_text(facts.started)},
                {"ready", facts.ready},
                {"draining", facts.draining},
                {"durable", switches.durable()},
                {"store", {{"ok", facts.store_problem.empty()}, {"problem", facts.store_problem}}},
                {"configuration", configuration_json(configuration)},
                {"tls", tls_json(facts)},
                {"flag_sources", sources_json(facts)},
                {"migrations", json::array()},
                {"flags", json::array()},
                {"upstreams", json::array()},
                {"names", json::array()}};
  const auto& migrations = switches.snapshot().migrations;
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    json shown =
        with_readiness(migration_json(switches, migrations[i]),
                       i < facts.judged.size() ? facts.judged[i] : shadow::MigrationReport{});
    // Not part of what an ETag stands for: it changes with the traffic.
    const auto guardrail = facts.guardrails.find(migrations[i].name);
    shown["guardrail"] = guardrail == facts.guardrails.end() ? json() : guardrail->second;
    const auto ramp = facts.ramps.find(migrations[i].flag);
    if (ramp != facts.ramps.end()) {
      shown["ramp"] = ramp->second;
      shown["ramp"]["gate"] = facts.ramp_gates.at(migrations[i].name);
    }
    document["migrations"].push_back(std::move(shown));
  }
  for (const FlagView& view : switches.flags()) document["flags"].push_back(flag_json(view));
  for (const EndpointState& state : facts.endpoints) {
    document["upstreams"].push_back({{"upstream", state.upstream},
                                     {"endpoint", state.endpoint},
                                     {"addresses", state.addresses},
                                     {"healthy", state.healthy}});
  }
  for (const NameState& name : facts.names) {
    document["names"].push_back({{"name", name.name},
                                 {"addresses", name.addresses},
                                 {"problem", name.problem.empty() ? json() : json(name.problem)}});
  }
  return document;
}

}  // namespace banyan::control
