#include "proxy/control/ramp_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/scalar.h"
#include "proxy/control/readiness_book.h"

namespace banyan::control {
namespace {

using nlohmann::json;
using routing::Wait;

constexpr std::size_t kGatesToldMax = 3;

double seconds(Milliseconds time) { return static_cast<double>(time.count()) / 1'000; }

// Without what nobody waits for to the millisecond.
std::string duration_of(Milliseconds time) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(time);
  return config::duration_text(time < std::chrono::seconds(1) ? time : Milliseconds(whole));
}

// The texts of the gates that have one, of a few of them.
template <class Text>
std::string told_of(const std::vector<RampGateView>& gates, const Text& text) {
  std::vector<std::string> told;
  std::size_t more = 0;
  for (const RampGateView& gate : gates) {
    std::string one = text(gate);
    if (one.empty()) continue;
    if (told.size() < kGatesToldMax) {
      told.push_back(std::move(one));
    } else {
      ++more;
    }
  }
  if (more > 0) told.push_back(fmt::format("{} more", more));
  return fmt::format("{}", fmt::join(told, ", "));
}

std::string disabled_text(const RampView& view) {
  return "the flag is DISABLED in " + view.disabled_in;
}

bool is_ready(const RampGateView& gate) { return gate.judged.judgement.state == Readiness::ready; }

std::string unready_text(const RampGateView& gate) {
  if (is_ready(gate)) return {};
  std::string state(to_string(gate.judged.judgement.state));
  std::replace(state.begin(), state.end(), '_', ' ');
  std::vector<std::string> lacks;
  for (const shadow::Lack lack : gate.judged.judgement.lacks) lacks.emplace_back(to_string(lack));
  for (std::string& lack : lacks) std::replace(lack.begin(), lack.end(), '_', ' ');
  return fmt::format("{} ({}: {}; {} pairs compared in this step)", gate.migration, state,
                     fmt::join(lacks, ", "), gate.judged.judgement.compared);
}

std::string unpassed_text(const RampGateView& gate) {
  if (has_passed(gate)) return {};
  const RampGateView::Guardrail& guardrail = *gate.guardrail;
  if (guardrail.compared < guardrail.needed) {
    return fmt::format("{} ({} of {} requests of the monolith beside legacy)", gate.migration,
                       guardrail.compared, guardrail.needed);
  }
  return fmt::format("{} ({})", gate.migration, guardrail.suspicion);
}

std::string gate_text(const RampGateView& gate) {
  const shadow::Judgement& judged = gate.judged.judgement;
  std::string text = fmt::format("{}: {} pairs compared, {} mismatches", gate.migration,
                                 judged.compared, judged.mismatch);
  if (gate.guardrail && gate.guardrail->compared > 0) {
    text += fmt::format(", {} requests of the monolith beside legacy", gate.guardrail->compared);
  }
  return text;
}

}  // namespace

bool is_tripped(const RampGateView& gate) {
  const bool alone = gate.guardrail && gate.guardrail->alone;
  return gate.latch && gate.latch->cause == kGuardrailCause && !alone;
}

bool has_passed(const RampGateView& gate) { return !gate.guardrail || gate.guardrail->passed; }

std::string waits_for(const RampView& view) {
  const Milliseconds left = std::max(view.ramp.settings.hold - view.held, Milliseconds(0));
  switch (view.wait) {
    case Wait::nothing:
      return "nothing";
    case Wait::finished:
      return "nothing, this is the last step";
    case Wait::latched:
      return "`banyan rearm` of " + told_of(view.gates, [](const RampGateView& gate) {
               return gate.latch ? gate.migration : std::string();
             });
    case Wait::disabled:
      return disabled_text(view);
    case Wait::overridden:
      return "`banyan ramp resume`: a value was set at run time";
    case Wait::paused: {
      if (!view.ramp.paused) return "`banyan ramp resume`";
      const Author& by = *view.ramp.paused;
      return fmt::format("`banyan ramp resume`: paused by {} at {}{}{}", by.who, to_text(by.at),
                         by.reason.empty() ? "" : ": ", by.reason);
    }
    case Wait::hold:
      return "hold, " + duration_of(left) + " more";
    case Wait::readiness:
      return "readiness of " + told_of(view.gates, unready_text);
    case Wait::guardrail:
      return "guardrail of " + told_of(view.gates, unpassed_text);
    case Wait::disk:
      return "the disk: where it is could not be saved";
  }
  return {};
}

std::string reason_of(const RampView& view) {
  const std::string gates = told_of(view.gates, gate_text);
  if (view.ramp.state.at == routing::kNobody) return "ready; " + gates;
  return "held for " + duration_of(view.held) + "; " + gates;
}

std::string reason_back(const RampView& view) {
  std::string tripped = told_of(view.gates, [](const RampGateView& gate) {
    return is_tripped(gate) ? gate.latch->author.reason : std::string();
  });
  return tripped.empty() ? disabled_text(view) : tripped;
}

json to_json(const RampGateView& gate) {
  json shown{{"readiness", readiness_json(gate.judged)}, {"guardrail", nullptr}};
  if (gate.guardrail) {
    shown["guardrail"] = gate.guardrail->shown;
    shown["guardrail"]["compared"] = gate.guardrail->compared;
    shown["guardrail"]["needed"] = gate.guardrail->needed;
    shown["guardrail"]["passed"] = gate.guardrail->passed;
  }
  return shown;
}

json evidence_of(const RampView& view) {
  json gates = json::object();
  for (const RampGateView& gate : view.gates) {
    if (gates.size() < kGatesInEvidenceMax) gates[gate.migration] = to_json(gate);
  }
  const std::size_t left_out = view.gates.size() - gates.size();
  return {
      {"held_s", seconds(view.held)}, {"gates", std::move(gates)}, {"gates_left_out", left_out}};
}

json to_json(const RampView& view) {
  json object = to_json(view.ramp);
  object["hold_s"] = seconds(view.ramp.settings.hold);
  object["held_s"] = seconds(view.held);
  object["waits_for"] = to_string(view.wait);
  object["why"] = waits_for(view);
  return object;
}

}  // namespace banyan::control
