// The table's side of a ramp: what came since one of its steps began.
#include <algorithm>
#include <utility>

#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

void take_off(std::uint64_t& count, std::uint64_t before) { count -= std::min(count, before); }

void take_off(VerdictCounts& counts, const VerdictCounts& before) {
  for (std::size_t v = 0; v < counts.size(); ++v) take_off(counts[v], before[v]);
}

void take_off(Traffic& traffic, const Traffic& before) {
  take_off(traffic.seen, before.seen);
  take_off(traffic.mismatches_after_write, before.mismatches_after_write);
  for (const auto& [word, count] : before.skipped) take_off(traffic.skipped[word], count);
}

}  // namespace

void DifferenceTable::begin_step(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  const auto found = migrations_.find(name);
  if (found == migrations_.end()) return;  // all that comes will have come since
  Migration& migration = found->second;
  Step& step = migration.step.emplace();
  for (std::size_t arm = 0; arm < migration.directions.size(); ++arm) {
    Direction& direction = migration.directions[arm];
    step.traffic[arm] = direction.traffic;
    // What is kept of keys can not be taken off: those before stand apart from now on.
    direction.keys_before_step.add(std::exchange(direction.keys, {}));
  }
  for (const auto& [endpoint, counted] : migration.endpoints) {
    step.endpoints[endpoint] = {counted.all.verdicts, counted.all.mismatches};
  }
}

void DifferenceTable::take_off_before_step(const Migration& migration, MigrationReport& report) {
  if (!migration.step) return;
  for (std::size_t arm = 0; arm < report.traffic.size(); ++arm) {
    take_off(report.traffic[arm], migration.step->traffic[arm]);
  }
  for (EndpointReport& endpoint : report.endpoints) {
    const auto found = migration.step->endpoints.find(endpoint.endpoint);
    if (found == migration.step->endpoints.end()) continue;
    const Step::Counted& before = found->second;
    for (std::size_t arm = 0; arm < before.verdicts.size(); ++arm) {
      take_off(endpoint.tally.verdicts[arm], before.verdicts[arm]);
    }
    for (const auto& [places, pairs] : before.mismatches) {
      auto& left = endpoint.tally.mismatches[places];
      for (std::size_t arm = 0; arm < pairs.size(); ++arm) take_off(left[arm], pairs[arm]);
    }
  }
}

MigrationReport DifferenceTable::counts_in_step(const std::string& migration) const {
  return report_of(migration, Part::step);
}

}  // namespace banyan::shadow
