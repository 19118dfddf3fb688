// shadow/store/record.h: what passes between the table in memory and the store on disk. Values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/arm.h"
#include "base/time.h"
#include "shadow/diff/comparison.h"
#include "shadow/readiness.h"
#include "shadow/tally.h"

namespace banyan::shadow {

struct Sample {
  WallTime at;
  std::string method;
  std::string target;  // redacted
  std::string path;    // unfolded
  std::string left;    // redacted
  std::string right;
  std::chrono::microseconds skew{0};  // how much later than legacy the monolith was asked
  // Whole and redacted, where `store.bodies` keeps them; of one sample of each pair.
  std::string left_body = {};
  std::string right_body = {};
};

[[nodiscard]] inline Arm asked_first(const Sample& sample) {
  return sample.skew.count() < 0 ? Arm::monolith : Arm::legacy;
}

// A part of one epoch's counts: what came since the last time, or all of it.
struct EpochRecord {
  struct Place {
    std::string path;  // folded
    Kind kind = Kind::value;
    std::uint64_t count = 0;
    std::vector<Sample> samples;
    Verdict verdict = Verdict::mismatch;
    WallTime first_seen{};
    WallTime last_seen{};
  };
  struct Endpoint : Tally {
    std::string name;  // folded
    std::vector<Place> places;
  };
  std::string migration;
  std::string epoch;
  std::uint64_t rules = 0;  // of `compare`
  WallTime since;           // with the migration, what tells one epoch from another
  std::vector<Endpoint> endpoints;
  ByArm<Traffic> traffic{};    // by the arm that served the user
  ByArm<DistinctKeys> keys{};  // of pairs that were compared; by the same
  ReadinessSettings settings{};

  [[nodiscard]] bool empty() const {
    return endpoints.empty() && traffic[0].empty() && traffic[1].empty();
  }
  [[nodiscard]] std::uint64_t pairs() const {
    std::uint64_t sum = 0;
    for (const Endpoint& endpoint : endpoints) {
      for (const VerdictCounts& counts : endpoint.verdicts) sum += pairs_of(counts);
    }
    return sum;
  }
};

// One sample as the store has it.
struct StoredDifference {
  std::int64_t id = 0;
  std::string migration;
  std::string epoch;
  std::string endpoint;
  std::string place;  // the folded path
  Kind kind = Kind::value;
  Verdict verdict = Verdict::mismatch;
  Sample sample;
};

struct RecordQuery {
  std::vector<std::string> migrations;  // none: all
  std::optional<std::string> epoch;     // the latest of that name; nothing: the latest of all
  std::optional<WallTime> since;        // rounded down to the hour, for verdicts and counts
};

struct DifferenceQuery {
  std::optional<std::string> migration;
  std::optional<std::string> endpoint;
  std::optional<std::int64_t> before;  // a cursor: only ids below it
  std::size_t count_max = 100;
};

}  // namespace banyan::shadow
