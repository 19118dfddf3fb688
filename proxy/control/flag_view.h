// proxy/control/flag_view.h: which value of a flag holds, and which it outranks. Pure.
//
//   value set at run time > disabled > ramp > flag sources, the last first > `flags` > 0 %
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/flag_file.h"
#include "config/snapshot.h"
#include "proxy/control/run_time_flags.h"
#include "routing/slots.h"

namespace banyan::control {

// What one source says.
struct SourceContent {
  std::string file;
  // nullptr: it can not be read and never could. What it may say outranks what stands below it, so
  // everybody is on legacy then.
  std::shared_ptr<const config::FlagFile> flags;
};
using SourceContents = std::vector<SourceContent>;  // in the order of the configuration

struct FlagView {
  std::string name;
  routing::Share share;  // of a rule: of those whom none of its conditions catches
  routing::FlagOrigin origin = routing::FlagOrigin::none;
  // Of the sources or the configuration, without what was set at run time.
  std::optional<routing::Share> configured;
  config::FlagDefinitionPtr definition;  // where `configured` is one
  std::string source;                    // the file that says it, where it is one
  bool source_unknown = false;           // nothing is known of that file
  std::optional<routing::Share> ramp;    // where it is; by apply_ramps()
  std::optional<RunTimeFlag> run_time;
  std::vector<std::string> migrations;  // that follow it

  [[nodiscard]] bool has_targeting() const { return definition && definition->targeting; }
  // By its definition: at 0 %, whatever a ramp says.
  [[nodiscard]] bool is_disabled() const { return definition && !definition->enabled; }
  // What says so: the file, or "`flags`"; empty where it is not.
  [[nodiscard]] std::string disabled_in() const { return is_disabled() ? said_in() : ""; }
  // Where the configured value stands.
  [[nodiscard]] std::string said_in() const { return source.empty() ? "`flags`" : source; }
  // The definition decides, by its variants and its rule, and nothing outranks it.
  [[nodiscard]] bool is_by_definition() const {
    return definition && !run_time && (!ramp || is_disabled());
  }
  // A rule decides, not the share alone.
  [[nodiscard]] bool is_by_rule() const {
    return is_by_definition() && has_targeting() && !is_disabled();
  }
  // A run-time value outranks a ramp or a configured value that says something else.
  [[nodiscard]] bool overridden() const {
    if (run_time && ramp) return run_time->share != *ramp;
    return run_time &&
           (has_targeting() || run_time->share != configured.value_or(routing::kNobody));
  }
};

// The flags of `snapshot`: those under `flags`, and those that its migrations follow. By name.
[[nodiscard]] std::vector<FlagView> flag_views(const config::Snapshot& snapshot,
                                               const SourceContents& sources,
                                               const RunTimeFlags& run_time);

// One of them; nothing where it is none.
[[nodiscard]] std::optional<FlagView> flag_view(const config::Snapshot& snapshot,
                                                const SourceContents& sources,
                                                const RunTimeFlags& run_time,
                                                const std::string& name);

// What workers read. Flags that the configuration no longer has stay in it at 0 %.
[[nodiscard]] std::shared_ptr<const routing::FlagTable> flag_table(
    const std::vector<FlagView>& views, routing::Slots& slots, std::uint64_t revision);

// For people: configured values that changed and stay outranked by one set at run time.
[[nodiscard]] std::vector<std::string> newly_outranked(const std::vector<FlagView>& before,
                                                       const std::vector<FlagView>& now);
// For people: migrations whose flag neither a source nor `flags` has, where there are sources.
[[nodiscard]] std::vector<std::string> flags_that_nobody_has(const std::vector<FlagView>& views,
                                                             const config::Snapshot& snapshot);

}  // namespace banyan::control
