// What of a ramp is switched: by the ramp itself, by hand, and by a value that outranks it.
#include <fmt/format.h>

#include <utility>

#include "proxy/control/switchboard.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

using nlohmann::json;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

json percent(routing::Share share) { return share.millipercent / 1000.0; }

void log_move(const std::string& flag, routing::Share from, routing::Share to,
              const std::string& reason) {
  observe::log_info(fmt::format("ramp of {}: {} % -> {} %: {}", flag, from.millipercent / 1000.0,
                                to.millipercent / 1000.0, reason));
}

constexpr std::string_view kRuns = "running";
constexpr std::string_view kPaused = "paused";

}  // namespace

void Switchboard::keep_ramps() {
  for (const Ramp& before : std::exchange(lowered_, {})) {
    const routing::Share from = before.state.at, to = ramp(before.flag)->state.at;
    const Author author{"banyan", "its last step is lower now", std::chrono::system_clock::now()};
    log_move(before.flag, from, to, author.reason);
    note({"ramp_back", before.flag, percent(from), percent(to), author});
  }
  static_cast<void>(problem_of(ramps_.save_changes()));
}

void Switchboard::ramp_changed(const AuditEntry& entry, const Answer& answer, std::string problem) {
  note(entry);
  Switched switched{problem.empty(), std::move(problem), {}, {}};
  if (const auto now = flag(entry.target)) switched.migrations = now->migrations;
  workers_.publish(flag_table(flags(), slots_, ++revision_),
                   [answer, switched = std::move(switched)] { answer(switched); });
}

void Switchboard::move_ramp(const Ramps::Move& move, const Author& author, const Answer& answer,
                            const json& evidence) {
  const routing::Share from = ramp(move.flag)->state.at;
  ramps_.enter(move.flag, move.to, steady_now());
  std::string problem = problem_of(ramps_.save());
  const bool goes_on = move.to.millipercent > from.millipercent;
  log_move(move.flag, from, move.to, author.reason);
  ramp_changed({goes_on ? "ramp_step" : "ramp_back", move.flag, percent(from), percent(move.to),
                author, evidence},
               answer, std::move(problem));
}

void Switchboard::pause_ramp(const std::string& flag, const Author& author, const Answer& answer) {
  const std::string_view from = ramp(flag)->paused ? kPaused : kRuns;
  ramps_.pause(flag, author, steady_now());
  ramp_changed({"ramp_pause", flag, from, kPaused, author}, answer, problem_of(ramps_.save()));
}

void Switchboard::resume_ramp(const std::string& flag, const Author& author, const Answer& answer) {
  const std::string_view from = ramp(flag)->paused ? kPaused : kRuns;
  ramps_.resume(flag, steady_now());
  std::string problem = problem_of(ramps_.save());
  if (const auto set = run_time_.find(flag)) {
    run_time_.clear(flag);
    note({"flag_clear", flag, percent(set->share), json(), author});
    if (std::string also = problem_of(run_time_.save()); problem.empty()) problem = also;
  }
  ramp_changed({"ramp_resume", flag, from, kRuns, author}, answer, std::move(problem));
}

std::string Switchboard::pause_ramp_for(const std::string& flag, const Author& author) {
  const Ramp* const found = ramp(flag);
  if (found == nullptr || found->paused) return {};
  Author by = author;
  by.reason = "a value was set at run time" + (by.reason.empty() ? "" : ": " + by.reason);
  ramps_.pause(flag, by, steady_now());
  std::string problem = problem_of(ramps_.save());
  note({"ramp_pause", flag, kRuns, kPaused, by});
  return problem;
}

void Switchboard::save_held_ramps(SteadyTime now) {
  static_cast<void>(problem_of(ramps_.save_held(now)));
}

}  // namespace banyan::control
