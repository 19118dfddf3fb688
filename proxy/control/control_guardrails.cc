// What the control thread does where a guardrail trips.
#include <fmt/format.h>

#include "proxy/control/control.h"
#include "proxy/observe/logging.h"

namespace banyan::control {

void Control::look_at_guardrails(SteadyTime now) {
  const auto trips = guardrails_.look(
      [this](const std::string& name) { return switches_.latch(name).has_value(); }, now);
  for (const Guardrails::Trip& trip : trips) {
    observe::log_error(
        fmt::format("guardrail: rolls back {}: {}", fmt::join(trip.migrations, ", "), trip.reason));
    switches_.rollback(
        trip.migrations, std::string(kGuardrailCause),
        {"guardrail", trip.reason, std::chrono::system_clock::now()},
        [](const Switchboard::Switched&) {}, trip.evidence);
  }
}

}  // namespace banyan::control
