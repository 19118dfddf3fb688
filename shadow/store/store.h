// shadow/store/store.h: where differences and verdict counts outlive the process.
//
// Every call may wait for the disk: only for the store's own thread (store_thread.h), the start and
// the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "shadow/store/record.h"

namespace banyan::shadow {

struct StoreLimits {
  std::uint64_t bytes_max = std::uint64_t{256} << 20;
  std::chrono::milliseconds age_max{std::chrono::hours(24 * 14)};
};

struct StoreError {
  enum class Kind : std::uint8_t { corrupt, full, other };
  Kind kind = Kind::other;
  std::string text;  // for people
};
template <class T = void>
using StoreResult = Result<T, StoreError>;

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // All of it, or nothing of it; committed when it returns. `now` says under which hour it counts.
  [[nodiscard]] virtual StoreResult<> add(const std::vector<EpochRecord>& records,
                                          WallTime now) = 0;
  // Takes out what is too old, then the oldest while there is too much.
  [[nodiscard]] virtual StoreResult<> trim(const StoreLimits& limits, WallTime now) = 0;

  [[nodiscard]] virtual StoreResult<std::vector<EpochRecord>> records(const RecordQuery& query) = 0;
  // Youngest first.
  [[nodiscard]] virtual StoreResult<std::vector<StoredDifference>> differences(
      const DifferenceQuery& query) = 0;
  [[nodiscard]] virtual StoreResult<std::optional<StoredDifference>> difference(
      std::int64_t id) = 0;
  // On the disk, with what is not yet folded in.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

}  // namespace banyan::shadow
