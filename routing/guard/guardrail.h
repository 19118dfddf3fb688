// routing/guard/guardrail.h: whether the monolith is to be taken back. Pure.
//
// Four questions, asked at every look while the monolith serves somebody:
//   hard failures  refused, reset, timed out, hung: acts at once
//   errors         5xx, gRPC errors and hard failures, and once more with those of one sticky key
//                  counted once per window: both have to be certain
//   latency        exchanges slower than max_p99_ratio times legacy's p99
//   mismatches     of the pairs that were compared
// Each needs two things: evidence that there is an increase at all, which is right however often
// one looks, and an estimate that is above what the configuration allows.
//
//   inconclusive -> hold -> roll_back, which stays until a new Guardrail takes its place
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "routing/guard/ceiling_test.h"
#include "routing/guard/increase_test.h"
#include "routing/guard/settings.h"
#include "routing/guard/slow_threshold.h"
#include "routing/guard/tally.h"

namespace banyan::routing::guard {

enum class Outcome : std::uint8_t { inconclusive, hold, roll_back };
[[nodiscard]] std::string_view to_string(Outcome outcome);

enum class Cause : std::uint8_t { hard_failures, errors, latency, mismatches };
[[nodiscard]] std::string_view to_string(Cause cause);

// How much evidence is asked for: without an increase, a false trip is to be expected once in as
// many exchanges. Over all causes that is at most one in 10^8. A dead monolith gets the most of it,
// since it is to be noticed by the first few exchanges; what needs a window anyway gets the least.
[[nodiscard]] constexpr double certainty_of(Cause cause) {
  switch (cause) {
    case Cause::hard_failures:
      return 1.43e8;
    case Cause::errors:
      return 4e8;
    case Cause::latency:
    case Cause::mismatches:
      return 4e9;
  }
  return kCertain;
}

// What one arm did since the look before.
struct ArmLook {
  std::uint64_t exchanges = 0;
  std::uint64_t failures = 0;          // all
  std::uint64_t failures_of_keys = 0;  // those of one sticky key once per window
  std::uint64_t hard = 0;              // of these, without an answer; of one key as above
};

struct Look {
  SteadyTime at;
  ArmLook monolith;
  ArmLook legacy;
  Tally legacy_shadow;  // what legacy answered to copies, and its errors
  Tally mismatches;     // of the pairs compared in `mismatch_direction`
};

// The evidence of a trip, or of the nearest to one.
struct Finding {
  Cause cause = Cause::errors;
  Batch counts;                       // of a mismatch: `monolith` alone
  double evidence = 0;                // certain from certainty_of(cause) on
  std::chrono::microseconds slow{0};  // of latency: what is slow
};

class Guardrail {
 public:
  explicit Guardrail(const Settings& settings);

  void take(const Look& look);
  // The same stretch of time for both arms, as often as once a second.
  void take(const Durations& monolith, const Durations& legacy, SteadyTime now);

  [[nodiscard]] Outcome outcome() const;
  [[nodiscard]] const std::optional<Finding>& trip() const { return trip_; }
  // What speaks most against the monolith now.
  [[nodiscard]] Finding nearest() const;
  // What speaks against giving it more users: suspicious, and above what is allowed lately. What
  // was suspicious once, or is allowed, is none.
  [[nodiscard]] std::optional<Finding> suspicion() const;

  // Exchanges of the monolith that were held against legacy's since begin_step(), and whether there
  // were enough of them without a suspicion(): what a ramp asks for.
  void begin_step();
  [[nodiscard]] std::uint64_t compared_in_step() const { return compared_in_step_; }
  [[nodiscard]] bool step_passed() const;

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  void take_batch(SteadyTime now);
  void take_errors(SteadyTime now);
  void judge();
  void judge_hard();
  void judge_errors();
  void judge_latency();
  void judge_mismatches();
  void trip(Cause cause, const Batch& counts, double evidence);
  [[nodiscard]] bool exceeds(Cause cause, const Batch& counts) const;
  [[nodiscard]] std::array<Finding, 4> findings() const;
  [[nodiscard]] Batch recent_of(Cause cause) const;
  [[nodiscard]] bool enough() const { return compared_ >= settings_.min_requests; }

  const Settings settings_;
  const double margin_;
  IncreaseTest hard_;
  IncreaseTest failures_;
  IncreaseTest failures_of_keys_;
  IncreaseTest slow_;
  CeilingTest mismatches_;
  Recent hard_recent_;
  Recent failures_recent_;
  Recent keys_recent_;
  Recent slow_recent_;
  Recent mismatches_recent_;
  SlowThreshold threshold_;

  Look pending_;  // until both arms have something in it
  std::optional<SteadyTime> pending_since_;
  Batch errors_;  // as above, until there is enough for the shares of the arms to be exact
  Batch errors_of_keys_;
  std::optional<SteadyTime> errors_since_;
  SteadyTime compared_at_{};
  std::uint64_t compared_ = 0;  // of the monolith, since the beginning or the last long pause
  std::uint64_t compared_in_step_ = 0;
  std::optional<Finding> trip_;
};

}  // namespace banyan::routing::guard
