// proxy/control/readiness_book.h: how ready the migrations of the running process are.
//
//   workers' counters --take_traffic()--> DifferenceTable --> judged() --> status, metrics, events
//
// Control thread only.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/readiness.h"
#include "base/time.h"
#include "config/snapshot.h"
#include "proxy/observe/stats.h"
#include "shadow/difference_table.h"

namespace banyan::control {

class ReadinessBook {
 public:
  // Both outlive it.
  ReadinessBook(const observe::StatsRegistry& stats, shadow::DifferenceTable& table)
      : stats_(stats), table_(table) {}

  // What counts from now on. Before another snapshot is taken, what came by under the one before is
  // counted; the counts of another epoch, or by other rules, end here.
  void adopt(std::shared_ptr<const config::Snapshot> snapshot, WallTime now);
  // Exchanges that came by since the last time go into the table.
  void take_traffic(WallTime now);

  // Of all configured migrations, in their order, with their waivers; without places and samples.
  [[nodiscard]] std::vector<shadow::MigrationReport> judged(WallTime now);
  // What judged_in_step() tells counts from now on.
  void begin_step(const std::string& migration, WallTime now);
  // As judged(), of what came since begin_step(); without one of all.
  [[nodiscard]] shadow::MigrationReport judged_in_step(const std::string& migration, WallTime now);
  // Reports of the table, with the waivers of the configuration. No names: all migrations that have
  // a shadow or were counted.
  [[nodiscard]] std::vector<shadow::MigrationReport> report(const std::vector<std::string>& names,
                                                            WallTime now);
  // Of another table, with the settings and waivers of this process.
  [[nodiscard]] std::vector<shadow::MigrationReport> report_of(
      shadow::DifferenceTable& table, const std::vector<std::string>& names) const;

  struct Change {
    std::string migration;
    Readiness from;
    Readiness to;
  };
  // Since the last call; none the first time.
  [[nodiscard]] std::vector<Change> changes(WallTime now);

 private:
  void take_up_epochs();
  void take_traffic_of(const config::Migration& migration, WallTime now);
  [[nodiscard]] shadow::ByArm<shadow::Traffic> traffic_of(std::size_t slot) const;

  const observe::StatsRegistry& stats_;
  shadow::DifferenceTable& table_;
  std::shared_ptr<const config::Snapshot> snapshot_;
  std::map<std::string, shadow::ByArm<shadow::Traffic>, std::less<>> taken_;  // by migration
  std::map<std::string, Readiness, std::less<>> told_;
};

// {"state", "direction", "lacks": […], "sampled", "compared", "mismatch", "waived", "coverage",
// "keys", "rate_lower", "rate_upper", "more_clean", "endpoints": {"ready": n, …}}; rates and
// coverage in percent.
[[nodiscard]] nlohmann::json readiness_json(const shadow::MigrationReport& judged);

}  // namespace banyan::control
