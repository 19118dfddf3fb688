// shadow/difference_table.h: what comparisons found, counted and kept within bounds.
//
// Counted by migration, direction, endpoint, path, kind and verdict. A path that carries data (an
// id, an index) is folded, and where there are still too many endpoints or paths the rest is
// counted under kOther: nothing that traffic sends can make this grow. Thread-safe: comparison
// threads add, the control thread reads; never touched by a worker except for settle().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "base/time.h"
#include "shadow/diff/comparison.h"
#include "shadow/migration_report.h"
#include "shadow/redaction.h"
#include "shadow/sample.h"
#include "shadow/store/record.h"
#include "shadow/tally.h"

namespace banyan::shadow {

struct TableLimits {
  std::size_t endpoints_max = 200;  // of one migration
  std::size_t places_max = 500;     // path and kind, of one endpoint
  std::size_t samples_max = 5;      // of one place
  // Paths and samples of one migration. Beyond it new places are kOther, and have no samples.
  std::size_t bytes_max = std::size_t{4} << 20;
  // Bodies of samples of one migration, on top. Beyond it samples have none.
  std::size_t bodies_max = std::size_t{4} << 20;
  // Epochs that ended before their last pairs were taken by take_unsaved().
  std::size_t ended_max = 64;
};

// `GET`, `/orders/42/items/9f8c…?page=2` -> `GET /orders/{id}/items/{id}`: digits, UUIDs, long hex,
// long mixed tokens. Of bounded length.
[[nodiscard]] std::string folded_endpoint(std::string_view method, std::string_view target);
// The pair's own, where it has one; folded else.
[[nodiscard]] std::string endpoint_name(const CapturedPair& pair);
// `$.items[17].price` -> `$.items[*].price`, `$.versions['1.0.2'].dist` -> `$.versions.*.dist`: a
// PathPattern, unless the path was cut.
[[nodiscard]] std::string folded_path(std::string_view path);

// The span over which verdicts are counted: it ends when its name or the rules change.
struct Epoch {
  Epoch(std::string_view shown, std::uint64_t rules_hash = 0, std::uint64_t load = 0)
      : name(shown), rules(rules_hash), generation(load) {}
  Epoch(const std::string& shown) : name(shown) {}
  Epoch(const char* shown) : name(shown) {}

  std::string_view name;         // what the configuration calls it
  std::uint64_t rules = 0;       // of `compare`
  std::uint64_t generation = 0;  // a pair of an older load does not end a newer epoch
};

class DifferenceTable {
 public:
  explicit DifferenceTable(TableLimits limits = {}, Redaction redaction = {});

  // Another epoch starts the migration's count afresh; a straggler of an older one is left out.
  void add(std::string_view migration, const Epoch& epoch, const CapturedPair& pair,
           const Comparison& comparison);
  // Exchanges that came by since the last time, by the arm that served them.
  void add_traffic(std::string_view migration, const Epoch& epoch, const ByArm<Traffic>& traffic,
                   WallTime now);
  // Plainly equal pairs, settled without a comparison. `at`: when, as far as it is known.
  void settle(std::string_view migration, const Epoch& epoch, std::string_view method,
              std::string_view target, Arm primary, std::uint64_t count = 1, WallTime at = {});
  // The migration's count begins anew, as with another epoch.
  void reset(const std::string& migration, WallTime now);
  // What comes from now on is of this epoch. The count of another one ends here, before anything is
  // added, and stragglers of it are left out.
  void take_up(std::string_view migration, const Epoch& epoch);
  // For what is added from now on.
  void configure(std::size_t samples_max, Redaction redaction, Keeps keeps = Keeps::values);
  // Before shapes are kept.
  void hash_with(KeyedHash hash);
  // By migration.
  void configure(std::map<std::string, ReadinessSettings, std::less<>> settings);

  // From now on take_unsaved() is called.
  void track_unsaved();
  // `told` is called when something is unsaved that was not, under the table's lock; it is short.
  // Empty: nobody is told any more.
  void tell_unsaved(std::function<void()> told);
  // What was added since the last call, and epochs that a reset began. `superseded`: pairs that
  // were given up meanwhile.
  [[nodiscard]] std::vector<EpochRecord> take_unsaved(std::uint64_t& superseded);
  // What was saved before, of a migration that nothing was added to yet. Records of one epoch add
  // up.
  void restore(const EpochRecord& record);

  // Empty `migrations`: all, in the order of their names. Otherwise those, in that order, also
  // where nothing was counted yet. Each is copied under the lock by itself.
  [[nodiscard]] std::vector<MigrationReport> report(
      const std::vector<std::string>& migrations = {}) const;
  // Of all migrations that were counted, in their order.
  [[nodiscard]] std::vector<std::string> names() const;
  // What judge() needs and no more: without places and samples.
  [[nodiscard]] MigrationReport counts(const std::string& migration) const;

  // What counts_in_step() tells counts from now on; another epoch counts from its own beginning.
  void begin_step(const std::string& migration);
  // As counts(), of what came since begin_step(), or of all. Without latencies and reasons.
  [[nodiscard]] MigrationReport counts_in_step(const std::string& migration) const;

 private:
  struct PlaceCount {
    std::uint64_t count = 0;
    std::uint64_t count_saved = 0;
    std::vector<Sample> samples;
    std::size_t samples_saved = 0;
    WallTime first_seen{};
    WallTime last_seen{};
  };
  struct PlaceKey {
    std::string path;
    Kind kind;
    Verdict verdict;
    friend auto operator<=>(const PlaceKey&, const PlaceKey&) = default;
  };
  struct Endpoint {
    Tally all;
    Tally unsaved;
    bool is_unsaved = false;
    std::map<PlaceKey, PlaceCount> places;
  };
  struct Direction {
    Traffic traffic;
    Traffic traffic_unsaved;
    DistinctKeys keys;
    DistinctKeys keys_unsaved;
    DistinctKeys keys_before_step;  // not in `keys`
  };
  // What had been counted when a step of a ramp began.
  struct Step {
    struct Counted {
      ByArm<VerdictCounts> verdicts{};
      std::map<PlaceSet, ByArm<std::uint64_t>> mismatches;
    };
    std::map<std::string, Counted, std::less<>> endpoints;
    ByArm<Traffic> traffic;
  };
  struct Migration {
    std::string epoch;
    std::uint64_t rules = 0;
    std::uint64_t generation = 0;
    WallTime since;
    std::map<std::string, Endpoint, std::less<>> endpoints;
    ByArm<Direction> directions;  // by the arm that served the user
    std::size_t bytes = 0;        // of TableLimits::bytes_max
    std::size_t body_bytes = 0;   // of TableLimits::bodies_max
    std::optional<Step> step;
    bool begun_unsaved = false;  // it was reset, which has to be saved even if nothing follows
  };
  // nullptr: a straggler.
  Migration* migration_of(std::string_view name, const Epoch& epoch, WallTime now);
  Endpoint& endpoint_of(Migration& migration, const std::string& name);
  PlaceCount& place_of(Migration& migration, Endpoint& endpoint, PlaceKey key);
  // The place that it was counted at.
  PlaceName add_difference(Migration& migration, Endpoint& endpoint, const CapturedPair& pair,
                           const Difference& difference, PairSamples& samples);
  void count(Endpoint& endpoint, const Tally& tally);
  // Each once and in order; empty where there is no room for them.
  [[nodiscard]] PlaceSet admitted(Migration& migration, const Endpoint& endpoint,
                                  PlaceSet places) const;
  static void count_key(Direction& direction, const CapturedPair& pair);
  void keep_bodies(const Migration& migration, const CapturedPair& pair, Sample& sample) const;
  [[nodiscard]] bool has_room(const Migration& migration, const PlaceCount& place) const;
  void add_sample(Migration& migration, PlaceCount& place, Sample sample) const;
  void end_epoch(std::string_view name, Migration& migration);
  void has_something_unsaved();
  [[nodiscard]] EpochRecord take_unsaved_of(std::string_view name, Migration& migration) const;
  [[nodiscard]] ReadinessSettings settings_of(std::string_view name) const;
  enum class Part : std::uint8_t { whole, counts, step };
  [[nodiscard]] MigrationReport report_of(const std::string& name, Part part) const;
  static void take_off_before_step(const Migration& migration, MigrationReport& report);

  mutable std::mutex mutex_;
  TableLimits limits_;
  Redaction redaction_;
  Keeps keeps_ = Keeps::values;
  KeyedHash hash_;
  bool tracks_ = false;
  bool has_unsaved_ = false;  // since the last take_unsaved()
  std::function<void()> on_unsaved_;
  std::vector<EpochRecord> ended_;  // with what was unsaved of them
  std::uint64_t superseded_ = 0;
  std::map<std::string, Migration, std::less<>> migrations_;
  std::map<std::string, ReadinessSettings, std::less<>> settings_;
};

}  // namespace banyan::shadow
