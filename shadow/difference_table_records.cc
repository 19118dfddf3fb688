// The table's side of the store: what is not saved yet, and what was saved before.
#include <algorithm>
#include <utility>

#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

// What came since, which is `saved` from now on.
VerdictCounts taken(const VerdictCounts& now, VerdictCounts& saved) {
  VerdictCounts since{};
  for (std::size_t i = 0; i < now.size(); ++i) since[i] = now[i] - saved[i];
  saved = now;
  return since;
}

}  // namespace

EpochRecord DifferenceTable::take_unsaved_of(std::string_view name, Migration& migration) {
  EpochRecord record{std::string(name), migration.epoch, migration.rules, migration.since, {}};
  for (auto& [endpoint, counted] : migration.endpoints) {
    if (!std::exchange(counted.unsaved, false)) continue;
    EpochRecord::Endpoint& into = record.endpoints.emplace_back();
    into.name = endpoint;
    for (std::size_t arm = 0; arm < into.verdicts.size(); ++arm) {
      into.verdicts[arm] = taken(counted.verdicts[arm], counted.saved[arm]);
    }
    for (auto& [key, place] : counted.places) {
      if (place.count == place.count_saved && place.samples.size() == place.samples_saved) continue;
      const auto first = place.samples.begin() + static_cast<std::ptrdiff_t>(place.samples_saved);
      into.places.push_back({key.path, key.kind, place.count - place.count_saved,
                             std::vector<Sample>(first, place.samples.end()), key.verdict});
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
    } else if (!record.endpoints.empty()) {
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
    if (begun || !record.endpoints.empty()) records.push_back(std::move(record));
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
  for (const EpochRecord::Endpoint& saved : record.endpoints) {
    Endpoint& endpoint = endpoint_of(migration, saved.name);
    for (std::size_t arm = 0; arm < saved.verdicts.size(); ++arm) {
      for (std::size_t v = 0; v < kVerdictCount; ++v) {
        endpoint.verdicts[arm][v] += saved.verdicts[arm][v];
      }
    }
    endpoint.saved = endpoint.verdicts;
    for (const EpochRecord::Place& place : saved.places) {
      PlaceCount& counted = place_of(migration, endpoint, {place.path, place.kind, place.verdict});
      counted.count_saved = counted.count += place.count;
      for (const Sample& sample : place.samples) add_sample(migration, counted, sample);
      counted.samples_saved = counted.samples.size();
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

void DifferenceTable::configure(std::size_t samples_max, Redaction redaction) {
  const std::scoped_lock lock(mutex_);
  limits_.samples_max = samples_max;
  redaction_ = std::move(redaction);
}

}  // namespace banyan::shadow
