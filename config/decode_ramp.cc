#include "config/decode_ramp.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace banyan::config {
namespace {

using routing::RampSettings;

constexpr Range kSteps{1, routing::kRampStepsMax};
constexpr Range kHold{1, static_cast<std::uint64_t>(routing::kRampHoldMax.count())};

// A step that is wrong by itself is no measure for the next one.
void decode_steps(const Cursor& cursor, RampSettings& out) {
  if (!check_sequence(cursor, kSteps)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    routing::Share share;
    if (!read_percent(item, share.millipercent)) continue;
    const std::uint32_t before = out.steps.empty() ? 0 : out.steps.back().millipercent;
    if (share.millipercent > before) {
      out.steps.push_back(share);
    } else {
      item.fail(before == 0 ? "a ramp begins at 0 by itself: must be above 0"
                            : "must be above the step before it");
    }
  }
}

constexpr std::array kRampKeys{
    Key<RampSettings>{"steps", decode_steps, Need::required},
    Key<RampSettings>{"hold", duration<&RampSettings::hold, kHold>},
};

std::string_view flag_of(const DraftMigration& migration) {
  return migration.flag.text.empty() ? migration.name.text : migration.flag.text;
}

}  // namespace

void decode_ramp(const Cursor& cursor, DraftMigration& out) {
  RampSettings ramp;
  if (!decode_block<RampSettings>(cursor, ramp, kRampKeys)) return;
  out.ramp = {cursor.node.at, cursor.path};
  out.migration.ramp = std::move(ramp);
}

void list_ramp_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kRampKeys>(prefix, paths);
}

void check_ramps(const Draft& draft, Problems& problems) {
  std::map<std::string_view, const DraftMigration*> by_flag;
  for (const DraftMigration& m : draft.migrations) {
    if (!m.ramp.given() || flag_of(m).empty()) continue;
    const auto [first, is_new] = by_flag.try_emplace(flag_of(m), &m);
    if (is_new) continue;
    problems.add(m.ramp.at, m.ramp.path,
                 fmt::format("the flag {} has a ramp already: {}", quoted(flag_of(m)),
                             first->second->ramp.path));
  }
}

}  // namespace banyan::config
