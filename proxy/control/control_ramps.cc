// What the control thread does where a ramp goes on, or has to go back.
#include <algorithm>

#include "proxy/control/control.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

WallTime wall_now() { return std::chrono::system_clock::now(); }

Author author_of_move(const Ramps::Move& move, const RampView& view) {
  if (move.to != routing::kNobody) return {"ramp", reason_of(view), wall_now()};
  const bool tripped = std::any_of(view.gates.begin(), view.gates.end(), is_tripped);
  return {tripped ? "guardrail" : "banyan", reason_back(view), wall_now()};
}

}  // namespace

// What of a gate costs next to nothing.
RampGateView Control::ramp_gate(const Ramp& ramp, const std::string& migration) {
  RampGateView view;
  view.migration = migration;
  view.latch = switches_.latch(migration);
  if (const auto* const guardrail = guardrails_.find(migration)) {
    const routing::guard::Settings& settings = guardrail->settings();
    const bool alone =
        settings.on_trip == routing::guard::OnTrip::migration && ramp.gates.size() > 1;
    const auto suspicion = guardrail->suspicion();
    view.guardrail = {guardrail->compared_in_step(),
                      settings.min_requests,
                      guardrail->step_passed(),
                      alone,
                      suspicion ? to_text(*suspicion) : "",
                      guardrails_.shown(migration)};
  }
  return view;
}

routing::RampFacts Control::ramp_facts(const Ramp& ramp) {
  routing::RampFacts facts;
  const auto flag = switches_.flag(ramp.flag);
  facts.overridden = flag && flag->run_time.has_value();
  facts.disabled = flag && flag->is_disabled();
  facts.paused = ramp.paused.has_value();
  facts.durable = switches_.durable();
  facts.passed = facts.ready = true;
  for (const RampGate& gate : ramp.gates) {
    const RampGateView view = ramp_gate(ramp, gate.migration);
    facts.latched = facts.latched || view.latch;
    facts.tripped = facts.tripped || is_tripped(view);
    facts.passed = facts.passed && has_passed(view);
  }
  // Asked last, and only where it decides: many pairs may have to be looked at.
  if (wait_of(ramp.state, ramp.settings, facts) == routing::Wait::nothing) {
    facts.ready = std::all_of(ramp.gates.begin(), ramp.gates.end(), [&](const RampGate& gate) {
      const auto judged = readiness_.judged_in_step(gate.migration, wall_now());
      return judged.judgement.state == Readiness::ready;
    });
  }
  return facts;
}

RampView Control::ramp_view(const Ramp& ramp, SteadyTime now) {
  RampView view{ramp, held_by(ramp, now), {}, {}, {}};
  if (const auto flag = switches_.flag(ramp.flag)) view.disabled_in = flag->disabled_in();
  view.ramp.state.held = view.held;
  view.wait = wait_of(view.ramp.state, ramp.settings, ramp_facts(view.ramp));
  for (const RampGate& gate : ramp.gates) {
    view.gates.push_back(ramp_gate(ramp, gate.migration));
    view.gates.back().judged = readiness_.judged_in_step(gate.migration, wall_now());
  }
  return view;
}

// What comes from now on is what the next step asks for.
void Control::begin_step(const Ramp& ramp) {
  for (const RampGate& gate : ramp.gates) {
    readiness_.begin_step(gate.migration, wall_now());
    if (auto* const guardrail = guardrails_.find(gate.migration)) guardrail->begin_step();
  }
}

void Control::look_at_ramps(SteadyTime now) {
  const auto moves =
      switches_.look_at_ramps({[this](const Ramp& ramp) { begin_step(ramp); },
                               [this](const Ramp& ramp) { return ramp_facts(ramp); }},
                              now);
  for (const Ramps::Move& move : moves) {
    const RampView view = ramp_view(*switches_.ramp(move.flag), now);
    switches_.move_ramp(
        move, author_of_move(move, view), [](const Switchboard::Switched&) {}, evidence_of(view));
  }
}

void Control::add_ramps(StatusFacts& facts) {
  for (const Ramp& ramp : switches_.ramps()) {
    const RampView view = ramp_view(ramp, std::chrono::steady_clock::now());
    for (const RampGateView& gate : view.gates) facts.ramp_gates[gate.migration] = to_json(gate);
    facts.ramps[ramp.flag] = to_json(view);
  }
}

std::vector<std::string> Control::ramp_warnings() const {
  return warnings_of(switches_.ramps(), switches_.flags(), switches_.snapshot());
}

void Control::say_ramp_warnings(const std::vector<std::string>& known) const {
  for (const std::string& text : ramp_warnings()) {
    if (std::find(known.begin(), known.end(), text) == known.end()) observe::log_warning(text);
  }
}

}  // namespace banyan::control
