// proxy/control/flag_view.h: which value of a flag holds, and which it outranks. Pure.
//
//   value set at run time  >  `flags` of the configuration  >  0 %
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/control/run_time_flags.h"
#include "routing/slots.h"

namespace banyan::control {

struct FlagView {
  std::string name;
  routing::Share share;
  routing::FlagOrigin origin = routing::FlagOrigin::none;
  std::optional<routing::Share> configured;
  std::optional<RunTimeFlag> run_time;
  std::vector<std::string> migrations;  // that follow it
  // A run-time value outranks a configured one that says something else.
  [[nodiscard]] bool overridden() const {
    return run_time && run_time->share != configured.value_or(routing::kNobody);
  }
};

// The flags of `snapshot`: those under `flags`, and those that its migrations follow. By name.
[[nodiscard]] std::vector<FlagView> flag_views(const config::Snapshot& snapshot,
                                               const RunTimeFlags& run_time);

// What workers read. Flags that the configuration no longer has stay in it at 0 %.
[[nodiscard]] std::shared_ptr<const routing::FlagTable> flag_table(
    const std::vector<FlagView>& views, routing::Slots& slots, std::uint64_t revision);

}  // namespace banyan::control
