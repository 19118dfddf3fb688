// shadow/store/record_writer.h: records into the tables of the store, and back.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "shadow/store/record.h"
#include "shadow/store/sqlite.h"

namespace banyan::shadow {

// In the table of traffic, beside the words of what was skipped.
inline constexpr std::string_view kSeen = "seen";
inline constexpr std::string_view kMismatchAfterWrite = "mismatch_after_write";

// Words as the database has them; one of a later version gives nothing.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view word);
[[nodiscard]] std::optional<Verdict> verdict_of(std::string_view word);

// For one transaction of one database, which outlives it.
class RecordWriter {
 public:
  [[nodiscard]] static SqlResult<RecordWriter> on(Database& database, std::int64_t hour);
  [[nodiscard]] SqlResult<> add(const EpochRecord& record);

 private:
  RecordWriter(Database& database, std::int64_t hour) : database_(database), hour_(hour) {}
  [[nodiscard]] SqlResult<> prepare();
  [[nodiscard]] SqlResult<> add_endpoint(std::int64_t epoch, const EpochRecord::Endpoint& endpoint);
  [[nodiscard]] SqlResult<> add_place(std::int64_t endpoint, const EpochRecord::Place& place);
  [[nodiscard]] SqlResult<> add_traffic(std::int64_t epoch, const EpochRecord& record);
  [[nodiscard]] SqlResult<> add_tally(std::int64_t endpoint, const Tally& tally);
  [[nodiscard]] SqlResult<> add_latency(std::int64_t endpoint, Arm arm, const Histogram& counts);
  // Of a table with the columns owner, hour, served_by, a word and a count.
  [[nodiscard]] SqlResult<> add_count(Statement& insert, std::int64_t owner, Arm arm,
                                      std::string_view word, std::uint64_t count);
  // The row that `insert` made or that was there; the parameters of both are bound.
  [[nodiscard]] SqlResult<std::int64_t> row_of(Statement& insert, Statement& find);

  Database& database_;
  std::int64_t hour_;
  Statement insert_epoch_, find_epoch_, insert_endpoint_, find_endpoint_, insert_place_,
      find_place_, add_verdict_, add_place_count_, add_sample_, set_readiness_, add_traffic_,
      add_key_, see_place_, add_reason_, add_mismatch_, find_latency_, set_latency_;
};

// Whole epochs, each with its endpoints, places and samples; counts from `first_hour` on.
[[nodiscard]] SqlResult<std::vector<EpochRecord>> read_records(Database& database,
                                                               const RecordQuery& query,
                                                               std::int64_t first_hour);

}  // namespace banyan::shadow
