// proxy/exchange/plan.h: one configuration, resolved for one worker.
//
// Every name that a request would need to look up is an index or a pointer here. Made by the
// worker from a Snapshot; immutable; an exchange keeps the plan it began with.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arm.h"
#include "config/snapshot.h"
#include "proxy/comparison/budget.h"
#include "proxy/exchange/arm_form.h"
#include "proxy/observe/stats.h"
#include "proxy/upstream/cluster.h"
#include "routing/slots.h"
#include "shadow/recent_writes.h"

namespace banyan::exchange {

// What an exchange waits for.
struct Waits : config::Timeouts {
  Waits() = default;
  explicit Waits(const config::Timeouts& timeouts)
      : config::Timeouts(timeouts), head(timeouts.response) {}
  // For the head of an answer, before anything is done about it: `response`, or sooner where a
  // request that hangs is to be counted first.
  Milliseconds head{config::Timeouts{}.response};
};

// A request hangs where it has waited for so long. The same for both arms, whose waits are alike
// but for `response`.
[[nodiscard]] inline Milliseconds hangs_after(const config::Timeouts& a,
                                              const config::Timeouts& b) {
  constexpr Milliseconds kHangsMin{1'000};
  constexpr int kPartOfResponse = 6;
  return std::max(kHangsMin, std::max(a.response, b.response) / kPartOfResponse);
}

struct MigrationPlan {
  const config::Migration* settings = nullptr;
  const routing::Route* route = nullptr;
  const routing::MigrationSlot* slot = nullptr;
  std::size_t flag = 0;  // in the FlagTable
  upstream::Cluster* legacy = nullptr;
  upstream::Cluster* monolith = nullptr;
  std::array<Waits, 2> timeouts{};                      // of the two upstreams, by Arm
  std::array<Waits, 2> after_hanging{};                 // the same, of what was counted
  observe::MigrationStats* stats = nullptr;             // of this worker
  observe::MigrationStats* comparison_stats = nullptr;  // of the comparison threads
  comparison::Ledger* ledger = nullptr;
  // Authorities of each arm in its answers, by Arm; where it is rewritten.
  std::array<std::vector<std::string>, 2> hosts{};

  [[nodiscard]] ArmForm form(Arm arm, std::string_view matched) const {
    const routing::Rewrite& rewrite = settings->rewrite[static_cast<std::size_t>(arm)];
    if (!rewrite.is_needed()) return {};
    return {&rewrite, matched, hosts[static_cast<std::size_t>(arm)]};
  }
  [[nodiscard]] upstream::Cluster& cluster(Arm arm) const {
    return arm == Arm::legacy ? *legacy : *monolith;
  }
  // Once `timeouts` are known.
  void count_what_hangs() {
    after_hanging = timeouts;
    if (!settings->guardrail) return;
    const Milliseconds age = hangs_after(timeouts[0], timeouts[1]);
    for (Waits& waits : timeouts) waits.head = std::min(waits.response, age);
  }
  [[nodiscard]] bool latched() const { return slot->latched.load(std::memory_order_acquire); }
  // The migration has a shadow, and a rollback keeps it away from `arm`.
  [[nodiscard]] bool stops_shadows_to(Arm arm) const {
    return arm == Arm::monolith && latched() && !settings->shadow->keep_after_rollback;
  }
  // Of a control or a second asking.
  void count_skip(shadow::Skip skip) const {
    stats->reask_skipped[static_cast<std::size_t>(skip)].add();
  }
  // `arm`: where the shadow would have gone.
  void count_skip(shadow::Skip skip, Arm arm) const {
    stats->shadow_skipped[static_cast<std::size_t>(arm)][static_cast<std::size_t>(skip)].add();
  }
};

struct Plan {
  std::shared_ptr<const config::Snapshot> snapshot;
  Waits timeouts;                         // before an upstream is known
  std::vector<MigrationPlan> migrations;  // as snapshot->migrations
  // What serves requests that no migration matches; without a cluster: nothing.
  struct Fallback {
    upstream::Cluster* cluster = nullptr;
    Waits timeouts{};
  };
  Fallback fallback;
  // Of the listeners that have one of their own, by their names: kept connections outlive a reload.
  std::vector<std::pair<std::string, Fallback>> listener_fallbacks;
  std::vector<std::shared_ptr<upstream::Cluster>> clusters;  // keeps alive what is pointed at
  observe::MigrationStats* none = nullptr;                   // what belongs to no migration
  comparison::Ledger* process_ledger = nullptr;
  shadow::RecentWrites* writes = nullptr;  // of the process

  [[nodiscard]] const Fallback& default_for(std::string_view listener) const {
    for (const auto& [name, own] : listener_fallbacks) {
      if (name == listener) return own;
    }
    return fallback;
  }
};

// What one arm's answer may take of the three budgets; the migration has a shadow.
[[nodiscard]] inline comparison::Reservation reservation_for(const Plan& plan,
                                                             const MigrationPlan& migration) {
  const config::Shadow& s = *migration.settings->shadow;
  return {*migration.ledger,
          *plan.process_ledger,
          {s.budget_exchange, s.budget_migration, plan.snapshot->shadow_budget}};
}

}  // namespace banyan::exchange
