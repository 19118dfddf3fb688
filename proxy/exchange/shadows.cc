#include "proxy/exchange/shadows.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace banyan::exchange {

Shadows::~Shadows() = default;

std::optional<shadow::Skip> Shadows::why_not(const Plan& plan, const MigrationPlan& migration,
                                             const Question& question) const {
  const config::Shadow& settings = *migration.settings->shadow;
  const bool to_monolith = question.primary == Arm::legacy;
  if (draining_) return shadow::Skip::draining;
  if (!(to_monolith ? settings.to_monolith : settings.to_legacy)) return shadow::Skip::direction;
  if (to_monolith && migration.latched() && !settings.keep_after_rollback) {
    return shadow::Skip::rolled_back;
  }
  if (settings.exclude.find(question.view)) return shadow::Skip::excluded;
  const RequestHead& request = question.request;
  const auto skip = shadow::eligible(settings.sampling, request, question.draw);
  if (skip) return skip;
  if (migration.cluster(other(question.primary)).strained()) return shadow::Skip::strained;
  if (request.framing == Framing::content_length &&
      request.content_length > settings.budget_exchange) {
    return shadow::Skip::body_budget;
  }
  const bool full =
      migration.ledger->bytes.load(std::memory_order_relaxed) >= settings.budget_migration ||
      plan.process_ledger->bytes.load(std::memory_order_relaxed) >= plan.snapshot->shadow_budget;
  if (full) return shadow::Skip::budget;
  return std::nullopt;
}

comparison::Admission Shadows::admit(const Plan& plan, const MigrationPlan& migration,
                                     const Question& question) {
  if (!migration.settings->shadow) return {};
  const config::Shadow& settings = *migration.settings->shadow;
  std::optional<shadow::Skip> skip = why_not(plan, migration, question);
  // With HTTP/1.1 a running shadow is a connection.
  const std::uint64_t running_max = std::min(settings.max_in_flight, settings.max_connections);
  if (!skip && !comparison::reserve(migration.ledger->in_flight, 1, running_max)) {
    skip = settings.max_in_flight <= settings.max_connections ? shadow::Skip::in_flight
                                                              : shadow::Skip::connections;
  }
  if (skip) {
    migration.stats->shadow_skipped[static_cast<std::size_t>(*skip)].add();
    return {};
  }
  return comparison::Admission(*migration.ledger);
}

ShadowId Shadows::launch(ShadowRequest request) {
  const MigrationPlan& migration = request.plan->migrations[request.migration];
  if (migration.cluster(other(request.primary)).strained()) {  // since it was admitted
    migration.stats->shadow_skipped[static_cast<std::size_t>(shadow::Skip::strained)].add();
    return 0;
  }
  const ShadowId id = ++last_id_;
  auto shadow = std::make_unique<ShadowExchange>(*this, loop_, id, std::move(request));
  ShadowExchange& started = *shadow;
  running_.emplace(id, std::move(shadow));
  started.start();
  return id;
}

void Shadows::primary_finished(ShadowId id, comparison::Recording::Finished primary) {
  const auto found = running_.find(id);
  if (found != running_.end()) found->second->primary_finished(std::move(primary));
}

void Shadows::abandon_all() {
  std::vector<ShadowExchange*> all;
  for (const auto& [id, shadow] : running_) all.push_back(shadow.get());
  for (ShadowExchange* shadow : all) shadow->abandon();
}

void Shadows::on_pair_complete(ShadowExchange& shadow) {
  hand_over(shadow);
  const auto found = running_.find(shadow.id());
  loop_.defer_delete(std::move(found->second));
  running_.erase(found);
}

void Shadows::hand_over(ShadowExchange& shadow) {
  const ShadowRequest& request = shadow.request();
  auto [primary, copy] = shadow.take();
  auto job = std::make_unique<comparison::Job>();
  job->snapshot = request.plan->snapshot;
  job->migration = request.migration;
  job->stats = shadow.migration().comparison_stats;
  job->settled = shadow::plainly_equal(primary.response, copy.response);
  job->pair.method = request.head.method_text;
  job->pair.target = request.target;
  job->pair.authority = request.authority;
  job->pair.primary = request.primary;
  job->pair.at = request.at;
  if (!job->settled) {
    const bool legacy_served = request.primary == Arm::legacy;
    job->pair.legacy = std::move(legacy_served ? primary.response : copy.response);
    job->pair.monolith = std::move(legacy_served ? copy.response : primary.response);
    job->left = std::move(primary.reservation);
    job->right = std::move(copy.reservation);
  }
  if (!comparisons_.offer(worker_, std::move(job))) stats_.comparisons_dropped.add();
}

}  // namespace banyan::exchange
