// What of a ramp does less than it seems.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/control/ramps.h"

namespace banyan::control {
namespace {

// Empty: it may become ready at 0 %.
std::string never_ready(const config::Migration& gate) {
  if (!gate.shadow) return "has no shadow";
  const bool to_monolith = gate.readiness.shadow == Arm::monolith;
  if (!(to_monolith ? gate.shadow->to_monolith : gate.shadow->to_legacy)) {
    return "has no shadow in readiness.direction";
  }
  return to_monolith ? "" : "has readiness.direction to_legacy, where nothing comes at 0 %";
}

// What a ramp does with what else is said of its flag. Empty: nothing else is. That a file says 0 %
// may be a rollback, which it is not; under `flags` it is where a ramp begins.
std::string outranked(const FlagView& view) {
  if (!view.ramp) return {};
  if (view.is_disabled()) {
    return fmt::format("flag {}: is DISABLED in {}, so its ramp stays at 0 % until it is enabled",
                       view.name, view.said_in());
  }
  const bool says_something = view.has_targeting() || (view.configured && !view.source.empty()) ||
                              view.configured.value_or(routing::kNobody) != routing::kNobody;
  if (!says_something) return {};
  return fmt::format("flag {}: has a ramp, so the {} of {} counts for nothing", view.name,
                     view.has_targeting()
                         ? "targeting"
                         : fmt::format("{} %", view.configured->millipercent / 1000.0),
                     view.said_in());
}

const config::Migration* migration_named(const config::Snapshot& snapshot,
                                         const std::string& name) {
  for (const config::Migration& m : snapshot.migrations) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> warnings_of(const std::vector<Ramp>& ramps,
                                     const std::vector<FlagView>& views,
                                     const config::Snapshot& snapshot) {
  std::vector<std::string> texts;
  for (const Ramp& ramp : ramps) {
    for (const RampGate& gate : ramp.gates) {
      const config::Migration* const migration = migration_named(snapshot, gate.migration);
      const std::string why = migration == nullptr ? "" : never_ready(*migration);
      if (why.empty()) continue;
      texts.push_back(fmt::format(
          "migration {}: {}: it does not become ready, and the ramp of its flag {} begins only by "
          "`banyan ramp skip`",
          gate.migration, why, ramp.flag));
    }
  }
  for (const FlagView& view : views) {
    if (std::string text = outranked(view); !text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> joined(const std::vector<Ramp>& before, const std::vector<Ramp>& now) {
  std::vector<std::string> texts;
  for (const Ramp& ramp : now) {
    const auto was = std::find_if(before.begin(), before.end(),
                                  [&](const Ramp& r) { return r.flag == ramp.flag; });
    if (was == before.end() || ramp.state.at == routing::kNobody) continue;
    for (const RampGate& gate : ramp.gates) {
      const bool is_new =
          std::none_of(was->gates.begin(), was->gates.end(),
                       [&](const RampGate& g) { return g.migration == gate.migration; });
      if (!is_new) continue;
      texts.push_back(fmt::format(
          "migration {}: joins the flag {} while its ramp is at {} %: the monolith serves as many "
          "of its users at once, before anything is known of it; a flag of its own begins at 0 %",
          gate.migration, ramp.flag, ramp.state.at.millipercent / 1000.0));
    }
  }
  return texts;
}

}  // namespace banyan::control
