// shadow/store/sqlite_store.h: the store in one SQLite file, in WAL mode.
//
//   epochs -> traffic (by hour), keys
//          -> endpoints -> verdicts, reasons, mismatches, latencies (by hour)
//                       -> places -> place_counts (by hour), samples
//
// What add() has returned survives a kill of the process at any moment; a crash of the machine may
// lose the last moments, and nothing else. The schema's version stands in user_version.
#pragma once

#include <memory>

#include "shadow/store/sqlite.h"
#include "shadow/store/store.h"

namespace banyan::shadow {

inline constexpr std::int64_t kSchemaVersion = 3;

class SqliteStore final : public Store {
 public:
  // Made where there is none. Corrupt: no database, or one that contradicts itself. Other: also a
  // schema of a later version, which is left alone.
  [[nodiscard]] static StoreResult<std::unique_ptr<SqliteStore>> open(const std::string& path);
  // Of a stopped or a running process; changes nothing.
  [[nodiscard]] static StoreResult<std::unique_ptr<SqliteStore>> open_to_read(
      const std::string& path);
  // Gives the file and what belongs to it other names; the first of them is returned.
  [[nodiscard]] static Result<std::string, std::string> move_aside(const std::string& path);

  [[nodiscard]] StoreResult<> add(const std::vector<EpochRecord>& records, WallTime now) override;
  [[nodiscard]] StoreResult<> trim(const StoreLimits& limits, WallTime now) override;
  [[nodiscard]] StoreResult<std::vector<EpochRecord>> records(const RecordQuery& query) override;
  [[nodiscard]] StoreResult<std::vector<StoredDifference>> differences(
      const DifferenceQuery& query) override;
  [[nodiscard]] StoreResult<std::optional<StoredDifference>> difference(std::int64_t id) override;
  [[nodiscard]] std::uint64_t bytes() const override;

 private:
  SqliteStore(std::string path, Database database);
  [[nodiscard]] SqlResult<> set_up();
  [[nodiscard]] SqlResult<> limit(std::uint64_t bytes_max);
  [[nodiscard]] SqlResult<std::int64_t> used_bytes();
  [[nodiscard]] SqlResult<> remove_older_than(WallTime moment);
  [[nodiscard]] SqlResult<> remove_oldest();
  [[nodiscard]] SqlResult<> remove_what_is_empty();
  [[nodiscard]] StoreResult<std::vector<StoredDifference>> read_differences(Statement& statement);

  std::string path_;
  Database database_;
  std::uint64_t bytes_max_ = 0;
};

}  // namespace banyan::shadow
