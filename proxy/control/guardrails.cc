#include "proxy/control/guardrails.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace banyan::control {
namespace {

using namespace routing::guard;
using nlohmann::json;

std::uint64_t count(const observe::Counter& counter) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(counter.read(), 0));
}

// Answers of all classes, and those without one.
std::uint64_t exchanges_of(const observe::ArmStats& arm) {
  std::uint64_t sum = 0;
  for (const observe::Counter& requests : arm.requests) sum += count(requests);
  return sum;
}

void add_arm(const observe::MigrationStats& stats, Arm arm, ArmLook& to) {
  const observe::FailureStats& failures = stats.failures.of(arm);
  to.exchanges += exchanges_of(stats.of(arm, Role::primary)) + count(failures.hung);
  to.failures += count(failures.all);
  to.failures_of_keys += count(failures.of_keys);
  to.hard += count(failures.hard);
}

// A copy without an answer says nothing: it may have been given up with its primary.
void add_shadow(const observe::ArmStats& shadow, Tally& to) {
  const std::size_t errors = observe::code_class(500);
  for (std::size_t c = 0; c <= errors; ++c) to.exchanges += count(shadow.requests[c]);
  to.counted += count(shadow.requests[errors]);
}

void add_verdicts(const observe::MigrationStats& stats, Arm shadow, Tally& to) {
  const auto& verdicts = stats.comparisons[static_cast<std::size_t>(shadow)];
  for (const auto verdict : {shadow::Verdict::match, shadow::Verdict::noise,
                             shadow::Verdict::transient, shadow::Verdict::mismatch}) {
    to.exchanges += count(verdicts[static_cast<std::size_t>(verdict)]);
  }
  to.counted += count(verdicts[static_cast<std::size_t>(shadow::Verdict::mismatch)]);
}

void add_durations(const observe::ArmStats& arm, routing::guard::Durations& to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += arm.duration.steps[i].read();
}

// Counters are read one after the other while they grow: a part may be ahead of the whole.
std::uint64_t less(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}
Tally less(const Tally& now, const Tally& before) {
  return {less(now.exchanges, before.exchanges), less(now.counted, before.counted)};
}
ArmLook less(const ArmLook& now, const ArmLook& before) {
  return {less(now.exchanges, before.exchanges), less(now.failures, before.failures),
          less(now.failures_of_keys, before.failures_of_keys), less(now.hard, before.hard)};
}
// These count on from 0 after the largest.
routing::guard::Durations less(const routing::guard::Durations& now,
                               const routing::guard::Durations& before) {
  routing::guard::Durations difference{};
  for (std::size_t i = 0; i < now.size(); ++i) difference[i] = now[i] - before[i];
  return difference;
}

bool any(const routing::guard::Durations& durations) {
  return std::any_of(durations.begin(), durations.end(), [](std::uint32_t n) { return n > 0; });
}

json tally_json(const Tally& tally) {
  return {{"exchanges", tally.exchanges}, {"counted", tally.counted}};
}

std::string tally_text(const Tally& tally, std::string_view arm) {
  return fmt::format("{:.3g} % of {} {}", tally.rate() * 100, tally.exchanges, arm);
}

std::string words_of(const Finding& finding) {
  switch (finding.cause) {
    case Cause::hard_failures:
      return "no answer to";
    case Cause::errors:
      return "failures:";
    case Cause::latency:
      return fmt::format("slower than {:.4g} ms:",
                         static_cast<double>(finding.slow.count()) / 1'000);
    case Cause::mismatches:
      return "mismatches:";
  }
  return {};
}

}  // namespace

std::string to_text(const Finding& finding) {
  const std::string monolith = tally_text(
      finding.counts.monolith, finding.cause == Cause::mismatches ? "pairs" : "on the monolith");
  if (finding.cause == Cause::mismatches) return words_of(finding) + " " + monolith;
  return fmt::format("{} {}, {}", words_of(finding), monolith,
                     tally_text(finding.counts.legacy, "on legacy"));
}

json to_json(const Finding& finding) {
  json object{{"cause", to_string(finding.cause)},
              {"evidence", finding.evidence},
              {"needed", certainty_of(finding.cause)},
              {"monolith", tally_json(finding.counts.monolith)},
              {"legacy", tally_json(finding.counts.legacy)}};
  if (finding.cause == Cause::latency) object["slow_us"] = finding.slow.count();
  return object;
}

void Guardrails::adopt(const config::Snapshot& snapshot, SteadyTime now) {
  std::vector<Watched> next;
  for (const config::Migration& m : snapshot.migrations) {
    if (!m.guardrail) continue;
    Watched made;
    made.name = m.name;
    made.monolith = snapshot.upstreams[m.monolith].name;
    made.epoch = m.epoch;
    made.slot = stats_.migration_slot(m.name);
    for (const config::Migration& other : snapshot.migrations) {
      const bool shares = m.guardrail->on_trip == OnTrip::flag && other.flag == m.flag;
      if (shares || other.name == m.name) made.on_trip.push_back(other.name);
    }
    const auto old = std::find_if(all_.begin(), all_.end(), [&](const Watched& w) {
      return w.name == made.name && w.monolith == made.monolith && w.epoch == made.epoch &&
             w.guardrail->settings() == *m.guardrail;
    });
    if (old == all_.end()) {
      begin(made, *m.guardrail);
    } else {
      made.guardrail.emplace(std::move(*old->guardrail));
      made.counts = old->counts;
      made.durations = old->durations;
      made.latched = old->latched;
    }
    next.push_back(std::move(made));
  }
  set_unwatched(false);
  all_ = std::move(next);
  due_.reset();
  if (!all_.empty()) wake(now);
}

void Guardrails::begin(Watched& watched, const Settings& settings) {
  const Settings kept = settings;  // may be the old guardrail's
  watched.guardrail.emplace(kept);
  watched.counts = counts_of(watched);
  watched.durations = durations_of(watched);
}

Guardrails::Counts Guardrails::counts_of(const Watched& watched) const {
  Counts counts;
  const Arm direction = watched.guardrail->settings().mismatch_shadow;
  for (const observe::WorkerStats& worker : stats_.workers()) {
    const observe::MigrationStats& stats = worker.migration(watched.slot);
    add_arm(stats, Arm::monolith, counts.sums.monolith);
    add_arm(stats, Arm::legacy, counts.sums.legacy);
    add_shadow(stats.of(Arm::legacy, Role::shadow), counts.sums.legacy_shadow);
    add_verdicts(stats, direction, counts.sums.mismatches);
  }
  counts.all = counts.sums.monolith.exchanges + counts.sums.legacy.exchanges +
               counts.sums.legacy_shadow.exchanges + counts.sums.mismatches.exchanges;
  return counts;
}

Guardrails::Durations Guardrails::durations_of(const Watched& watched) const {
  Durations durations;
  for (const observe::WorkerStats& worker : stats_.workers()) {
    const observe::MigrationStats& stats = worker.migration(watched.slot);
    add_durations(stats.of(Arm::monolith, Role::primary), durations.monolith);
    add_durations(stats.of(Arm::legacy, Role::primary), durations.legacy);
    add_durations(stats.of(Arm::legacy, Role::shadow), durations.legacy_shadow);
  }
  return durations;
}

std::vector<Guardrails::Trip> Guardrails::look(const IsLatched& is_latched, SteadyTime now) {
  const bool durations = now >= durations_at_.value_or(now);
  if (durations) durations_at_ = now + kDurationsPause;
  std::vector<Trip> trips;
  changed_ = false;
  for (Watched& w : all_) {
    if (is_latched(w.name)) {
      w.latched = true;
      continue;
    }
    if (std::exchange(w.latched, false)) begin(w, w.guardrail->settings());
    look_at(w, now, durations);
    if (!w.guardrail->trip()) continue;
    const Finding& found = *w.guardrail->trip();
    trips.push_back({w.name, w.on_trip, w.name + ": " + to_text(found), to_json(found)});
    w.latched = true;
  }
  quiet_looks_ = changed_ ? 0 : quiet_looks_ + 1;
  due_ = now + kGuardrailPause;
  if (quiet_looks_ >= kQuietLooks) {
    due_.reset();
    set_unwatched(true);
  }
  return trips;
}

void Guardrails::look_at(Watched& w, SteadyTime now, bool durations) {
  const Counts counts = counts_of(w);
  if (counts.all != w.counts.all) {
    const Look& sums = counts.sums;
    const Look& before = w.counts.sums;
    w.guardrail->take({now, less(sums.monolith, before.monolith), less(sums.legacy, before.legacy),
                       less(sums.legacy_shadow, before.legacy_shadow),
                       less(sums.mismatches, before.mismatches)});
    w.counts = counts;
    changed_ = true;
  }
  if (!durations) return;
  const Durations all = durations_of(w);
  const routing::guard::Durations served = less(all.legacy, w.durations.legacy);
  w.guardrail->take(less(all.monolith, w.durations.monolith),
                    any(served) ? served : less(all.legacy_shadow, w.durations.legacy_shadow), now);
  w.durations = all;
}

void Guardrails::wake(SteadyTime now) {
  set_unwatched(false);
  quiet_looks_ = 0;
  if (!due_ && !all_.empty()) due_ = now + kGuardrailPause;
}

void Guardrails::set_unwatched(bool unwatched) {
  for (const Watched& w : all_) {
    for (std::size_t i = 0; i + 1 < stats_.workers().size(); ++i) {
      stats_.worker(i).migration(w.slot).unwatched = unwatched;
    }
  }
}

const Guardrails::Watched* Guardrails::watched(const std::string& migration) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Watched& w) { return w.name == migration; });
  return found == all_.end() ? nullptr : &*found;
}

Guardrail* Guardrails::find(const std::string& migration) {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Watched& w) { return w.name == migration; });
  return found == all_.end() ? nullptr : &*found->guardrail;
}

json Guardrails::shown(const std::string& migration) const {
  const Watched* const found = watched(migration);
  if (found == nullptr) return nullptr;
  const Guardrail& guardrail = *found->guardrail;
  const Finding nearest = guardrail.nearest();
  return {{"outcome", to_string(guardrail.outcome())},
          {"why", guardrail.outcome() == Outcome::inconclusive
                      ? "the monolith has not served min_requests beside legacy lately"
                      : to_text(nearest)},
          {"evidence", to_json(nearest)}};
}

}  // namespace banyan::control
