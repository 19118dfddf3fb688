// shadow/difference_table.h: what comparisons found, counted and kept within bounds.
//
// Counted by migration, direction, endpoint, path and kind. A path that carries data (an id, an
// index) is folded, and where there are still too many endpoints or paths the rest is counted
// under kOther: nothing that traffic sends can make this grow. Thread-safe: comparison threads
// add, the control thread reads; never touched by a worker except for settle().
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "base/time.h"
#include "shadow/diff/comparison.h"

namespace banyan::shadow {

inline constexpr std::string_view kOther = "(other)";

struct TableLimits {
  std::size_t endpoints_max = 200;  // of one migration
  std::size_t places_max = 500;     // path and kind, of one endpoint
  std::size_t samples_max = 5;      // of one place
};

// What to hide in samples. Names are compared without case.
struct Redaction {
  std::vector<std::string> names = {"password", "passwd", "secret", "token", "code", "sig",
                                    "api_key"};
};

// `/orders/42/items/9f8c…` -> `/orders/{id}/items/{id}`: digits, UUIDs, long hex, long mixed tokens.
[[nodiscard]] std::string folded_endpoint(std::string_view method, std::string_view target);
// `$.items[17].price` -> `$.items[*].price`.
[[nodiscard]] std::string folded_path(std::string_view path);

struct Sample {
  WallTime at;
  std::string method;
  std::string target;  // redacted
  std::string path;    // unfolded
  std::string left;    // redacted
  std::string right;
};

struct Place {
  std::string path;  // folded
  Kind kind = Kind::value;
  std::uint64_t count = 0;
  std::vector<Sample> samples;
};

using VerdictCounts = std::array<std::uint64_t, kVerdictCount>;

struct EndpointReport {
  std::string endpoint;
  VerdictCounts verdicts{};
  std::vector<Place> places;  // most frequent first
};

struct MigrationReport {
  std::string migration;
  std::string epoch;
  WallTime since;
  VerdictCounts to_monolith{};  // by direction of the shadow
  VerdictCounts to_legacy{};
  std::vector<EndpointReport> endpoints;  // most mismatches first
};

class DifferenceTable {
 public:
  explicit DifferenceTable(TableLimits limits = {}, Redaction redaction = {});

  // `epoch`: a change starts the migration's count afresh.
  void add(std::string_view migration, std::string_view epoch, const CapturedPair& pair,
           const Comparison& comparison);
  // A plainly equal pair, settled without a comparison.
  void settle(std::string_view migration, std::string_view epoch, std::string_view method,
              std::string_view target, Arm primary, std::uint64_t count = 1);
  // Empty `migrations`: all, in the order of their names.
  [[nodiscard]] std::vector<MigrationReport> report(
      const std::vector<std::string>& migrations = {}) const;

 private:
  struct PlaceCount {
    std::uint64_t count = 0;
    std::vector<Sample> samples;
  };
  struct Endpoint {
    VerdictCounts verdicts{};
    std::map<std::pair<std::string, Kind>, PlaceCount> places;
  };
  struct Migration {
    std::string epoch;
    WallTime since;
    VerdictCounts to_monolith{};
    VerdictCounts to_legacy{};
    std::map<std::string, Endpoint, std::less<>> endpoints;
  };
  Migration& migration_of(std::string_view name, std::string_view epoch, WallTime now);
  Endpoint& endpoint_of(Migration& migration, const std::string& name);

  const TableLimits limits_;
  const Redaction redaction_;
  mutable std::mutex mutex_;
  std::map<std::string, Migration, std::less<>> migrations_;
};

}  // namespace banyan::shadow
