#include "config/decode_readiness.h"

#include <array>

namespace banyan::config {
namespace {

using shadow::ReadinessSettings;

constexpr std::uint32_t kRateMax = 50'000;  // thousandths of a percent
constexpr Range kCompared{0, 1'000'000'000};
constexpr Range kKeys{0, 10'000'000};

void decode_rate(const Cursor& cursor, ReadinessSettings& out) {
  std::uint32_t rate = 0;
  if (!read_percent(cursor, rate)) return;
  if (rate == 0 || rate > kRateMax) {
    // No number of requests can show that a rate is 0.
    return cursor.fail("must be at least 0.001 and at most 50");
  }
  out.max_mismatch_rate = rate;
}

void decode_coverage(const Cursor& cursor, ReadinessSettings& out) {
  read_percent(cursor, out.min_coverage);
}

void decode_direction(const Cursor& cursor, ReadinessSettings& out) {
  constexpr std::array<std::string_view, 2> kWords{"to_monolith", "to_legacy"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.shadow = word == "to_legacy" ? Arm::legacy : Arm::monolith;
}

constexpr std::array kReadinessKeys{
    Key<ReadinessSettings>{"max_mismatch_rate", decode_rate},
    Key<ReadinessSettings>{"min_compared", count<&ReadinessSettings::min_compared, kCompared>},
    Key<ReadinessSettings>{"min_keys", count<&ReadinessSettings::min_keys, kKeys>},
    Key<ReadinessSettings>{"min_coverage", decode_coverage},
    Key<ReadinessSettings>{"direction", decode_direction},
};

}  // namespace

void decode_readiness(const Cursor& cursor, DraftMigration& out) {
  decode_block<ReadinessSettings>(cursor, out.migration.readiness, kReadinessKeys);
}

void list_readiness_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kReadinessKeys>(prefix, paths);
}

}  // namespace banyan::config
