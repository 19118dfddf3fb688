// shadow/store/schema.h: the tables of the store.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace banyan::shadow {

// Version 1. Version 2 adds kSchema2: noise, skew and what readiness is judged by.
inline constexpr std::string_view kSchema1 = R"(
CREATE TABLE epochs(id INTEGER PRIMARY KEY, migration TEXT NOT NULL, name TEXT NOT NULL,
  rules INTEGER NOT NULL, since INTEGER NOT NULL, UNIQUE(migration, since));
CREATE TABLE endpoints(id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, name TEXT NOT NULL,
  UNIQUE(epoch, name));
CREATE TABLE verdicts(endpoint INTEGER NOT NULL, hour INTEGER NOT NULL, served_by TEXT NOT NULL,
  verdict TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(endpoint, hour, served_by, verdict)) WITHOUT ROWID;
CREATE TABLE places(id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, path TEXT NOT NULL,
  kind TEXT NOT NULL, UNIQUE(endpoint, path, kind));
CREATE TABLE place_counts(place INTEGER NOT NULL, hour INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(place, hour)) WITHOUT ROWID;
CREATE TABLE samples(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL,
  at INTEGER NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, path TEXT NOT NULL,
  legacy TEXT NOT NULL, monolith TEXT NOT NULL);
CREATE INDEX samples_by_place ON samples(place);
)";

// `places` of a mismatch: `KIND PATH` in lines. `counts` of latencies: `BUCKET COUNT` in lines.
inline constexpr std::string_view kSchema2 = R"(
ALTER TABLE epochs ADD COLUMN readiness TEXT NOT NULL DEFAULT '';
ALTER TABLE samples ADD COLUMN skew INTEGER NOT NULL DEFAULT 0;
ALTER TABLE places RENAME TO places_1;
CREATE TABLE places(id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, path TEXT NOT NULL,
  kind TEXT NOT NULL, verdict TEXT NOT NULL, first_seen INTEGER NOT NULL DEFAULT 0,
  last_seen INTEGER NOT NULL DEFAULT 0, UNIQUE(endpoint, path, kind, verdict));
INSERT INTO places SELECT id, endpoint, path, kind, 'mismatch', 0, 0 FROM places_1;
DROP TABLE places_1;
CREATE TABLE traffic(epoch INTEGER NOT NULL, hour INTEGER NOT NULL, served_by TEXT NOT NULL,
  what TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(epoch, hour, served_by, what)) WITHOUT ROWID;
CREATE TABLE keys(epoch INTEGER NOT NULL, served_by TEXT NOT NULL, hash INTEGER NOT NULL,
  PRIMARY KEY(epoch, served_by, hash)) WITHOUT ROWID;
CREATE TABLE reasons(endpoint INTEGER NOT NULL, hour INTEGER NOT NULL, served_by TEXT NOT NULL,
  reason TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(endpoint, hour, served_by, reason)) WITHOUT ROWID;
CREATE TABLE mismatches(endpoint INTEGER NOT NULL, hour INTEGER NOT NULL, served_by TEXT NOT NULL,
  places TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(endpoint, hour, served_by, places)) WITHOUT ROWID;
CREATE TABLE latencies(endpoint INTEGER NOT NULL, hour INTEGER NOT NULL, arm TEXT NOT NULL,
  counts TEXT NOT NULL, PRIMARY KEY(endpoint, hour, arm)) WITHOUT ROWID;
)";

// Version 3: `store.bodies`.
inline constexpr std::string_view kSchema3 = R"(
ALTER TABLE samples ADD COLUMN legacy_body TEXT NOT NULL DEFAULT '';
ALTER TABLE samples ADD COLUMN monolith_body TEXT NOT NULL DEFAULT '';
)";

inline constexpr std::array<std::string_view, 6> kHourlyTables{
    "verdicts", "place_counts", "traffic", "reasons", "mismatches", "latencies"};

// From a database of `version` (0: an empty one) to the one of today.
[[nodiscard]] inline std::string schema_steps(std::int64_t version) {
  std::string steps;
  if (version < 1) steps += kSchema1;
  if (version < 2) steps += kSchema2;
  if (version < 3) steps += kSchema3;
  return steps;
}

}  // namespace banyan::shadow
