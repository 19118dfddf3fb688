#include "proxy/control/drain_sequence.h"

#include <algorithm>

namespace banyan::control {

DrainSequence::Act DrainSequence::drain(SteadyTime now) {
  if (stage_ != Stage::serving) return Act::nothing;
  stage_ = Stage::draining;
  begun_ = now;
  return Act::start_drain;
}

DrainSequence::Act DrainSequence::terminate(SteadyTime now, Milliseconds delay) {
  if (stage_ != Stage::serving && stage_ != Stage::draining) return Act::exit_at_once;
  const Act act = drain(now);
  stage_ = Stage::leaving;
  due_ = std::max(now, begun_ + delay);
  return act;
}

std::optional<SteadyTime> DrainSequence::due() const {
  if (stage_ != Stage::leaving) return std::nullopt;
  return due_;
}

}  // namespace banyan::control
