// shadow/migration_report.h: what a report says of one migration. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "shadow/diff/comparison.h"
#include "shadow/readiness.h"
#include "shadow/store/record.h"
#include "shadow/tally.h"
#include "shadow/waiver.h"

namespace banyan::shadow {

struct Place {
  std::string path;  // folded
  Kind kind = Kind::value;
  std::uint64_t count = 0;
  std::vector<Sample> samples;
  Verdict verdict = Verdict::mismatch;  // or noise, transient
  WallTime first_seen{};                // the clock's zero: not known
  WallTime last_seen{};
  // By judge(): into the migration's waivers; that one is in force, or was.
  std::optional<std::size_t> waiver = {};
  bool is_waived = false;
};

struct EndpointReport {
  std::string endpoint;
  VerdictCounts verdicts{};   // of both directions
  std::vector<Place> places;  // mismatches first, of these the most frequent
  Tally tally{};
  // By judge(): mismatches that no waiver covers, by the arm that served the user.
  ByArm<std::uint64_t> unwaived{};
  Judgement judgement{};
};

struct MigrationReport {
  std::string migration;
  std::string epoch;
  WallTime since;               // of the first pair of the epoch; the clock's zero: not known
  VerdictCounts to_monolith{};  // by direction of the shadow
  VerdictCounts to_legacy{};
  std::vector<EndpointReport> endpoints;  // most mismatches first
  ByArm<Traffic> traffic{};               // by the arm that served the user
  ByArm<DistinctKeys> keys{};             // the same
  ReadinessSettings settings{};
  std::vector<Waiver> waivers = {};
  Judgement judgement{};  // by judge()
};

}  // namespace banyan::shadow
