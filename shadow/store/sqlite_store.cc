#include "shadow/store/sqlite_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "shadow/store/record_writer.h"
#include "shadow/store/schema.h"

namespace banyan::shadow {
namespace {

constexpr int kAsideNamesMax = 1000;
// Steps of a trim; what is left then waits for the next one.
constexpr int kTrimStepsMax = 64;
constexpr std::uint64_t kPageBytes = 4096;

StoreError store_error(const SqlError& error) {
  const auto kind = error.is_corrupt() ? StoreError::Kind::corrupt
                    : error.is_full()  ? StoreError::Kind::full
                                       : StoreError::Kind::other;
  return {kind, error.text};
}

template <class T>
StoreResult<T> stored(SqlResult<T> result) {
  if (!result) return tl::unexpected(store_error(result.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

std::uint64_t file_bytes(const std::string& path) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(path, absent);
  return absent ? 0 : size;
}

std::int64_t hour_of(WallTime at) {
  return std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count();
}

StoreError later_schema(std::int64_t version) {
  return {StoreError::Kind::other, "it was written by a later version of Banyan (schema " +
                                       std::to_string(version) + ", this one knows " +
                                       std::to_string(kSchemaVersion) + ")"};
}

constexpr std::string_view kDifferenceColumns =
    "SELECT s.id, e.migration, e.name, n.name, p.path, p.kind, s.at, s.method, s.target, s.path, "
    "s.legacy, s.monolith, s.skew, p.verdict, s.legacy_body, s.monolith_body FROM samples s JOIN "
    "places p ON p.id = s.place "
    "JOIN endpoints n ON n.id = p.endpoint JOIN epochs e ON e.id = n.epoch ";

}  // namespace

SqliteStore::SqliteStore(std::string path, Database database)
    : path_(std::move(path)), database_(std::move(database)) {}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return tl::unexpected(store_error(database.error()));
  const auto version = database->number("PRAGMA user_version");
  if (!version) return tl::unexpected(store_error(version.error()));
  if (*version > kSchemaVersion) return tl::unexpected(later_schema(*version));
  std::unique_ptr<SqliteStore> store(new SqliteStore(path, std::move(*database)));
  if (const auto ready = store->set_up(); !ready) {
    return tl::unexpected(store_error(ready.error()));
  }
  return store;
}

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::open_to_read(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_only);
  if (!database) return tl::unexpected(store_error(database.error()));
  auto version = database->number("PRAGMA user_version");
  // A reader keeps a file beside the log; in a read-only directory it can not, and need not where
  // the log is empty.
  if (!version && version.error().may_not_write() && file_bytes(path) > 0) {
    if (file_bytes(path + "-wal") > 0) {
      return tl::unexpected(StoreError{StoreError::Kind::other,
                                       "it can not be read where nothing can be written beside it: "
                                       "copy it with its -wal to another directory"});
    }
    database = Database::open(path, Database::Mode::unchanging);
    if (!database) return tl::unexpected(store_error(database.error()));
    version = database->number("PRAGMA user_version");
  }
  if (!version) return tl::unexpected(store_error(version.error()));
  if (*version > kSchemaVersion) return tl::unexpected(later_schema(*version));
  if (*version == 0) {
    return tl::unexpected(StoreError{StoreError::Kind::other, "no store of Banyan"});
  }
  if (*version < kSchemaVersion) {
    return tl::unexpected(StoreError{StoreError::Kind::other,
                                     "an earlier version of Banyan wrote it, and none has run on "
                                     "it since: start this one on its state_dir once"});
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(path, std::move(*database)));
}

SqlResult<> SqliteStore::set_up() {
  // auto_vacuum counts only before the first table; incremental, so that a trim gives space back.
  if (const auto done =
          database_.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;"
                            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                            "PRAGMA journal_size_limit = 1048576;"
                            "PRAGMA wal_autocheckpoint = 256;");
      !done) {
    return done;
  }
  const auto version = database_.number("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version == kSchemaVersion) {
    // Looks at every page of the index of tables and at their roots; the rest is found when read.
    const auto tables = database_.number("SELECT count(*) FROM sqlite_master");
    return tables ? SqlResult<>{} : tl::unexpected(tables.error());
  }
  return database_.execute("BEGIN IMMEDIATE;" + schema_steps(*version) +
                           "PRAGMA user_version = " + std::to_string(kSchemaVersion) + ";COMMIT;");
}

Result<std::string, std::string> SqliteStore::move_aside(const std::string& path) {
  std::string name;
  for (int i = 1; i < kAsideNamesMax; ++i) {
    name = path + ".unreadable." + std::to_string(i);
    if (!std::filesystem::exists(name)) break;
  }
  // What belongs to the database first: a new one must not find the log of the old one.
  for (const char* part : {"-wal", "-shm", ""}) {
    const std::string from = path + part;
    if (std::rename(from.c_str(), (name + part).c_str()) != 0 && errno != ENOENT) {
      return tl::unexpected(from + ": " + std::strerror(errno));
    }
  }
  return name;
}

StoreResult<> SqliteStore::add(const std::vector<EpochRecord>& records, WallTime now) {
  if (const auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return stored(begun);
  const auto written = [&]() -> SqlResult<> {
    auto writer = RecordWriter::on(database_, hour_of(now));
    if (!writer) return tl::unexpected(writer.error());
    for (const EpochRecord& record : records) {
      if (const auto added = writer->add(record); !added) return added;
    }
    return {};
  }();
  const auto ended = written ? database_.execute("COMMIT") : written;
  // Some errors have rolled back already; that this fails then means nothing.
  if (!ended) static_cast<void>(database_.execute("ROLLBACK"));
  return stored(ended);
}

SqlResult<> SqliteStore::limit(std::uint64_t bytes_max) {
  if (std::exchange(bytes_max_, bytes_max) == bytes_max) return {};
  return database_.execute("PRAGMA max_page_count = " + std::to_string(bytes_max / kPageBytes));
}

SqlResult<std::int64_t> SqliteStore::used_bytes() {
  const auto pages = database_.number("PRAGMA page_count");
  if (!pages) return pages;
  const auto free = database_.number("PRAGMA freelist_count");
  if (!free) return free;
  return (*pages - *free) * static_cast<std::int64_t>(kPageBytes);
}

SqlResult<> SqliteStore::remove_older_than(WallTime moment) {
  const std::string hour = std::to_string(hour_of(moment));
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch());
  std::string all = "DELETE FROM samples WHERE at < " + std::to_string(us.count()) + ";";
  for (const std::string_view table : kHourlyTables) {
    all += "DELETE FROM " + std::string(table) + " WHERE hour < " + hour + ";";
  }
  return database_.execute(all);
}

// The oldest tenth of the samples; without any, the oldest hour of counts.
SqlResult<> SqliteStore::remove_oldest() {
  const auto samples = database_.number("SELECT count(*) FROM samples");
  if (!samples) return tl::unexpected(samples.error());
  if (*samples > 0) {
    return database_.execute(
        "DELETE FROM samples WHERE id IN (SELECT id FROM samples ORDER BY id "
        "LIMIT " +
        std::to_string(*samples / 10 + 1) + ")");
  }
  std::string all;
  for (const std::string_view table : kHourlyTables) {
    const std::string name(table);
    all += "DELETE FROM " + name + " WHERE hour <= (SELECT min(hour) FROM " + name + ");";
  }
  return database_.execute(all);
}

SqlResult<> SqliteStore::remove_what_is_empty() {
  return database_.execute(
      "DELETE FROM places WHERE id NOT IN (SELECT place FROM place_counts) "
      "AND id NOT IN (SELECT place FROM samples);"
      "DELETE FROM endpoints WHERE id NOT IN (SELECT endpoint FROM verdicts) "
      "AND id NOT IN (SELECT endpoint FROM places);"
      // An empty one behind another is a reset: without it the one before would count again.
      "DELETE FROM epochs WHERE id NOT IN (SELECT epoch FROM endpoints) AND NOT EXISTS "
      "(SELECT 1 FROM epochs o WHERE o.migration = epochs.migration AND o.since < epochs.since);"
      "DELETE FROM keys WHERE epoch NOT IN (SELECT id FROM epochs);"
      "DELETE FROM traffic WHERE epoch NOT IN (SELECT id FROM epochs);"
      "PRAGMA incremental_vacuum;");
}

StoreResult<> SqliteStore::trim(const StoreLimits& limits, WallTime now) {
  const auto trimmed = [&]() -> SqlResult<> {
    if (const auto done = limit(limits.bytes_max); !done) return done;
    if (const auto done = remove_older_than(now - limits.age_max); !done) return done;
    // Some room, so that not every batch has to make its own.
    const auto goal = static_cast<std::int64_t>(limits.bytes_max - limits.bytes_max / 8);
    for (int step = 0; step < kTrimStepsMax; ++step) {
      const auto used = used_bytes();
      if (!used) return tl::unexpected(used.error());
      if (*used <= goal) break;
      if (const auto done = remove_oldest(); !done) return done;
      if (const auto done = remove_what_is_empty(); !done) return done;
    }
    return remove_what_is_empty();
  }();
  return stored(trimmed);
}

StoreResult<std::vector<EpochRecord>> SqliteStore::records(const RecordQuery& query) {
  const std::int64_t first_hour = query.since ? hour_of(*query.since) : 0;
  return stored(read_records(database_, query, first_hour));
}

StoreResult<std::vector<StoredDifference>> SqliteStore::read_differences(Statement& statement) {
  std::vector<StoredDifference> all;
  for (;;) {
    const auto row = statement.step();
    if (!row) return tl::unexpected(store_error(row.error()));
    if (!*row) return all;
    StoredDifference& one = all.emplace_back();
    one.id = statement.number(0);
    one.migration = statement.text(1);
    one.epoch = statement.text(2);
    one.endpoint = statement.text(3);
    one.place = statement.text(4);
    one.kind = kind_of(statement.text(5)).value_or(Kind::value);
    one.sample = {WallTime{} + std::chrono::microseconds(statement.number(6)),
                  statement.text(7),
                  statement.text(8),
                  statement.text(9),
                  statement.text(10),
                  statement.text(11),
                  std::chrono::microseconds(statement.number(12)),
                  statement.text(14),
                  statement.text(15)};
    one.verdict = verdict_of(statement.text(13)).value_or(Verdict::mismatch);
  }
}

StoreResult<std::vector<StoredDifference>> SqliteStore::differences(const DifferenceQuery& query) {
  std::string sql(kDifferenceColumns);
  sql += "WHERE s.id < ?1";
  if (query.migration) sql += " AND e.migration = ?2";
  if (query.endpoint) sql += " AND n.name = ?3";
  sql += " ORDER BY s.id DESC LIMIT ?4";
  auto statement = database_.prepare(sql);
  if (!statement) return tl::unexpected(store_error(statement.error()));
  statement->bind(1, query.before.value_or(std::numeric_limits<std::int64_t>::max()))
      .bind(4, static_cast<std::int64_t>(query.count_max));
  if (query.migration) statement->bind(2, *query.migration);
  if (query.endpoint) statement->bind(3, *query.endpoint);
  return read_differences(*statement);
}

StoreResult<std::optional<StoredDifference>> SqliteStore::difference(std::int64_t id) {
  auto statement = database_.prepare(std::string(kDifferenceColumns) + "WHERE s.id = ?1");
  if (!statement) return tl::unexpected(store_error(statement.error()));
  statement->bind(1, id);
  auto found = read_differences(*statement);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return std::optional<StoredDifference>{};
  return std::optional<StoredDifference>(std::move(found->front()));
}

std::uint64_t SqliteStore::bytes() const { return file_bytes(path_) + file_bytes(path_ + "-wal"); }

}  // namespace banyan::shadow
