// proxy/observe/metrics.h: the text that a Prometheus server scrapes.
//
// Made anew for each scrape from the workers' counters, which are read while they run, and from
// what the control thread knows. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "proxy/observe/stats.h"
#include "routing/ramp.h"

namespace banyan::observe {

// What is no counter of a worker.
struct ControlFacts {
  struct Flag {
    std::string name;
    std::uint32_t millipercent = 0;
    bool overridden = false;  // a run-time value outranks the configuration
  };
  struct FlagSource {
    std::string file;
    double age = 0;  // seconds
    bool ok = true;
  };
  struct Ramp {
    std::string flag;
    std::size_t step = 0;  // 0: before the first
    std::size_t steps = 0;
    routing::Wait wait = routing::Wait::nothing;
  };
  struct Endpoint {
    std::string upstream;
    std::string endpoint;
    bool healthy = true;
  };
  struct Name {  // of endpoints, in DNS
    std::string name;
    std::uint64_t answers = 0;
    std::uint64_t failures = 0;
    std::size_t addresses = 0;
  };
  struct Certificate {
    std::string side;  // `listener`, `upstream`, `webhook`
    std::string name;
    std::string file;
    std::int64_t expires = 0;  // seconds since 1970
  };
  std::vector<std::pair<std::string, std::uint64_t>> webhooks;     // by result
  std::vector<std::pair<std::string, std::uint64_t>> reflections;  // by result
  std::map<std::string, std::size_t> described;                    // messages, by migration
  std::vector<Certificate> certificates;
  bool certificate_reload_success = true;
  std::uint64_t certificate_reloads_ok = 0;
  std::uint64_t certificate_reloads_failed = 0;
  std::vector<Flag> flags;
  std::vector<FlagSource> flag_sources;
  std::vector<Ramp> ramps;
  std::vector<Endpoint> endpoints;
  std::vector<Name> names;
  std::vector<std::pair<std::string, bool>> latched;                       // by migration
  std::vector<std::pair<std::string, int>> readiness;                      // by migration: 1, 0, -1
  std::map<std::pair<std::string, std::string>, std::uint64_t> rollbacks;  // migration, cause
  bool config_reload_success = true;
  std::uint64_t reloads_ok = 0;
  std::uint64_t reloads_failed = 0;
  std::uint64_t access_log_dropped = 0;
  std::uint64_t process_log_dropped = 0;
  std::uint64_t store_bytes = 0;
  std::uint64_t store_bytes_max = 0;
  bool store_writable = false;  // also false where there is no store
  std::vector<std::pair<std::string, std::uint64_t>> store_dropped;  // by reason
  std::size_t event_listeners = 0;
  std::uint64_t event_listeners_dropped = 0;
  std::string version;
};

// What the kernel says about this process; what can not be read is 0.
struct ProcessFacts {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
  double start_time_seconds = 0;  // since the epoch
};
[[nodiscard]] ProcessFacts process_facts();

// Text exposition format 0.0.4.
[[nodiscard]] std::string metrics_text(const StatsRegistry& stats, const ControlFacts& control,
                                       const ProcessFacts& process);
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace banyan::observe
