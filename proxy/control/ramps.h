// proxy/control/ramps.h: the ramps of a configuration, and where each of them is.
//
//   state_dir -> load() -> adopt() -> look() -> enter() -> save()
//
// Survives a restart in the same step with the time it was held; evidence is gathered anew then,
// also by one that went back to 0 %.
// Where the file can not be read every ramp is at 0 % and paused: legacy is the safe side.
// Control thread only.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/snapshot.h"
#include "proxy/control/author.h"
#include "proxy/control/flag_view.h"
#include "proxy/control/state_file.h"
#include "routing/ramp.h"

namespace banyan::control {

// Between two looks at a ramp that only waits for its gates.
inline constexpr Milliseconds kRampPause{1'000};
// Between two looks while it holds: what was held is saved, so that a kill loses no more of it.
inline constexpr Milliseconds kRampHeldPause{60'000};

struct RampGate {
  std::string migration;
  std::string epoch;
  friend bool operator==(const RampGate&, const RampGate&) = default;
};

struct Ramp {
  std::string flag;
  std::vector<RampGate> gates;  // all migrations that follow it
  routing::RampSettings settings;
  routing::RampState state;
  std::optional<Author> paused;
  routing::Wait wait = routing::Wait::readiness;  // as of the last look
  SteadyTime looked_at;
  bool is_fresh = false;  // its step begins with the next look
  bool was_out = false;   // rolled back or disabled, at the last look
  // It is at 0 % after it went back, or after a rollback: what came before counts no more. On disk,
  // since a restart would count it again.
  bool begins_anew = false;

  [[nodiscard]] std::size_t step() const { return step_at(settings, state.at); }
};

// What the rest of the process knows of a ramp.
struct RampSurroundings {
  std::function<void(const Ramp& ramp)> begin_step;  // what came before counts no more
  std::function<routing::RampFacts(const Ramp& ramp)> facts;
};

class Ramps {
 public:
  explicit Ramps(std::string path) : file_(std::move(path)) {}

  // At start, once. The text says what was found wrong, if anything was.
  [[nodiscard]] std::optional<std::string> load(WallTime now);
  // As adopt() would make them.
  [[nodiscard]] std::vector<Ramp> planned(const config::Snapshot& snapshot) const;
  // Those of a configuration. The same flag goes on where it was, within its steps; a flag that has
  // no ramp any more is forgotten. Those that had to go down, as they were.
  [[nodiscard]] std::vector<Ramp> adopt(const config::Snapshot& snapshot, SteadyTime now);

  [[nodiscard]] const std::vector<Ramp>& all() const { return ramps_; }
  // Nullptr: the flag has none.
  [[nodiscard]] const Ramp* find(std::string_view flag) const;

  // In memory; save() makes it durable. The flag must have a ramp.
  void enter(std::string_view flag, routing::Share at, SteadyTime now);
  void pause(std::string_view flag, const Author& author, SteadyTime now);
  void resume(std::string_view flag, SteadyTime now);
  // Something around them changed: they are due at once.
  void stir() { stirred_ = true; }

  struct Move {
    std::string flag;
    routing::Share to;
  };
  // What is to be entered now; also saves what was held, once in a while.
  [[nodiscard]] std::vector<Move> look(const RampSurroundings& around, SteadyTime now);
  [[nodiscard]] std::optional<SteadyTime> due() const;

  [[nodiscard]] Result<void, std::string> save();
  // Leaves a file alone that says the same already.
  [[nodiscard]] Result<void, std::string> save_changes();
  // What was held until now, where a ramp holds.
  [[nodiscard]] Result<void, std::string> save_held(SteadyTime now);
  [[nodiscard]] bool durable() const { return durable_; }

 private:
  struct Kept {
    routing::RampState state;
    std::optional<Author> paused;
    bool begins_anew = false;
  };
  [[nodiscard]] static std::optional<Kept> kept_of(const nlohmann::json& object);
  [[nodiscard]] bool read(const nlohmann::json& document);
  [[nodiscard]] nlohmann::json document() const;
  [[nodiscard]] Ramp& at(std::string_view flag);
  void look_at(Ramp& ramp, const RampSurroundings& around, SteadyTime now,
               std::vector<Move>& moves);

  StateFile file_;
  std::vector<Ramp> ramps_;
  std::map<std::string, Kept, std::less<>> kept_;  // what was loaded, until it is adopted
  std::optional<Author> every_other_;  // paused at 0 %: all that the file did not tell of
  nlohmann::json on_disk_ = {{"ramps", nlohmann::json::object()}};
  std::optional<SteadyTime> held_saved_at_;
  bool stirred_ = false;
  bool durable_ = true;
};

// In its step, by `now`.
[[nodiscard]] Milliseconds held_by(const Ramp& ramp, SteadyTime now);
// A flag with a ramp is where that is, unless a value was set at run time or it is disabled.
void apply_ramps(const std::vector<Ramp>& ramps, FlagView& view);
void apply_ramps(const std::vector<Ramp>& ramps, std::vector<FlagView>& views);
// For people: what keeps a ramp from ever going on, and what it puts out of force.
[[nodiscard]] std::vector<std::string> warnings_of(const std::vector<Ramp>& ramps,
                                                   const std::vector<FlagView>& views,
                                                   const config::Snapshot& snapshot);
// For people: migrations that a reload put onto a flag whose ramp is on its way already.
[[nodiscard]] std::vector<std::string> joined(const std::vector<Ramp>& before,
                                              const std::vector<Ramp>& now);
// {"step", "steps": […], "percent", "next", "paused": {"who", …} | null}
[[nodiscard]] nlohmann::json to_json(const Ramp& ramp);

}  // namespace banyan::control
