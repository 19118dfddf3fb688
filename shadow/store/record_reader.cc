#include <algorithm>
#include <functional>
#include <map>

#include "base/arm.h"
#include "shadow/store/record_text.h"
#include "shadow/store/record_writer.h"

namespace banyan::shadow {
namespace {

// Calls `take` with each row.
SqlResult<> for_each_row(Statement& statement, const std::function<SqlResult<>()>& take) {
  for (;;) {
    const auto row = statement.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    if (const auto taken = take(); !taken) return taken;
  }
}

// `WHERE` for the epochs that are asked for: the latest, or the latest of that name. Another of the
// same name was ended by a reset, or by other rules.
std::string epochs_where(const RecordQuery& query) {
  if (query.epoch) {
    return "name = ?1 AND since = (SELECT max(since) FROM epochs l WHERE l.migration = "
           "epochs.migration AND l.name = ?1)";
  }
  return "since = (SELECT max(since) FROM epochs l WHERE l.migration = epochs.migration)";
}

bool is_wanted(const RecordQuery& query, const std::string& migration) {
  return query.migrations.empty() || std::find(query.migrations.begin(), query.migrations.end(),
                                               migration) != query.migrations.end();
}

WallTime time_at(std::int64_t microseconds) {
  return WallTime{} + std::chrono::microseconds(microseconds);
}

class Reader {
 public:
  Reader(Database& database, std::int64_t first_hour)
      : database_(database), first_hour_(first_hour) {}

  SqlResult<> read(std::int64_t epoch, EpochRecord& record) {
    std::map<std::int64_t, EpochRecord::Endpoint> endpoints;
    if (const auto done = read_traffic(epoch, record); !done) return done;
    if (const auto done = read_keys(epoch, record); !done) return done;
    if (const auto done = read_verdicts(epoch, endpoints); !done) return done;
    if (const auto done = read_reasons(epoch, endpoints); !done) return done;
    if (const auto done = read_mismatches(epoch, endpoints); !done) return done;
    if (const auto done = read_latencies(epoch, endpoints); !done) return done;
    std::map<std::int64_t, std::pair<std::int64_t, EpochRecord::Place>> places;
    if (const auto done = read_places(epoch, places); !done) return done;
    if (const auto done = read_samples(epoch, places); !done) return done;
    for (auto& [id, place] : places) {
      const auto of = endpoints.find(place.first);
      if (of != endpoints.end()) of->second.places.push_back(std::move(place.second));
    }
    for (auto& [id, endpoint] : endpoints) record.endpoints.push_back(std::move(endpoint));
    return {};
  }

 private:
  static Arm arm_of(std::string_view word) {
    return word == to_string(Arm::monolith) ? Arm::monolith : Arm::legacy;
  }

  SqlResult<> read_traffic(std::int64_t epoch, EpochRecord& record) {
    auto rows = database_.prepare(
        "SELECT served_by, what, sum(count) FROM traffic WHERE epoch = ?1 AND hour >= ?2 GROUP BY "
        "1, 2");
    if (!rows) return tl::unexpected(rows.error());
    rows->bind(1, epoch).bind(2, first_hour_);
    return for_each_row(*rows, [&]() -> SqlResult<> {
      Traffic& traffic = record.traffic[index_of(arm_of(rows->text(0)))];
      const std::string what = rows->text(1);
      std::uint64_t& count = what == kSeen                 ? traffic.seen
                             : what == kMismatchAfterWrite ? traffic.mismatches_after_write
                                                           : traffic.skipped[what];
      count += static_cast<std::uint64_t>(rows->number(2));
      return {};
    });
  }

  // They have no hour.
  SqlResult<> read_keys(std::int64_t epoch, EpochRecord& record) {
    auto rows = database_.prepare("SELECT served_by, hash FROM keys WHERE epoch = ?1");
    if (!rows) return tl::unexpected(rows.error());
    rows->bind(1, epoch);
    return for_each_row(*rows, [&]() -> SqlResult<> {
      record.keys[index_of(arm_of(rows->text(0)))].add(static_cast<std::uint32_t>(rows->number(1)));
      return {};
    });
  }

  // Calls `take(endpoint, arm, word, count)` for each row of a table with these columns.
  SqlResult<> read_words(std::int64_t epoch, const std::string& table, const std::string& word,
                         std::map<std::int64_t, EpochRecord::Endpoint>& endpoints, auto take) {
    auto rows = database_.prepare("SELECT n.id, n.name, c.served_by, c." + word +
                                  ", sum(c.count) FROM endpoints n JOIN " + table +
                                  " c ON c.endpoint = n.id WHERE n.epoch = ?1 AND c.hour >= ?2 "
                                  "GROUP BY 1, 3, 4");
    if (!rows) return tl::unexpected(rows.error());
    rows->bind(1, epoch).bind(2, first_hour_);
    return for_each_row(*rows, [&]() -> SqlResult<> {
      EpochRecord::Endpoint& endpoint = endpoints[rows->number(0)];
      endpoint.name = rows->text(1);
      take(endpoint, index_of(arm_of(rows->text(2))), rows->text(3),
           static_cast<std::uint64_t>(rows->number(4)));
      return {};
    });
  }

  SqlResult<> read_reasons(std::int64_t epoch,
                           std::map<std::int64_t, EpochRecord::Endpoint>& endpoints) {
    return read_words(epoch, "reasons", "reason", endpoints,
                      [](auto& endpoint, std::size_t arm, const std::string& reason,
                         std::uint64_t count) { endpoint.reasons[arm][reason] += count; });
  }

  SqlResult<> read_mismatches(std::int64_t epoch,
                              std::map<std::int64_t, EpochRecord::Endpoint>& endpoints) {
    return read_words(
        epoch, "mismatches", "places", endpoints,
        [](auto& endpoint, std::size_t arm, const std::string& places, std::uint64_t count) {
          endpoint.mismatches[places_from(places)][arm] += count;
        });
  }

  SqlResult<> read_latencies(std::int64_t epoch,
                             std::map<std::int64_t, EpochRecord::Endpoint>& endpoints) {
    auto rows = database_.prepare(
        "SELECT l.endpoint, l.arm, l.counts FROM endpoints n JOIN latencies l ON l.endpoint = n.id "
        "WHERE n.epoch = ?1 AND l.hour >= ?2");
    if (!rows) return tl::unexpected(rows.error());
    rows->bind(1, epoch).bind(2, first_hour_);
    return for_each_row(*rows, [&]() -> SqlResult<> {
      const auto endpoint = endpoints.find(rows->number(0));
      if (endpoint == endpoints.end()) return {};
      add_from(rows->text(2), endpoint->second.latency[index_of(arm_of(rows->text(1)))]);
      return {};
    });
  }

  SqlResult<> read_verdicts(std::int64_t epoch,
                            std::map<std::int64_t, EpochRecord::Endpoint>& endpoints) {
    auto rows = database_.prepare(
        "SELECT n.id, n.name, v.served_by, v.verdict, sum(v.count) FROM endpoints n JOIN verdicts "
        "v "
        "ON v.endpoint = n.id WHERE n.epoch = ?1 AND v.hour >= ?2 GROUP BY 1, 3, 4");
    if (!rows) return tl::unexpected(rows.error());
    rows->bind(1, epoch).bind(2, first_hour_);
    return for_each_row(*rows, [&]() -> SqlResult<> {
      EpochRecord::Endpoint& endpoint = endpoints[rows->number(0)];
      endpoint.name = rows->text(1);
      const Arm arm = arm_of(rows->text(2));
      if (const auto verdict = verdict_of(rows->text(3))) {
        endpoint.verdicts[static_cast<std::size_t>(arm)][static_cast<std::size_t>(*verdict)] +=
            static_cast<std::uint64_t>(rows->number(4));
      }
      return {};
    });
  }

  SqlResult<> read_places(std::int64_t epoch, auto& places) {
    auto rows = database_.prepare(
        "SELECT p.id, p.endpoint, p.path, p.kind, sum(c.count), p.verdict, p.first_seen, "
        "p.last_seen FROM places p JOIN endpoints n "
        "ON n.id = p.endpoint JOIN place_counts c ON c.place = p.id "
        "WHERE n.epoch = ?1 AND c.hour >= ?2 GROUP BY 1");
    if (!rows) return tl::unexpected(rows.error());
    rows->bind(1, epoch).bind(2, first_hour_);
    return for_each_row(*rows, [&]() -> SqlResult<> {
      const auto kind = kind_of(rows->text(3));
      if (!kind) return {};
      const auto verdict = verdict_of(rows->text(5));
      if (!verdict) return {};
      places[rows->number(0)] = {rows->number(1),
                                 {rows->text(2),
                                  *kind,
                                  static_cast<std::uint64_t>(rows->number(4)),
                                  {},
                                  *verdict,
                                  time_at(rows->number(6)),
                                  time_at(rows->number(7))}};
      return {};
    });
  }

  SqlResult<> read_samples(std::int64_t epoch, auto& places) {
    auto rows = database_.prepare(
        "SELECT s.place, s.at, s.method, s.target, s.path, s.legacy, s.monolith, s.skew, "
        "s.legacy_body, s.monolith_body FROM samples s "
        "JOIN places p ON p.id = s.place JOIN endpoints n ON n.id = p.endpoint "
        "WHERE n.epoch = ?1 AND s.at >= ?2 ORDER BY s.id");
    if (!rows) return tl::unexpected(rows.error());
    const std::chrono::microseconds first = std::chrono::hours(first_hour_);
    rows->bind(1, epoch).bind(2, static_cast<std::int64_t>(first.count()));
    return for_each_row(*rows, [&]() -> SqlResult<> {
      const auto place = places.find(rows->number(0));
      if (place == places.end()) return {};
      place->second.second.samples.push_back(
          {time_at(rows->number(1)), rows->text(2), rows->text(3), rows->text(4), rows->text(5),
           rows->text(6), std::chrono::microseconds(rows->number(7)), rows->text(8),
           rows->text(9)});
      return {};
    });
  }

  Database& database_;
  const std::int64_t first_hour_;
};

}  // namespace

SqlResult<std::vector<EpochRecord>> read_records(Database& database, const RecordQuery& query,
                                                 std::int64_t first_hour) {
  auto epochs =
      database.prepare("SELECT id, migration, name, rules, since, readiness FROM epochs WHERE " +
                       epochs_where(query) + " ORDER BY migration, since");
  if (!epochs) return tl::unexpected(epochs.error());
  if (query.epoch) epochs->bind(1, *query.epoch);
  std::vector<EpochRecord> records;
  Reader reader(database, first_hour);
  const auto read = for_each_row(*epochs, [&]() -> SqlResult<> {
    EpochRecord record;
    record.migration = epochs->text(1);
    if (!is_wanted(query, record.migration)) return {};
    record.epoch = epochs->text(2);
    record.rules = static_cast<std::uint64_t>(epochs->number(3));
    record.since = time_at(epochs->number(4));
    if (first_hour > 0)
      record.since = std::max(record.since, WallTime(std::chrono::hours(first_hour)));
    record.settings = settings_from(epochs->text(5));
    if (const auto done = reader.read(epochs->number(0), record); !done) return done;
    records.push_back(std::move(record));
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  return records;
}

}  // namespace banyan::shadow
