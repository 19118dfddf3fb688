#include "shadow/difference_table.h"

#include <algorithm>
#include <utility>

#include "shadow/report_order.h"
#include "shadow/shown_body.h"

namespace banyan::shadow {
namespace {

// What an entry of a map or a vector costs beside its text, about.
constexpr std::size_t kEntryBytes = 96;

std::size_t bytes_of(const Sample& sample) {
  return sizeof(Sample) + sample.method.size() + sample.target.size() + sample.path.size() +
         sample.left.size() + sample.right.size();
}

// Without the places of a mismatch, which the table has to fold first.
Tally tally_of(const CapturedPair& pair, const Comparison& comparison) {
  Tally tally;
  const std::size_t served_by = index_of(pair.primary);
  tally.verdicts[served_by][static_cast<std::size_t>(comparison.verdict)] = 1;
  if (comparison.verdict == Verdict::not_comparable) {
    tally.reasons[served_by][comparison.why_not] = 1;
  }
  for (const Arm arm : {Arm::legacy, Arm::monolith}) {
    const CapturedResponse& answer = arm == Arm::legacy ? pair.legacy : pair.monolith;
    const bool is_known = answer.outcome == Outcome::answered && answer.latency.count() > 0;
    if (is_known) tally.latency[index_of(arm)].add(answer.latency);
  }
  return tally;
}

// The verdicts of the migration and of its endpoints in both directions, from their tallies.
void add_up(MigrationReport& report) {
  for (EndpointReport& endpoint : report.endpoints) {
    for (std::size_t v = 0; v < kVerdictCount; ++v) {
      const std::uint64_t by_legacy = endpoint.tally.verdicts[index_of(Arm::legacy)][v];
      const std::uint64_t by_monolith = endpoint.tally.verdicts[index_of(Arm::monolith)][v];
      report.to_monolith[v] += by_legacy;
      report.to_legacy[v] += by_monolith;
      endpoint.verdicts[v] = by_legacy + by_monolith;
    }
  }
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

void DifferenceTable::take_up(std::string_view name, const Epoch& epoch) {
  const std::scoped_lock lock(mutex_);
  const auto [found, is_new] = migrations_.try_emplace(std::string(name));
  Migration& migration = found->second;
  if (is_new || migration.epoch != epoch.name || migration.rules != epoch.rules) {
    if (!is_new) {
      end_epoch(name, migration);
      has_something_unsaved();
    }
    migration.epoch = epoch.name;
    migration.rules = epoch.rules;
  }
  migration.generation = std::max(migration.generation, epoch.generation);
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

PlaceName DifferenceTable::add_difference(Migration& migration, Endpoint& endpoint,
                                          const CapturedPair& pair, const Difference& difference,
                                          PairSamples& samples) {
  PlaceName name{redacted_name(redaction_, folded_path(difference.path)), difference.kind};
  PlaceCount& place = place_of(migration, endpoint, {name.path, name.kind, difference.verdict});
  ++place.count;
  if (place.first_seen == WallTime{} || pair.at < place.first_seen) place.first_seen = pair.at;
  place.last_seen = std::max(place.last_seen, pair.at);
  if (has_room(migration, place)) {
    Sample sample = samples.next(difference);
    if (samples.take_bodies()) keep_bodies(migration, pair, sample);
    add_sample(migration, place, std::move(sample));
  }
  return name;
}

bool DifferenceTable::has_room(const Migration& migration, const PlaceCount& place) const {
  return place.samples.size() < limits_.samples_max && migration.bytes < limits_.bytes_max;
}

void DifferenceTable::keep_bodies(const Migration& migration, const CapturedPair& pair,
                                  Sample& sample) const {
  if (migration.body_bytes >= limits_.bodies_max) return;
  std::string left = shown_body(redaction_, pair.legacy);
  std::string right = shown_body(redaction_, pair.monolith);
  const std::size_t bytes = left.size() + right.size();
  if (migration.body_bytes + bytes > limits_.bodies_max) return;
  sample.left_body = std::move(left);
  sample.right_body = std::move(right);
}

void DifferenceTable::add_sample(Migration& migration, PlaceCount& place, Sample sample) const {
  if (!has_room(migration, place)) return;
  migration.bytes += bytes_of(sample);
  migration.body_bytes += sample.left_body.size() + sample.right_body.size();
  place.samples.push_back(std::move(sample));
}

void DifferenceTable::count(Endpoint& endpoint, const Tally& tally) {
  endpoint.all.add(tally);
  endpoint.unsaved.add(tally);
  endpoint.is_unsaved = true;
  has_something_unsaved();
}

PlaceSet DifferenceTable::admitted(Migration& migration, const Endpoint& endpoint,
                                   PlaceSet places) const {
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  if (endpoint.all.mismatches.contains(places)) return places;
  std::size_t bytes = kEntryBytes;
  for (const PlaceName& place : places) bytes += sizeof(PlaceName) + place.path.size();
  const bool has_room = endpoint.all.mismatches.size() < kPlaceSetsMax &&
                        places.size() <= kPlacesOfSetMax &&
                        migration.bytes + bytes <= limits_.bytes_max;
  if (!has_room) return {};
  migration.bytes += bytes;
  return places;
}

void DifferenceTable::count_key(Direction& direction, const CapturedPair& pair) {
  if (!pair.key_hash || !direction.keys.add(*pair.key_hash)) return;
  direction.keys_unsaved.add(*pair.key_hash);
}

void DifferenceTable::add(std::string_view migration, const Epoch& epoch, const CapturedPair& pair,
                          const Comparison& comparison) {
  std::string name = endpoint_name(pair);
  const std::size_t served_by = index_of(pair.primary);
  Tally tally = tally_of(pair, comparison);
  const std::scoped_lock lock(mutex_);
  Migration* const known = migration_of(migration, epoch, pair.at);
  if (known == nullptr) return;
  Endpoint& endpoint = endpoint_of(*known, redacted_name(redaction_, std::move(name)));
  // A pair that says nothing shows nothing.
  if (comparison.verdict == Verdict::not_comparable) return count(endpoint, tally);
  PlaceSet places;
  // What was compared before a reload is kept as those ask that keep less.
  PairSamples samples(redaction_, hash_, pair, comparison.for_shapes ? Keeps::shapes : keeps_);
  for (const Difference& difference : comparison.differences) {
    PlaceName place = add_difference(*known, endpoint, pair, difference, samples);
    // What is noise beside it is nothing that anybody has to waive.
    if (difference.verdict == Verdict::mismatch) places.push_back(std::move(place));
  }
  if (comparison.verdict == Verdict::mismatch) {
    if (comparison.left_out > 0) places.clear();
    ++tally.mismatches[admitted(*known, endpoint, std::move(places))][served_by];
    if (pair.after_write) {
      ++known->directions[served_by].traffic.mismatches_after_write;
      ++known->directions[served_by].traffic_unsaved.mismatches_after_write;
    }
  }
  count_key(known->directions[served_by], pair);
  count(endpoint, tally);
}

void DifferenceTable::add_traffic(std::string_view migration, const Epoch& epoch,
                                  const ByArm<Traffic>& traffic, WallTime now) {
  const std::scoped_lock lock(mutex_);
  Migration* const known = migration_of(migration, epoch, now);
  if (known == nullptr) return;
  for (std::size_t arm = 0; arm < traffic.size(); ++arm) {
    known->directions[arm].traffic.add(traffic[arm]);
    known->directions[arm].traffic_unsaved.add(traffic[arm]);
  }
  has_something_unsaved();
}

void DifferenceTable::settle(std::string_view migration, const Epoch& epoch,
                             std::string_view method, std::string_view target, Arm primary,
                             std::uint64_t count_of, WallTime at) {
  std::string name = folded_endpoint(method, target);
  Tally tally;
  tally.verdicts[index_of(primary)][static_cast<std::size_t>(Verdict::match)] = count_of;
  const std::scoped_lock lock(mutex_);
  Migration* const known = migration_of(migration, epoch, at);
  if (known != nullptr)
    count(endpoint_of(*known, redacted_name(redaction_, std::move(name))), tally);
}

ReadinessSettings DifferenceTable::settings_of(std::string_view name) const {
  const auto found = settings_.find(name);
  return found == settings_.end() ? ReadinessSettings{} : found->second;
}

MigrationReport DifferenceTable::report_of(const std::string& name, Part part) const {
  MigrationReport report;
  report.migration = name;
  const std::scoped_lock lock(mutex_);
  report.settings = settings_of(name);
  const auto found = migrations_.find(name);
  if (found == migrations_.end()) return report;
  const Migration& migration = found->second;
  report.epoch = migration.epoch;
  report.since = migration.since;
  for (std::size_t arm = 0; arm < migration.directions.size(); ++arm) {
    report.traffic[arm] = migration.directions[arm].traffic;
    report.keys[arm] = migration.directions[arm].keys;
    if (part != Part::step) report.keys[arm].add(migration.directions[arm].keys_before_step);
  }
  for (const auto& [endpoint, counted] : migration.endpoints) {
    EndpointReport& into = report.endpoints.emplace_back();
    into.endpoint = endpoint;
    into.tally = counted.all;
    if (part != Part::whole) continue;
    for (const auto& [key, place] : counted.places) {
      into.places.push_back({key.path, key.kind, place.count, place.samples, key.verdict,
                             place.first_seen, place.last_seen});
    }
  }
  if (part == Part::step) take_off_before_step(migration, report);
  add_up(report);
  return report;
}

MigrationReport DifferenceTable::counts(const std::string& migration) const {
  return report_of(migration, Part::counts);
}

std::vector<std::string> DifferenceTable::names() const {
  std::vector<std::string> names;
  const std::scoped_lock lock(mutex_);
  for (const auto& entry : migrations_) names.push_back(entry.first);
  return names;
}

std::vector<MigrationReport> DifferenceTable::report(
    const std::vector<std::string>& migrations) const {
  std::vector<MigrationReport> reports;
  for (const std::string& name : migrations.empty() ? names() : migrations) {
    MigrationReport& report = reports.emplace_back(report_of(name, Part::whole));
    sort_by_weight(report);
  }
  return reports;
}

}  // namespace banyan::shadow
