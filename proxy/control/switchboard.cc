#include "proxy/control/switchboard.h"

#include <algorithm>
#include <set>

#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

using nlohmann::json;

json percent(routing::Share share) { return share.millipercent / 1000.0; }

// What the audit log says of a flag: the value, or that there is none.
json shown(const std::optional<RunTimeFlag>& flag) { return flag ? percent(flag->share) : json(); }

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::chrono::microseconds elapsed(SteadyTime since) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               since);
}

}  // namespace

std::string Switchboard::problem_of(const Result<void, std::string>& saved) {
  if (saved) return {};
  observe::log_error("in force, but not on disk: " + saved.error());
  return saved.error();
}

Switchboard::Switchboard(const StateDir& directory, routing::Slots& slots, AuditLog& audit,
                         Workers workers)
    : slots_(slots),
      audit_(audit),
      workers_(std::move(workers)),
      latches_(directory.file("latches.json")),
      run_time_(directory.file("flags.json")),
      ramps_(directory.file("ramps.json")),
      snapshot_(std::make_shared<const config::Snapshot>()) {}

std::vector<std::string> Switchboard::load(WallTime now) {
  std::vector<std::string> problems;
  if (auto problem = latches_.load(now)) problems.push_back(std::move(*problem));
  if (auto problem = run_time_.load(now)) problems.push_back(std::move(*problem));
  if (auto problem = ramps_.load(now)) problems.push_back(std::move(*problem));
  loaded_ = true;
  return problems;
}

Switchboard::Table Switchboard::prepare(const config::Snapshot& snapshot,
                                        const SourceContents& sources) {
  for (const config::Migration& migration : snapshot.migrations) {
    slots_.migration(migration.name).latched = latches_.find(migration.name).has_value();
  }
  std::vector<FlagView> views = flag_views(snapshot, sources, run_time_);
  apply_ramps(ramps_.planned(snapshot), views);
  return flag_table(views, slots_, ++revision_);
}

void Switchboard::adopt(std::shared_ptr<const config::Snapshot> snapshot, SourceContents sources) {
  snapshot_ = std::move(snapshot);
  sources_ = std::move(sources);
  if (loaded_) lowered_ = ramps_.adopt(*snapshot_, std::chrono::steady_clock::now());
}

void Switchboard::take_sources(SourceContents sources, const Author& author, Done done) {
  const std::vector<FlagView> before = flags();
  sources_ = std::move(sources);
  ramps_.stir();
  const std::vector<FlagView> now = flags();
  for (const std::string& text : newly_outranked(before, now)) observe::log_warning(text);
  for (std::size_t i = 0; i < now.size(); ++i) {  // the same flags: the snapshot is the same
    if (before[i].configured == now[i].configured) continue;
    const auto shown_of = [](const FlagView& view) {
      return view.configured ? percent(*view.configured) : json();
    };
    note({"flag_source", now[i].name, shown_of(before[i]), shown_of(now[i]), author});
  }
  workers_.publish(flag_table(now, slots_, ++revision_), std::move(done));
}

void Switchboard::note(const AuditEntry& entry) {
  const auto appended = audit_.append(entry);
  if (!appended) observe::log_error("not in the audit log: " + appended.error());
}

std::vector<std::string> Switchboard::siblings_of(const std::vector<std::string>& names) const {
  std::set<std::string> shared;
  for (const config::Migration& m : snapshot_->migrations) {
    if (contains(names, m.name)) shared.insert(m.flag);
  }
  std::vector<std::string> siblings;
  for (const config::Migration& m : snapshot_->migrations) {
    if (shared.contains(m.flag) && !contains(names, m.name)) siblings.push_back(m.name);
  }
  return siblings;
}

void Switchboard::rollback(const std::vector<std::string>& migrations, const std::string& cause,
                           const Author& author, const Answer& answer, const json& evidence) {
  const SteadyTime asked = std::chrono::steady_clock::now();
  // In force first, for all of them: nothing below may stand between a user and legacy.
  for (const std::string& name : migrations) slots_.migration(name).latched = true;
  std::vector<std::string> fresh;
  for (const std::string& name : migrations) {
    if (!latches_.find(name)) fresh.push_back(name);
    latches_.set(name, {cause, author});
  }
  ramps_.stir();
  const SteadyTime saving = std::chrono::steady_clock::now();
  const std::string problem = problem_of(latches_.save());
  for (const std::string& name : migrations) {
    const bool is_fresh = contains(fresh, name);
    if (is_fresh) ++rollbacks_[{name, cause}];
    note({"rollback", name, is_fresh ? "armed" : "latched", "latched", author, evidence});
  }
  const auto disk = elapsed(saving);
  workers_.turn([answer, asked, disk,
                 switched = Switched{problem.empty(), problem, migrations,
                                     siblings_of(migrations)}]() mutable {
    switched.disk = disk;
    switched.switching = elapsed(asked) - disk;
    answer(switched);
  });
}

void Switchboard::rearm(const std::string& migration, const Author& author, const Answer& answer) {
  const bool was_latched = latches_.find(migration).has_value();
  latches_.take_off(migration);
  ramps_.stir();
  const std::string problem = problem_of(latches_.save());
  note({"rearm", migration, was_latched ? "latched" : "armed", "armed", author});
  slots_.migration(migration).latched = false;
  workers_.turn([answer, switched = Switched{
                             problem.empty(), problem, {migration}, siblings_of({migration})}] {
    answer(switched);
  });
}

void Switchboard::flag_changed(AuditEntry entry, const Answer& answer, std::string problem) {
  ramps_.stir();
  if (std::string also = problem_of(run_time_.save()); !also.empty()) problem = std::move(also);
  const auto now = flag(entry.target);
  note(entry);
  Switched switched{problem.empty(), problem, {}, {}};
  if (now) switched.migrations = now->migrations;
  workers_.publish(flag_table(flags(), slots_, ++revision_),
                   [answer, switched = std::move(switched)] { answer(switched); });
}

void Switchboard::set_flag(const std::string& flag, const RunTimeFlag& value,
                           const Answer& answer) {
  const json from = shown(run_time_.find(flag));
  run_time_.set(flag, value);
  std::string problem = pause_ramp_for(flag, value.author);
  flag_changed({"flag_set", flag, from, percent(value.share), value.author}, answer,
               std::move(problem));
}

void Switchboard::clear_flag(const std::string& flag, const Author& author, const Answer& answer) {
  const json from = shown(run_time_.find(flag));
  run_time_.clear(flag);
  flag_changed({"flag_clear", flag, from, json(), author}, answer);
}

void Switchboard::expire(WallTime now) {
  std::map<std::string, json> before;
  for (const FlagView& view : flags()) before[view.name] = shown(view.run_time);
  for (const std::string& name : run_time_.expire(now)) {
    observe::log_info("flag " + name + ": the value set at run time has expired");
    flag_changed({"flag_expire", name, before[name], json(), {"banyan", "its ttl is over", now}},
                 [](const Switched&) {});
  }
}

bool Switchboard::retry_saves() {
  if (!latches_.durable() && latches_.save()) observe::log_info("latches are on disk again");
  if (!run_time_.durable() && run_time_.save()) observe::log_info("flags are on disk again");
  if (!ramps_.durable() && ramps_.save()) observe::log_info("ramps are on disk again");
  return !durable();
}

std::vector<FlagView> Switchboard::flags() const {
  std::vector<FlagView> views = flag_views(*snapshot_, sources_, run_time_);
  apply_ramps(ramps_.all(), views);
  return views;
}

std::optional<FlagView> Switchboard::flag(const std::string& name) const {
  auto view = flag_view(*snapshot_, sources_, run_time_, name);
  if (view) apply_ramps(ramps_.all(), *view);
  return view;
}

const config::Migration* Switchboard::migration(const std::string& name) const {
  for (const config::Migration& migration : snapshot_->migrations) {
    if (migration.name == name) return &migration;
  }
  return nullptr;
}

}  // namespace banyan::control
