#include "shadow/difference_table.h"

#include <algorithm>
#include <utility>

#include "shadow/printable.h"
#include "shadow/report_order.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kTargetShownMax = 512;
// What an entry of a map or a vector costs beside its text, about.
constexpr std::size_t kEntryBytes = 96;

Sample sample_of(const Redaction& redaction, const CapturedPair& pair, const Difference& found) {
  Sample sample{pair.at,
                pair.method,
                redacted_text(redaction, pair.target),
                found.path,
                redacted_value(redaction, found.path, found.left),
                redacted_value(redaction, found.path, found.right),
                pair.skew};
  cut(sample.target, kTargetShownMax);
  return sample;
}

VerdictCounts& operator+=(VerdictCounts& to, const VerdictCounts& counts) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += counts[i];
  return to;
}

std::size_t bytes_of(const Sample& sample) {
  return sizeof(Sample) + sample.method.size() + sample.target.size() + sample.path.size() +
         sample.left.size() + sample.right.size();
}

}  // namespace

DifferenceTable::DifferenceTable(TableLimits limits, Redaction redaction)
    : limits_(limits), redaction_(std::move(redaction)) {}

DifferenceTable::Migration* DifferenceTable::migration_of(std::string_view name, const Epoch& epoch,
                                                          WallTime now) {
  auto found = migrations_.find(name);
  const bool known = found != migrations_.end();
  if (!known) found = migrations_.emplace(std::string(name), Migration{}).first;
  Migration& migration = found->second;
  const bool same = migration.epoch == epoch.name && migration.rules == epoch.rules;
  if (!known || !same) {
    if (known && epoch.generation < migration.generation) return nullptr;
    end_epoch(name, migration);
    migration.epoch = epoch.name;
    migration.rules = epoch.rules;
  }
  migration.generation = std::max(migration.generation, epoch.generation);
  if (migration.since == WallTime{}) migration.since = now;
  return &migration;
}

DifferenceTable::Endpoint& DifferenceTable::endpoint_of(Migration& migration,
                                                        const std::string& name) {
  const auto found = migration.endpoints.find(name);
  if (found != migration.endpoints.end()) return found->second;
  const bool full = migration.endpoints.size() >= limits_.endpoints_max;
  return migration.endpoints[full ? std::string(kOther) : name];
}

DifferenceTable::PlaceCount& DifferenceTable::place_of(Migration& migration, Endpoint& endpoint,
                                                       PlaceKey key) {
  const auto found = endpoint.places.find(key);
  if (found != endpoint.places.end()) return found->second;
  const std::size_t bytes = key.path.size() + sizeof(PlaceKey) + sizeof(PlaceCount) + kEntryBytes;
  if (endpoint.places.size() >= limits_.places_max || migration.bytes + bytes > limits_.bytes_max) {
    key.path = kOther;
  } else {
    migration.bytes += bytes;
  }
  return endpoint.places[std::move(key)];
}

void DifferenceTable::add_difference(Migration& migration, Endpoint& endpoint,
                                     const CapturedPair& pair, const Difference& difference) {
  PlaceCount& place = place_of(migration, endpoint,
                               {folded_path(difference.path), difference.kind, difference.verdict});
  ++place.count;
  if (has_room(migration, place)) {
    add_sample(migration, place, sample_of(redaction_, pair, difference));
  }
}

bool DifferenceTable::has_room(const Migration& migration, const PlaceCount& place) const {
  return place.samples.size() < limits_.samples_max && migration.bytes < limits_.bytes_max;
}

void DifferenceTable::add_sample(Migration& migration, PlaceCount& place, Sample sample) const {
  if (!has_room(migration, place)) return;
  migration.bytes += bytes_of(sample);
  place.samples.push_back(std::move(sample));
}

DifferenceTable::Endpoint& DifferenceTable::count(Migration& migration, const std::string& endpoint,
                                                  Arm primary, Verdict verdict,
                                                  std::uint64_t times) {
  Endpoint& counted = endpoint_of(migration, endpoint);
  counted.verdicts[static_cast<std::size_t>(primary)][static_cast<std::size_t>(verdict)] += times;
  counted.unsaved = true;
  has_something_unsaved();
  return counted;
}

void DifferenceTable::add(std::string_view migration, const Epoch& epoch, const CapturedPair& pair,
                          const Comparison& comparison) {
  const std::string name = folded_endpoint(pair.method, pair.target);
  const std::scoped_lock lock(mutex_);
  Migration* const known = migration_of(migration, epoch, pair.at);
  if (known == nullptr) return;
  Migration& of = *known;
  Endpoint& endpoint = count(of, name, pair.primary, comparison.verdict, 1);
  // A pair that says nothing shows nothing.
  if (comparison.verdict == Verdict::not_comparable) return;
  for (const Difference& difference : comparison.differences) {
    add_difference(of, endpoint, pair, difference);
  }
}

void DifferenceTable::settle(std::string_view migration, const Epoch& epoch,
                             std::string_view method, std::string_view target, Arm primary,
                             std::uint64_t count_of, WallTime at) {
  const std::string name = folded_endpoint(method, target);
  const std::scoped_lock lock(mutex_);
  Migration* const known = migration_of(migration, epoch, at);
  if (known != nullptr) count(*known, name, primary, Verdict::match, count_of);
}

MigrationReport DifferenceTable::report_of(const std::string& name) const {
  MigrationReport report;
  report.migration = name;
  const std::scoped_lock lock(mutex_);
  const auto found = migrations_.find(name);
  if (found == migrations_.end()) return report;
  const Migration& migration = found->second;
  report.epoch = migration.epoch;
  report.since = migration.since;
  for (const auto& [endpoint, counted] : migration.endpoints) {
    EndpointReport& into = report.endpoints.emplace_back();
    into.endpoint = endpoint;
    const VerdictCounts& by_legacy = counted.verdicts[static_cast<std::size_t>(Arm::legacy)];
    const VerdictCounts& by_monolith = counted.verdicts[static_cast<std::size_t>(Arm::monolith)];
    report.to_monolith += by_legacy;
    report.to_legacy += by_monolith;
    into.verdicts += by_legacy;
    into.verdicts += by_monolith;
    for (const auto& [key, place] : counted.places) {
      into.places.push_back({key.path, key.kind, place.count, place.samples, key.verdict});
    }
  }
  return report;
}

std::vector<MigrationReport> DifferenceTable::report(
    const std::vector<std::string>& migrations) const {
  std::vector<std::string> names = migrations;
  if (names.empty()) {
    const std::scoped_lock lock(mutex_);
    for (const auto& entry : migrations_) names.push_back(entry.first);
  }
  std::vector<MigrationReport> reports;
  for (const std::string& name : names) {
    MigrationReport& report = reports.emplace_back(report_of(name));
    sort_by_weight(report);
  }
  return reports;
}

}  // namespace banyan::shadow
