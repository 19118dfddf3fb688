#include "proxy/control/readiness_book.h"

#include <algorithm>
#include <utility>

#include "shadow/report.h"

namespace banyan::control {
namespace {

using shadow::ByArm;
using shadow::Traffic;

// What `now` has more than `before`.
Traffic since(const Traffic& now, const Traffic& before) {
  Traffic delta;
  delta.seen = now.seen - before.seen;
  for (const auto& [word, count] : now.skipped) {
    const auto known = before.skipped.find(word);
    const std::uint64_t old = known == before.skipped.end() ? 0 : known->second;
    if (count > old) delta.skipped[word] = count - old;
  }
  return delta;
}

std::uint64_t read(const observe::Counter& counter) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(counter.read(), 0));
}

void add_skipped(const observe::MigrationStats& stats, Arm shadow_arm, Traffic& to) {
  const auto arm = static_cast<std::size_t>(shadow_arm);
  for (std::size_t s = 0; s < shadow::kSkipCount; ++s) {
    const std::uint64_t count = read(stats.shadow_skipped[arm][s]);
    if (count > 0) to.skipped[std::string(to_string(static_cast<shadow::Skip>(s)))] += count;
  }
  const std::uint64_t dropped = read(stats.pairs_dropped[arm]);
  if (dropped > 0) to.skipped[std::string(shadow::kQueueFull)] += dropped;
}

}  // namespace

ByArm<Traffic> ReadinessBook::traffic_of(std::size_t slot) const {
  ByArm<Traffic> traffic;
  for (const observe::WorkerStats& worker : stats_.workers()) {
    const observe::MigrationStats& stats = worker.migration(slot);
    for (const Arm served_by : {Arm::legacy, Arm::monolith}) {
      Traffic& to = traffic[static_cast<std::size_t>(served_by)];
      for (const auto& count : stats.of(served_by, Role::primary).requests) to.seen += read(count);
      add_skipped(stats, other(served_by), to);
    }
  }
  return traffic;
}

void ReadinessBook::take_traffic_of(const config::Migration& migration, WallTime now) {
  const auto& names = stats_.migrations();
  const auto slot = std::find(names.begin(), names.end(), migration.name);
  if (slot == names.end()) return;
  const ByArm<Traffic> all = traffic_of(static_cast<std::size_t>(slot - names.begin()));
  ByArm<Traffic>& before = taken_[migration.name];
  const ByArm<Traffic> delta{since(all[0], before[0]), since(all[1], before[1])};
  before = all;
  if (delta[0].empty() && delta[1].empty()) return;
  const shadow::Epoch epoch(migration.epoch, migration.compare_hash, snapshot_->generation);
  table_.add_traffic(migration.name, epoch, delta, now);
}

// One that was never counted and has no shadow is none of the table's.
void ReadinessBook::take_up_epochs() {
  const std::vector<std::string> counted = table_.names();
  for (const config::Migration& migration : snapshot_->migrations) {
    const bool is_counted =
        std::find(counted.begin(), counted.end(), migration.name) != counted.end();
    if (!migration.shadow && !is_counted) continue;
    table_.take_up(migration.name,
                   {migration.epoch, migration.compare_hash, snapshot_->generation});
  }
}

void ReadinessBook::take_traffic(WallTime now) {
  if (!snapshot_) return;
  for (const config::Migration& migration : snapshot_->migrations) {
    if (migration.shadow) take_traffic_of(migration, now);
  }
}

void ReadinessBook::adopt(std::shared_ptr<const config::Snapshot> snapshot, WallTime now) {
  take_traffic(now);
  snapshot_ = std::move(snapshot);
  std::map<std::string, shadow::ReadinessSettings, std::less<>> settings;
  for (const config::Migration& migration : snapshot_->migrations) {
    settings[migration.name] = migration.readiness;
  }
  table_.configure(std::move(settings));
  take_up_epochs();
}

std::vector<shadow::MigrationReport> ReadinessBook::judged(WallTime now) {
  take_traffic(now);
  std::vector<shadow::MigrationReport> reports;
  for (const config::Migration& migration : snapshot_->migrations) {
    reports.push_back(table_.counts(migration.name));
    reports.back().waivers = snapshot_->report.waivers;
  }
  shadow::judge(reports, now);
  return reports;
}

void ReadinessBook::begin_step(const std::string& migration, WallTime now) {
  take_traffic(now);
  table_.begin_step(migration);
}

shadow::MigrationReport ReadinessBook::judged_in_step(const std::string& migration, WallTime now) {
  take_traffic(now);
  std::vector<shadow::MigrationReport> reports{table_.counts_in_step(migration)};
  reports.back().waivers = snapshot_->report.waivers;
  shadow::judge(reports, now);
  return reports.front();
}

std::vector<shadow::MigrationReport> ReadinessBook::report(const std::vector<std::string>& names,
                                                           WallTime now) {
  take_traffic(now);
  std::vector<std::string> wanted = names;
  if (wanted.empty()) {
    for (const config::Migration& migration : snapshot_->migrations) {
      if (migration.shadow) wanted.push_back(migration.name);
    }
    for (const std::string& counted : table_.names()) wanted.push_back(counted);
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    if (wanted.empty()) return {};
  }
  auto reports = table_.report(wanted);
  for (auto& report : reports) report.waivers = snapshot_->report.waivers;
  return reports;
}

std::vector<shadow::MigrationReport> ReadinessBook::report_of(
    shadow::DifferenceTable& table, const std::vector<std::string>& names) const {
  std::map<std::string, shadow::ReadinessSettings, std::less<>> settings;
  for (const config::Migration& migration : snapshot_->migrations) {
    settings[migration.name] = migration.readiness;
  }
  table.configure(std::move(settings));
  auto reports = table.report(names);
  for (auto& report : reports) report.waivers = snapshot_->report.waivers;
  return reports;
}

std::vector<ReadinessBook::Change> ReadinessBook::changes(WallTime now) {
  std::vector<Change> found;
  std::map<std::string, Readiness, std::less<>> states;
  for (const shadow::MigrationReport& report : judged(now)) {
    const Readiness state = states[report.migration] = report.judgement.state;
    const auto before = told_.find(report.migration);
    if (before != told_.end() && before->second != state) {
      found.push_back({report.migration, before->second, state});
    }
  }
  told_ = std::move(states);
  return found;
}

nlohmann::json readiness_json(const shadow::MigrationReport& judged) {
  return nlohmann::json::parse(shadow::render_readiness(judged));
}

}  // namespace banyan::control
