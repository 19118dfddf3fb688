// The table's side of the store: what is not saved yet, and what was saved before.
#include <algorithm>
#include <utility>

#include "shadow/difference_table.h"

namespace banyan::shadow {

EpochRecord DifferenceTable::take_unsaved_of(std::string_view name, Migration& migration) const {
  EpochRecord record{std::string(name), migration.epoch, migration.rules, migration.since, {}};
  record.settings = settings_of(name);
  for (std::size_t arm = 0; arm < migration.directions.size(); ++arm) {
    record.traffic[arm] = std::exchange(migration.directions[arm].traffic_unsaved, {});
    record.keys[arm] = std::exchange(migration.directions[arm].keys_unsaved, {});
  }
  for (auto& [endpoint, counted] : migration.endpoints) {
    if (!std::exchange(counted.is_unsaved, false)) continue;
    EpochRecord::Endpoint& into = record.endpoints.emplace_back();
    into.name = endpoint;
    into.add(std::exchange(counted.unsaved, {}));
    for (auto& [key, place] : counted.places) {
      if (place.count == place.count_saved && place.samples.size() == place.samples_saved) continue;
      const auto first = place.samples.begin() + static_cast<std::ptrdiff_t>(place.samples_saved);
      into.places.push_back({key.path, key.kind, place.count - place.count_saved,
                             std::vector<Sample>(first, place.samples.end()), key.verdict,
                             place.first_seen, place.last_seen});
      place.count_saved = place.count;
      place.samples_saved = place.samples.size();
    }
  }
  return record;
}

void DifferenceTable::end_epoch(std::string_view name, Migration& migration) {
  if (tracks_) {
    EpochRecord record = take_unsaved_of(name, migration);
    if (ended_.size() >= limits_.ended_max) {
      superseded_ += record.pairs();
    } else if (!record.empty()) {
      ended_.push_back(std::move(record));
    }
  }
  migration = Migration{};
}

void DifferenceTable::track_unsaved() {
  const std::scoped_lock lock(mutex_);
  tracks_ = true;
}

void DifferenceTable::tell_unsaved(std::function<void()> told) {
  const std::scoped_lock lock(mutex_);
  on_unsaved_ = std::move(told);
}

std::vector<EpochRecord> DifferenceTable::take_unsaved(std::uint64_t& superseded) {
  const std::scoped_lock lock(mutex_);
  has_unsaved_ = false;
  superseded = std::exchange(superseded_, 0);
  std::vector<EpochRecord> records = std::exchange(ended_, {});
  for (auto& [name, migration] : migrations_) {
    EpochRecord record = take_unsaved_of(name, migration);
    const bool begun = std::exchange(migration.begun_unsaved, false);
    if (begun || !record.empty()) records.push_back(std::move(record));
  }
  return records;
}

void DifferenceTable::restore(const EpochRecord& record) {
  const std::scoped_lock lock(mutex_);
  Migration& migration = migrations_[record.migration];
  migration.epoch = record.epoch;
  migration.rules = record.rules;
  // Of several the first: the count reaches back to there.
  if (migration.since == WallTime{} || record.since < migration.since) {
    migration.since = record.since;
  }
  // What the configuration says counts, where there is one.
  settings_.try_emplace(record.migration, record.settings);
  for (std::size_t arm = 0; arm < record.traffic.size(); ++arm) {
    migration.directions[arm].traffic.add(record.traffic[arm]);
    migration.directions[arm].keys.add(record.keys[arm]);
  }
  for (const EpochRecord::Endpoint& saved : record.endpoints) {
    Endpoint& endpoint = endpoint_of(migration, saved.name);
    endpoint.all.add(saved);
    for (const EpochRecord::Place& place : saved.places) {
      PlaceCount& counted = place_of(migration, endpoint, {place.path, place.kind, place.verdict});
      counted.count_saved = counted.count += place.count;
      for (const Sample& sample : place.samples) add_sample(migration, counted, sample);
      counted.samples_saved = counted.samples.size();
      if (counted.first_seen == WallTime{} || place.first_seen < counted.first_seen) {
        counted.first_seen = place.first_seen;
      }
      counted.last_seen = std::max(counted.last_seen, place.last_seen);
    }
  }
}

void DifferenceTable::reset(const std::string& name, WallTime now) {
  const std::scoped_lock lock(mutex_);
  const auto found = migrations_.find(name);
  if (found == migrations_.end()) return;
  Migration fresh;
  fresh.epoch = found->second.epoch;
  fresh.rules = found->second.rules;
  fresh.generation = found->second.generation;
  fresh.since = now;
  fresh.begun_unsaved = true;
  end_epoch(name, found->second);
  found->second = std::move(fresh);
  has_something_unsaved();
}

void DifferenceTable::has_something_unsaved() {
  if (!std::exchange(has_unsaved_, true) && on_unsaved_) on_unsaved_();
}

void DifferenceTable::configure(std::size_t samples_max, Redaction redaction, Keeps keeps) {
  const std::scoped_lock lock(mutex_);
  limits_.samples_max = samples_max;
  keeps_ = keeps;
  redaction_ = std::move(redaction);
}

void DifferenceTable::hash_with(KeyedHash hash) {
  const std::scoped_lock lock(mutex_);
  hash_ = std::move(hash);
}

void DifferenceTable::configure(std::map<std::string, ReadinessSettings, std::less<>> settings) {
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(settings);
}

}  // namespace banyan::shadow
