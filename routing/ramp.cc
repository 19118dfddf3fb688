#include "routing/ramp.h"

#include <algorithm>

namespace banyan::routing {
namespace {

auto first_above(const RampSettings& settings, Share at) {
  return std::upper_bound(settings.steps.begin(), settings.steps.end(), at,
                          [](Share a, Share b) { return a.millipercent < b.millipercent; });
}

}  // namespace

std::size_t step_at(const RampSettings& settings, Share at) {
  return static_cast<std::size_t>(first_above(settings, at) - settings.steps.begin());
}

std::optional<Share> next_step(const RampSettings& settings, Share at) {
  const auto next = first_above(settings, at);
  return next == settings.steps.end() ? std::nullopt : std::optional(*next);
}

Share within(const RampSettings& settings, Share at) {
  return next_step(settings, at) ? at : settings.steps.back();
}

Wait wait_of(const RampState& state, const RampSettings& settings, const RampFacts& facts) {
  if (facts.latched) return Wait::latched;
  if (facts.disabled) return Wait::disabled;
  if (facts.overridden) return Wait::overridden;
  if (facts.paused) return Wait::paused;
  if (!next_step(settings, state.at)) return Wait::finished;
  const bool serving = state.at != kNobody;
  if (serving && state.held < settings.hold) return Wait::hold;
  if (serving && !facts.passed) return Wait::guardrail;
  if (!facts.ready) return Wait::readiness;
  // A restart would take users back whom the step has moved.
  return facts.durable ? Wait::nothing : Wait::disk;
}

}  // namespace banyan::routing
