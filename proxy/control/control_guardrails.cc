// What the control thread does where a guardrail trips, and whom it tells of a rollback.
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

void Control::tell(const AuditEntry& entry, const nlohmann::json& shown) {
  events_.publish(entry.action, shown);
  const bool is_new = entry.action == "rollback" && entry.from != entry.to;
  if (is_new) webhooks_.post(entry.target, shown);
}

}  // namespace banyan::control
