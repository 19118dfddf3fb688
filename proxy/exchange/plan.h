// proxy/exchange/plan.h: one configuration, resolved for one worker.
//
// Every name that a request would need to look up is an index or a pointer here. Made by the
// worker from a Snapshot; immutable; an exchange keeps the plan it began with.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/arm.h"
#include "config/snapshot.h"
#include "proxy/comparison/budget.h"
#include "proxy/observe/stats.h"
#include "proxy/upstream/cluster.h"
#include "routing/slots.h"

namespace banyan::exchange {

struct MigrationPlan {
  const config::Migration* settings = nullptr;
  const routing::Route* route = nullptr;
  const routing::MigrationSlot* slot = nullptr;
  std::size_t flag = 0;  // in the FlagTable
  upstream::Cluster* legacy = nullptr;
  upstream::Cluster* monolith = nullptr;
  std::array<config::Timeouts, 2> timeouts{};           // of the two upstreams, by Arm
  observe::MigrationStats* stats = nullptr;             // of this worker
  observe::MigrationStats* comparison_stats = nullptr;  // of the comparison thread
  comparison::Ledger* ledger = nullptr;

  [[nodiscard]] upstream::Cluster& cluster(Arm arm) const {
    return arm == Arm::legacy ? *legacy : *monolith;
  }
  [[nodiscard]] bool latched() const { return slot->latched.load(std::memory_order_acquire); }
};

struct Plan {
  std::shared_ptr<const config::Snapshot> snapshot;
  std::vector<MigrationPlan> migrations;  // as snapshot->migrations
  upstream::Cluster* default_upstream = nullptr;
  config::Timeouts default_timeouts;
  std::vector<std::shared_ptr<upstream::Cluster>> clusters;  // keeps alive what is pointed at
  observe::MigrationStats* none = nullptr;                   // what belongs to no migration
  comparison::Ledger* process_ledger = nullptr;
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
