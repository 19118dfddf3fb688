// proxy/control/ramp_view.h: what is shown of a ramp, and what a step of it was decided on. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proxy/control/latches.h"
#include "proxy/control/ramps.h"
#include "shadow/migration_report.h"

namespace banyan::control {

// One migration that a ramp waits for. Of what came since the step began.
struct RampGateView {
  std::string migration;
  shadow::MigrationReport judged;
  std::optional<Latch> latch;  // of a rollback by its guardrail: it has tripped
  struct Guardrail {
    std::uint64_t compared = 0;  // of the monolith, beside legacy
    std::uint64_t needed = 0;
    bool passed = false;
    bool alone = false;     // a trip takes this one back and leaves other gates where they are
    std::string suspicion;  // for people; empty: there is none
    nlohmann::json shown;   // as Guardrails::shown()
  };
  std::optional<Guardrail> guardrail;  // nothing where it is off
};

struct RampView {
  Ramp ramp;
  Milliseconds held{0};  // by now
  routing::Wait wait = routing::Wait::readiness;
  std::vector<RampGateView> gates;
  std::string disabled_in;  // what says that the flag is disabled; empty: nothing does
};

inline constexpr std::size_t kGatesInEvidenceMax = 20;

// In a way that takes the ramp back.
[[nodiscard]] bool is_tripped(const RampGateView& gate);
// One without a guardrail is not asked for it.
[[nodiscard]] bool has_passed(const RampGateView& gate);

// For people: what the ramp waits for, `readiness of cart (4,543 more)`.
[[nodiscard]] std::string waits_for(const RampView& view);
// For people: why the next step is entered, and why it goes back to 0: since a gate's guardrail
// tripped, or else since the flag is disabled.
[[nodiscard]] std::string reason_of(const RampView& view);
[[nodiscard]] std::string reason_back(const RampView& view);
// {"readiness": {…}, "guardrail": {…, "compared", "needed", "passed"} | null}
[[nodiscard]] nlohmann::json to_json(const RampGateView& gate);
// {"held_s", "gates": {MIGRATION: {…}}, "gates_left_out"}
[[nodiscard]] nlohmann::json evidence_of(const RampView& view);
// That of the ramp, and "hold_s", "held_s", "waits_for" and "why".
[[nodiscard]] nlohmann::json to_json(const RampView& view);

}  // namespace banyan::control
