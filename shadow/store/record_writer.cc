#include "shadow/store/record_writer.h"

#include <array>
#include <utility>

#include "base/arm.h"
#include "shadow/store/record_text.h"

namespace banyan::shadow {
namespace {

constexpr std::array kArms{Arm::legacy, Arm::monolith};

std::int64_t microseconds_of(WallTime at) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

// The same bits: SQLite has no unsigned integers.
std::int64_t as_signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

std::optional<Kind> kind_of(std::string_view word) {
  for (std::size_t i = 0; i < kKindCount; ++i) {
    if (word == to_string(static_cast<Kind>(i))) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

std::optional<Verdict> verdict_of(std::string_view word) {
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    if (word == to_string(static_cast<Verdict>(i))) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

SqlResult<RecordWriter> RecordWriter::on(Database& database, std::int64_t hour) {
  RecordWriter writer(database, hour);
  if (const auto prepared = writer.prepare(); !prepared) return tl::unexpected(prepared.error());
  return writer;
}

SqlResult<> RecordWriter::prepare() {
  const std::pair<Statement&, const char*> statements[] = {
      {insert_epoch_,
       "INSERT OR IGNORE INTO epochs(migration, since, name, rules) VALUES(?1, ?2, ?3, ?4)"},
      {find_epoch_, "SELECT id FROM epochs WHERE migration = ?1 AND since = ?2"},
      {insert_endpoint_, "INSERT OR IGNORE INTO endpoints(epoch, name) VALUES(?1, ?2)"},
      {find_endpoint_, "SELECT id FROM endpoints WHERE epoch = ?1 AND name = ?2"},
      {insert_place_,
       "INSERT OR IGNORE INTO places(endpoint, path, kind, verdict) "
       "VALUES(?1, ?2, ?3, ?4)"},
      {find_place_,
       "SELECT id FROM places WHERE endpoint = ?1 AND path = ?2 AND kind = ?3 AND verdict = ?4"},
      {add_verdict_,
       "INSERT INTO verdicts VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET count = count + "
       "excluded.count"},
      {add_place_count_,
       "INSERT INTO place_counts VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + "
       "excluded.count"},
      {add_sample_,
       "INSERT INTO samples(place, at, method, target, path, legacy, monolith, skew, "
       "legacy_body, monolith_body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      {set_readiness_, "UPDATE epochs SET readiness = ?2 WHERE id = ?1 AND readiness <> ?2"},
      {add_key_, "INSERT OR IGNORE INTO keys VALUES(?1, ?2, ?3)"},
      {see_place_,
       "UPDATE places SET last_seen = max(last_seen, ?3), first_seen = CASE first_seen WHEN 0 THEN "
       "?2 ELSE min(first_seen, ?2) END WHERE id = ?1"},
      {add_traffic_,
       "INSERT INTO traffic VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET count = count + "
       "excluded.count"},
      {add_reason_,
       "INSERT INTO reasons VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET count = count + "
       "excluded.count"},
      {add_mismatch_,
       "INSERT INTO mismatches VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET count = count "
       "+ excluded.count"},
      {find_latency_,
       "SELECT counts FROM latencies WHERE endpoint = ?1 AND hour = ?2 AND arm = ?3"},
      {set_latency_, "INSERT OR REPLACE INTO latencies VALUES(?1, ?2, ?3, ?4)"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return tl::unexpected(prepared.error());
    statement = std::move(*prepared);
  }
  return {};
}

SqlResult<std::int64_t> RecordWriter::row_of(Statement& insert, Statement& find) {
  if (const auto done = insert.run(); !done) return tl::unexpected(done.error());
  const auto row = find.step();
  if (!row) return tl::unexpected(row.error());
  const std::int64_t id = find.number(0);
  find.reset();
  return id;
}

SqlResult<> RecordWriter::add(const EpochRecord& record) {
  const std::int64_t since = microseconds_of(record.since);
  insert_epoch_.bind(1, record.migration)
      .bind(2, since)
      .bind(3, record.epoch)
      .bind(4, as_signed(record.rules));
  find_epoch_.bind(1, record.migration).bind(2, since);
  const auto epoch = row_of(insert_epoch_, find_epoch_);
  if (!epoch) return tl::unexpected(epoch.error());
  if (const auto added = add_traffic(*epoch, record); !added) return added;
  for (const EpochRecord::Endpoint& endpoint : record.endpoints) {
    if (const auto added = add_endpoint(*epoch, endpoint); !added) return added;
  }
  return {};
}

SqlResult<> RecordWriter::add_count(Statement& insert, std::int64_t owner, Arm arm,
                                    std::string_view word, std::uint64_t count) {
  if (count == 0) return {};
  return insert.bind(1, owner)
      .bind(2, hour_)
      .bind(3, to_string(arm))
      .bind(4, word)
      .bind(5, as_signed(count))
      .run();
}

SqlResult<> RecordWriter::add_traffic(std::int64_t epoch, const EpochRecord& record) {
  const auto set = set_readiness_.bind(1, epoch).bind(2, text_of(record.settings)).run();
  if (!set) return set;
  for (const Arm arm : kArms) {
    const Traffic& traffic = record.traffic[index_of(arm)];
    const auto seen = add_count(add_traffic_, epoch, arm, kSeen, traffic.seen);
    if (!seen) return seen;
    const auto late =
        add_count(add_traffic_, epoch, arm, kMismatchAfterWrite, traffic.mismatches_after_write);
    if (!late) return late;
    for (const auto& [word, count] : traffic.skipped) {
      const auto added = add_count(add_traffic_, epoch, arm, word, count);
      if (!added) return added;
    }
    for (const std::uint32_t hash : record.keys[index_of(arm)].kept()) {
      const auto added = add_key_.bind(1, epoch).bind(2, to_string(arm)).bind(3, hash).run();
      if (!added) return added;
    }
  }
  return {};
}

SqlResult<> RecordWriter::add_tally(std::int64_t endpoint, const Tally& tally) {
  for (const Arm arm : kArms) {
    for (std::size_t v = 0; v < kVerdictCount; ++v) {
      const auto added = add_count(add_verdict_, endpoint, arm, to_string(static_cast<Verdict>(v)),
                                   tally.verdicts[index_of(arm)][v]);
      if (!added) return added;
    }
    for (const auto& [reason, count] : tally.reasons[index_of(arm)]) {
      const auto added = add_count(add_reason_, endpoint, arm, reason, count);
      if (!added) return added;
    }
    for (const auto& [places, pairs] : tally.mismatches) {
      const auto added =
          add_count(add_mismatch_, endpoint, arm, text_of(places), pairs[index_of(arm)]);
      if (!added) return added;
    }
    const auto added = add_latency(endpoint, arm, tally.latency[index_of(arm)]);
    if (!added) return added;
  }
  return {};
}

SqlResult<> RecordWriter::add_latency(std::int64_t endpoint, Arm arm, const Histogram& counts) {
  if (counts.empty()) return {};
  Histogram sum = counts;
  const auto row = find_latency_.bind(1, endpoint).bind(2, hour_).bind(3, to_string(arm)).step();
  if (!row) return tl::unexpected(row.error());
  if (*row) add_from(find_latency_.text(0), sum);
  find_latency_.reset();
  return set_latency_.bind(1, endpoint)
      .bind(2, hour_)
      .bind(3, to_string(arm))
      .bind(4, text_of(sum))
      .run();
}

SqlResult<> RecordWriter::add_endpoint(std::int64_t epoch, const EpochRecord::Endpoint& endpoint) {
  insert_endpoint_.bind(1, epoch).bind(2, endpoint.name);
  find_endpoint_.bind(1, epoch).bind(2, endpoint.name);
  const auto row = row_of(insert_endpoint_, find_endpoint_);
  if (!row) return tl::unexpected(row.error());
  if (const auto added = add_tally(*row, endpoint); !added) return added;
  for (const EpochRecord::Place& place : endpoint.places) {
    if (const auto added = add_place(*row, place); !added) return added;
  }
  return {};
}

SqlResult<> RecordWriter::add_place(std::int64_t endpoint, const EpochRecord::Place& place) {
  for (Statement* statement : {&insert_place_, &find_place_}) {
    statement->bind(1, endpoint)
        .bind(2, place.path)
        .bind(3, to_string(place.kind))
        .bind(4, to_string(place.verdict));
  }
  const auto row = row_of(insert_place_, find_place_);
  if (!row) return tl::unexpected(row.error());
  if (place.count > 0) {
    const auto added =
        add_place_count_.bind(1, *row).bind(2, hour_).bind(3, as_signed(place.count)).run();
    if (!added) return added;
  }
  if (place.last_seen != WallTime{}) {
    const auto seen = see_place_.bind(1, *row)
                          .bind(2, microseconds_of(place.first_seen))
                          .bind(3, microseconds_of(place.last_seen))
                          .run();
    if (!seen) return seen;
  }
  for (const Sample& sample : place.samples) {
    const auto added = add_sample_.bind(1, *row)
                           .bind(2, microseconds_of(sample.at))
                           .bind(3, sample.method)
                           .bind(4, sample.target)
                           .bind(5, sample.path)
                           .bind(6, sample.left)
                           .bind(7, sample.right)
                           .bind(8, static_cast<std::int64_t>(sample.skew.count()))
                           .bind(9, sample.left_body)
                           .bind(10, sample.right_body)
                           .run();
    if (!added) return added;
  }
  return {};
}

}  // namespace banyan::shadow
