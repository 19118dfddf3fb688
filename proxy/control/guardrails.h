// proxy/control/guardrails.h: the guardrails of all migrations, fed from the workers' counters.
//
// Looks at the counters every kGuardrailPause while they change, and sleeps while they do not: an
// exchange that ends then wakes it. Nothing is asked of a worker and no exchange waits for it.
// Control thread only.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/observe/stats.h"
#include "routing/guard/guardrail.h"

namespace banyan::control {

inline constexpr Milliseconds kGuardrailPause{100};
// Between two looks at the durations, of which there are many.
inline constexpr Milliseconds kDurationsPause{1'000};
// Without a change it looks so often again, then it sleeps.
inline constexpr int kQuietLooks = 10;

class Guardrails {
 public:
  explicit Guardrails(observe::StatsRegistry& stats) : stats_(stats) {}

  // Those of a configuration. One that looks at the same thing in the same way goes on; the others
  // begin afresh.
  void adopt(const config::Snapshot& snapshot, SteadyTime now);

  struct Trip {
    std::string migration;
    std::vector<std::string> migrations;  // to roll back
    std::string reason;
    nlohmann::json evidence;
  };
  using IsLatched = std::function<bool(const std::string& migration)>;
  // What is latched is not looked at, and begins afresh when it is rearmed.
  [[nodiscard]] std::vector<Trip> look(const IsLatched& is_latched, SteadyTime now);
  // When to look next; nothing while nobody is served.
  [[nodiscard]] std::optional<SteadyTime> due() const { return due_; }
  // Something is served again.
  void wake(SteadyTime now);

  // Null where it is off. {"outcome", "why", "compared", "evidence": {…}}
  [[nodiscard]] nlohmann::json shown(const std::string& migration) const;
  // Nullptr where it is off.
  [[nodiscard]] routing::guard::Guardrail* find(const std::string& migration);

 private:
  // All that the counters say so far, over all workers.
  struct Counts {
    routing::guard::Look sums;
    std::uint64_t all = 0;  // changes with every exchange
  };
  struct Durations {
    routing::guard::Durations monolith{};
    routing::guard::Durations legacy{};
    routing::guard::Durations legacy_shadow{};
  };
  struct Watched {
    std::string name;
    std::string monolith;  // the upstream
    std::string epoch;
    std::size_t slot = 0;
    std::vector<std::string> on_trip;  // what a trip takes back
    std::optional<routing::guard::Guardrail> guardrail;
    Counts counts;
    Durations durations;
    bool latched = false;
  };

  void begin(Watched& watched, const routing::guard::Settings& settings);
  [[nodiscard]] Counts counts_of(const Watched& watched) const;
  [[nodiscard]] Durations durations_of(const Watched& watched) const;
  void look_at(Watched& watched, SteadyTime now, bool durations);
  void set_unwatched(bool unwatched);
  [[nodiscard]] const Watched* watched(const std::string& migration) const;

  observe::StatsRegistry& stats_;
  std::vector<Watched> all_;
  std::optional<SteadyTime> due_;
  std::optional<SteadyTime> durations_at_;
  int quiet_looks_ = 0;
  bool changed_ = false;
};

// One line about it, for people.
[[nodiscard]] std::string to_text(const routing::guard::Finding& finding);
[[nodiscard]] nlohmann::json to_json(const routing::guard::Finding& finding);

}  // namespace banyan::control
