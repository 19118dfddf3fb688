// shadow/readiness.h: from counts to whether a migration may go on. Pure, and a function of counts
// alone: those of several processes, added up, give the answer for all.
//
// One direction counts: reads differ after writes that only one arm got. An endpoint is judged by a
// test that stays valid although it is looked at all the time (base/sequential_test.h), with
// kAlpha shared over the endpoints; the migration by the same test over all its pairs, and by its
// endpoints: one that is not ready, or that nothing is known of, is not outweighed by others.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "base/readiness.h"
#include "base/time.h"

namespace banyan::shadow {

struct MigrationReport;

// `readiness` of a migration.
struct ReadinessSettings {
  std::uint32_t max_mismatch_rate = 100;  // thousandths of a percent, above 0
  std::uint32_t min_coverage = 95'000;    // the same
  std::uint64_t min_compared = 3'000;     // of the migration
  std::uint64_t min_keys = 100;           // 0: they are not asked for
  Arm shadow = Arm::monolith;             // of the direction that counts
  friend bool operator==(const ReadinessSettings&, const ReadinessSettings&) = default;
};
// Of two processes that differ: what asks for more.
[[nodiscard]] ReadinessSettings stricter(const ReadinessSettings& a, const ReadinessSettings& b);

inline constexpr double kAlpha = 0.05;

// What keeps something from being ready.
enum class Lack : std::uint8_t {
  mismatch_rate,          // is above the goal
  endpoint_not_ready,     // one of the migration's
  too_few_compared,       // to say that the rate is below the goal, or below min_compared
  low_coverage,           // less of what was drawn was compared than min_coverage
  too_few_keys,           // below min_keys
  endpoint_inconclusive,  // one of the migration's
};
[[nodiscard]] std::string_view to_string(Lack lack);

// In the direction that counts.
struct Judgement {
  Readiness state = Readiness::inconclusive;
  std::vector<Lack> lacks;  // none where it is ready
  std::uint64_t sampled = 0;
  std::uint64_t compared = 0;
  std::uint64_t mismatch = 0;  // pairs that differ where no waiver in force covers it
  std::uint64_t waived = 0;    // pairs that differ only where one does
  double lower = 0;            // of the mismatch rate, at every look
  double upper = 1;
  double single_look_upper = 1;  // Clopper-Pearson, 95 %
  // Pairs without a mismatch that the rate and min_compared still need; nothing: out of reach.
  std::optional<std::uint64_t> more_clean;
  // An endpoint that a waiver of kind too_little_traffic lets pass without them.
  bool waived_for_traffic = false;

  [[nodiscard]] bool is_judged() const { return sampled > 0; }
};

// Fills in what the counts, the settings and the waivers of each migration say: its judgement and
// those of its endpoints, and of each place the waiver that covers it.
void judge(std::vector<MigrationReport>& reports, WallTime now);

}  // namespace banyan::shadow
