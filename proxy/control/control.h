// proxy/control/control.h: the control thread: everything of the process that serves no request.
//
// Owns the loop that operators and files speak to, what outlives a reload, and the workers.
//
//   start(): configuration -> state_dir -> latches and flags -> admin -> workers -> address file
//   run():   signals, admin requests, file changes, clocks, until the drain is over
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/control/admin_server.h"
#include "proxy/control/change_watch.h"
#include "proxy/control/difference_store.h"
#include "proxy/control/drain_sequence.h"
#include "proxy/control/flag_sources.h"
#include "proxy/control/guardrails.h"
#include "proxy/control/ramp_view.h"
#include "proxy/control/readiness_book.h"
#include "proxy/control/reflections.h"
#include "proxy/control/reloader.h"
#include "proxy/control/switchboard.h"
#include "proxy/control/tls_watch.h"
#include "proxy/control/webhooks.h"
#include "proxy/net/file_watcher.h"
#include "proxy/net/loop.h"
#include "proxy/net/signals.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/metrics.h"
#include "proxy/worker/worker_group.h"
#include "shadow/difference_table.h"

namespace banyan::control {

// While something that is in force is not on disk.
inline constexpr Milliseconds kRetrySaves{5'000};

// Between two events about verdicts.
inline constexpr Milliseconds kVerdictsPause{1'000};

// What came by is put down at least so often, so that a kill loses no more of it.
inline constexpr Milliseconds kTrafficPause{60'000};

class Control {
 public:
  // Takes a configuration that was loaded from `config_path` with these `bytes`, and the lock.
  Control(std::string config_path, std::string_view bytes, Reloader::SnapshotPtr snapshot,
          StateDir directory);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // The error is for people; nothing is served then. An empty `address_file`: none is written.
  [[nodiscard]] Result<void, std::string> start(const std::string& address_file);
  // Until the process should end. A second signal ends it from inside, with 1.
  void run() { loop_.run(); }

 private:
  [[nodiscard]] Result<void, std::string> open_doors();
  [[nodiscard]] Result<void, std::string> write_addresses(const std::string& file) const;
  [[nodiscard]] AdminApi::Parts admin_parts();

  void on_signal(int number);
  [[nodiscard]] Result<void, std::string> admit(const config::Snapshot& snapshot);
  void reload(const std::string& cause, const Author& author, const Reloader::Done& done);
  void load(const std::string& cause, const Author& author, const Reloader::Done& done,
            std::optional<std::string> content);
  [[nodiscard]] Result<void, std::string> publish(const Reloader::SnapshotPtr& next,
                                                  std::function<void()> done);
  void say_missing_flags() const;
  void say_dropped_latches(const config::Snapshot& before) const;
  void look_at_flag_sources();
  void watch_files();
  void look_at_file();
  void look_at_certificates();
  void drain(const Author& author);
  void begin_drain(const Author& author, DrainSequence::Act act);
  void stop_workers();
  void tell_verdicts(SteadyTime now);
  void export_report();
  void look_at_guardrails(SteadyTime now);
  void tell(const AuditEntry& entry, const nlohmann::json& shown);
  void look_at_ramps(SteadyTime now);
  void begin_step(const Ramp& ramp);
  [[nodiscard]] RampGateView ramp_gate(const Ramp& ramp, const std::string& migration);
  [[nodiscard]] routing::RampFacts ramp_facts(const Ramp& ramp);
  [[nodiscard]] RampView ramp_view(const Ramp& ramp, SteadyTime now);
  void add_ramps(StatusFacts& facts);
  [[nodiscard]] std::vector<std::string> ramp_warnings() const;
  // Those that are not among `known`.
  void say_ramp_warnings(const std::vector<std::string>& known = {}) const;
  void on_tick();
  void schedule();

  [[nodiscard]] StatusFacts facts() const;
  [[nodiscard]] std::string metrics();
  [[nodiscard]] const config::Snapshot& running() const { return *reloader_.running(); }

  const WallTime started_;
  StateDir directory_;
  net::Loop loop_;
  routing::Slots slots_;
  observe::StatsRegistry stats_;
  observe::AccessLog access_log_;
  shadow::DifferenceTable differences_;
  DifferenceStore store_;
  ReadinessBook readiness_;
  AuditLog audit_;
  Events events_;
  Guardrails guardrails_;
  worker::WorkerGroup workers_;
  worker::WorkerGroup::Health endpoints_;  // as last asked for
  Switchboard switches_;
  Reloader reloader_;
  ChangeWatch changes_;
  TlsWatch tls_;
  FlagSources flag_sources_;
  Webhooks webhooks_;
  Reflections reflections_;
  DrainSequence ending_;
  AdminApi api_;
  AdminServer admin_;
  AdminServer health_;
  std::string admin_address_;
  std::string health_address_;
  net::Signals signals_;
  std::unique_ptr<net::FileWatcher> watcher_;
  net::Timer tick_;
  std::optional<SteadyTime> retry_saves_at_;
  std::optional<SteadyTime> verdicts_at_;  // while somebody listens
  nlohmann::json verdicts_told_;
  std::optional<SteadyTime> traffic_at_;  // where migrations have a shadow
  std::optional<SteadyTime> export_at_;   // of report.export
  bool serving_ = false;
};

// `banyan run`: the whole life of the process. Returns its exit code; problems go to stderr.
[[nodiscard]] int run(const std::string& config_path, const std::string& address_file);

}  // namespace banyan::control
