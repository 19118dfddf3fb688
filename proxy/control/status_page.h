// proxy/control/status_page.h: what `banyan status` and the admin API show. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proxy/control/flag_sources.h"
#include "proxy/control/readiness_book.h"
#include "proxy/control/reloader.h"
#include "proxy/control/switchboard.h"
#include "proxy/net/tls_store.h"
#include "proxy/observe/stats.h"

namespace banyan::control {

struct EndpointState {
  std::string upstream;
  std::string endpoint;                // as configured
  std::vector<std::string> addresses;  // that it stands for now
  bool healthy = true;
};
struct NameState {
  std::string name;
  std::vector<std::string> addresses;
  std::string problem;  // of the last look; empty where it was answered
};

// {"name", "flag", "percent", "latched", "latch": {"who", …} | null, "ramp": {"step", …} | null, …}
[[nodiscard]] nlohmann::json migration_json(const Switchboard& switches,
                                            const config::Migration& migration);
// The same, with "readiness": WORD and "readiness_detail": {…}.
[[nodiscard]] nlohmann::json with_readiness(nlohmann::json migration,
                                            const shadow::MigrationReport& judged);
// {"name", "percent", "origin", "source", "configured", "targeting", "ramp", "overridden",
//  "run_time": {…} | null, "migrations"}
[[nodiscard]] nlohmann::json flag_json(const FlagView& view);

struct StatusFacts {
  std::string version;
  WallTime now;
  WallTime started;
  bool ready = true;
  bool draining = false;
  std::string store_problem;                         // empty: differences are kept
  std::vector<shadow::MigrationReport> judged;       // of all configured migrations
  std::map<std::string, nlohmann::json> guardrails;  // by migration; null where it is off
  std::map<std::string, nlohmann::json> ramps;       // by flag
  std::map<std::string, nlohmann::json> ramp_gates;  // by migration
  std::vector<EndpointState> endpoints;
  std::vector<NameState> names;
  std::vector<FlagSources::Status> flag_sources;
  std::vector<net::TlsStore::Expiry> certificates;
  std::vector<std::string> tls_problems;  // of files that changed and were not taken
};
// {MIGRATION: {"to_monolith": {"match": n, …}, "to_legacy": {…}}}, since the start.
[[nodiscard]] nlohmann::json verdicts_json(const observe::StatsRegistry& stats);
[[nodiscard]] nlohmann::json status_json(const Switchboard& switches,
                                         const Reloader::Status& configuration,
                                         const StatusFacts& facts);

}  // namespace banyan::control
