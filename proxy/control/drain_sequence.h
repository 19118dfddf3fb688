// proxy/control/drain_sequence.h: how the process ends. Pure; the clock is an argument.
//
//   serving --drain()--> draining --terminate()--> leaving --due()--> stopping --stopped()--> over
//      \----------------------- terminate() ---------^
//
// In draining and leaving everything is still served. `delay` counts from the beginning of the
// drain, so that a preStop hook's drain is not waited for twice.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace banyan::control {

class DrainSequence {
 public:
  enum class Stage : std::uint8_t { serving, draining, leaving, stopping, over };
  // What the caller has to do now.
  enum class Act : std::uint8_t { nothing, start_drain, exit_at_once };

  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] bool ready() const { return stage_ == Stage::serving; }

  // Whether workers still take a configuration. Not from stopping on: it would listen again.
  [[nodiscard]] bool may_reload() const { return stage_ < Stage::stopping; }

  [[nodiscard]] Act drain(SteadyTime now);
  // SIGTERM or SIGINT. The second one: exit_at_once.
  [[nodiscard]] Act terminate(SteadyTime now, Milliseconds delay);
  // When to stop listening, in leaving.
  [[nodiscard]] std::optional<SteadyTime> due() const;
  void stopping() { stage_ = Stage::stopping; }
  void stopped() { stage_ = Stage::over; }

 private:
  Stage stage_ = Stage::serving;
  SteadyTime begun_;
  SteadyTime due_;
};

}  // namespace banyan::control
