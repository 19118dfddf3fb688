// proxy/control/switchboard.h: everything that an operator switches: rollbacks, rearming, flags.
//
//   rollback:  latch -> disk -> every worker turned its loop once -> answer
//   rearm:     disk -> latch off -> every worker turned its loop once -> answer
//   flag:      disk -> every worker took the table -> answer
//   ramp:      as a flag; switchboard_ramps.cc
//
// A disk that refuses never keeps a change from being in force; the answer says so, and saving is
// tried again by retry_saves(). Control thread only; outlives the workers' last callback.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/snapshot.h"
#include "proxy/control/audit_log.h"
#include "proxy/control/flag_view.h"
#include "proxy/control/latches.h"
#include "proxy/control/ramps.h"
#include "proxy/control/run_time_flags.h"
#include "proxy/control/state_dir.h"
#include "routing/slots.h"

namespace banyan::control {

class Switchboard {
 public:
  using Done = std::function<void()>;
  using Table = std::shared_ptr<const routing::FlagTable>;

  // What of the workers is needed here; `done` runs on the control thread.
  struct Workers {
    std::function<void(Done done)> turn;
    std::function<void(Table flags, Done done)> publish;
  };

  struct Switched {
    bool durable = true;
    std::string problem;                  // where it is not durable
    std::vector<std::string> migrations;  // what was rolled back or rearmed
    std::vector<std::string> siblings;    // share a flag with them and stay as they are
    // Of a rollback, until its answer.
    std::chrono::microseconds switching{0};  // without the disk
    std::chrono::microseconds disk{0};       // latches and audit log, synced
  };
  using Answer = std::function<void(Switched)>;

  Switchboard(const StateDir& directory, routing::Slots& slots, AuditLog& audit, Workers workers);

  // At start, before anything else. What was found wrong on disk, for the log.
  [[nodiscard]] std::vector<std::string> load(WallTime now);

  // Makes the slots of a configuration with their latches, and the flags as they would be under
  // it. Changes nothing for the running one until adopt().
  [[nodiscard]] Table prepare(const config::Snapshot& snapshot, const SourceContents& sources = {});
  void adopt(std::shared_ptr<const config::Snapshot> snapshot, SourceContents sources = {});
  // Where adopt() put the ramps goes to disk and into the audit log: once it is in force, so that a
  // start that fails leaves everything as it was.
  void keep_ramps();
  // Flag sources say something else now. `done` when all workers follow.
  void take_sources(SourceContents sources, const Author& author, Done done);
  [[nodiscard]] const config::Snapshot& snapshot() const { return *snapshot_; }

  // The names must be migrations of the configuration. `evidence` of what nobody asked for.
  void rollback(const std::vector<std::string>& migrations, const std::string& cause,
                const Author& author, const Answer& answer,
                const nlohmann::json& evidence = nullptr);
  void rearm(const std::string& migration, const Author& author, const Answer& answer);
  // Writes a change that was made elsewhere into the audit log.
  void note(const AuditEntry& entry);
  // The flag must be one of flags().
  void set_flag(const std::string& flag, const RunTimeFlag& value, const Answer& answer);
  void clear_flag(const std::string& flag, const Author& author, const Answer& answer);
  // A ramp enters a step, or goes back to 0. The flag must have one, of these and those below.
  void move_ramp(const Ramps::Move& move, const Author& author, const Answer& answer,
                 const nlohmann::json& evidence = nullptr);
  void pause_ramp(const std::string& flag, const Author& author, const Answer& answer);
  // Also clears what was set at run time.
  void resume_ramp(const std::string& flag, const Author& author, const Answer& answer);
  // As Ramps has them.
  [[nodiscard]] std::vector<Ramps::Move> look_at_ramps(const RampSurroundings& around,
                                                       SteadyTime now) {
    return ramps_.look(around, now);
  }
  [[nodiscard]] std::optional<SteadyTime> ramps_due() const { return ramps_.due(); }
  [[nodiscard]] const std::vector<Ramp>& ramps() const { return ramps_.all(); }
  [[nodiscard]] const Ramp* ramp(std::string_view flag) const { return ramps_.find(flag); }
  // Before the process ends.
  void save_held_ramps(SteadyTime now);
  // Takes back what was set for a time that is over.
  void expire(WallTime now);
  [[nodiscard]] std::optional<WallTime> next_expiry() const { return run_time_.next_expiry(); }
  // True where something still is not on disk.
  bool retry_saves();

  [[nodiscard]] std::vector<FlagView> flags() const;
  [[nodiscard]] std::optional<FlagView> flag(const std::string& name) const;
  [[nodiscard]] const config::Migration* migration(const std::string& name) const;
  [[nodiscard]] std::optional<Latch> latch(const std::string& name) const {
    return latches_.find(name);
  }
  [[nodiscard]] bool durable() const {
    return latches_.durable() && run_time_.durable() && ramps_.durable();
  }
  // Counts up with every change of a flag.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  // By migration and cause, since the start.
  using Rollbacks = std::map<std::pair<std::string, std::string>, std::uint64_t>;
  [[nodiscard]] const Rollbacks& rollbacks() const { return rollbacks_; }

 private:
  // Empty where it is on disk; what is not is logged.
  [[nodiscard]] static std::string problem_of(const Result<void, std::string>& saved);
  // `problem`: of what was saved with it.
  void flag_changed(AuditEntry entry, const Answer& answer, std::string problem = {});
  // A value was set at run time. Empty where that is on disk.
  [[nodiscard]] std::string pause_ramp_for(const std::string& flag, const Author& author);
  void ramp_changed(const AuditEntry& entry, const Answer& answer, std::string problem);
  [[nodiscard]] std::vector<std::string> siblings_of(const std::vector<std::string>& names) const;

  routing::Slots& slots_;
  AuditLog& audit_;
  const Workers workers_;
  Latches latches_;
  RunTimeFlags run_time_;
  Ramps ramps_;
  std::vector<Ramp> lowered_;  // by adopt(), as they were
  bool loaded_ = false;
  std::shared_ptr<const config::Snapshot> snapshot_;
  SourceContents sources_;
  std::uint64_t revision_ = 1;
  Rollbacks rollbacks_;
};

}  // namespace banyan::control
