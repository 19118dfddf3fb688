#include "proxy/exchange/shadows.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace banyan::exchange {
namespace {

std::shared_ptr<const comparison::Repeatable> repeatable(ShadowRequest&& request) {
  auto made = std::make_shared<comparison::Repeatable>();
  made->arm = other(request.primary);
  made->head = std::move(request.head);
  made->unformed = std::move(request.unformed);
  made->matched = std::move(request.matched);
  made->body = std::move(request.body.bytes);
  made->trailers = std::move(request.body.trailers);
  made->reservation = std::move(request.body.reservation);
  return made;
}

}  // namespace

Shadows::~Shadows() = default;

std::optional<shadow::Skip> Shadows::why_not(const Plan& plan, const MigrationPlan& migration,
                                             const Question& question) const {
  const config::Shadow& settings = *migration.settings->shadow;
  const bool to_monolith = question.primary == Arm::legacy;
  if (draining_) return shadow::Skip::draining;
  if (!(to_monolith ? settings.to_monolith : settings.to_legacy)) return shadow::Skip::direction;
  if (migration.stops_shadows_to(other(question.primary))) return shadow::Skip::rolled_back;
  if (settings.exclude.find(question.view)) return shadow::Skip::excluded;
  const RequestHead& request = question.request;
  const auto skip =
      question.grpc ? shadow::eligible_call(settings.sampling, question.view.path, question.draw)
                    : shadow::eligible(settings.sampling, request, question.draw);
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
  const bool alone = migration.cluster(other(question.primary)).settings().upstream.protocol ==
                     config::Protocol::http1;
  const std::uint64_t running_max =
      alone ? std::min(settings.max_in_flight, settings.max_connections) : settings.max_in_flight;
  if (!skip) {
    auto admission = comparison::Admission::take(migration.ledger->in_flight, running_max);
    if (admission) return admission;
    skip =
        running_max == settings.max_in_flight ? shadow::Skip::in_flight : shadow::Skip::connections;
  }
  migration.count_skip(*skip, other(question.primary));
  return {};
}

// What keeps a shadow away that was admitted before.
std::optional<shadow::Skip> Shadows::came_between(const MigrationPlan& migration, Arm arm) {
  if (migration.stops_shadows_to(arm)) return shadow::Skip::rolled_back;
  if (migration.cluster(arm).strained()) return shadow::Skip::strained;
  return std::nullopt;
}

ShadowId Shadows::launch(ShadowRequest&& request) {
  const MigrationPlan& migration = request.plan->migrations[request.migration];
  const Arm primary = request.primary;
  if (const auto skip = came_between(migration, other(primary))) {
    migration.count_skip(*skip, other(primary));
    return 0;
  }
  const ShadowId id = ++last_id_;
  auto shadow = std::make_unique<ShadowExchange>(*this, loop_, id, std::move(request));
  if (const auto skip = shadow->start()) {
    migration.count_skip(*skip, other(primary));
    return 0;
  }
  running_.emplace(id, std::move(shadow));
  return id;
}

void Shadows::primary_finished(ShadowId id, comparison::Recording::Finished&& primary) {
  const auto found = running_.find(id);
  if (found != running_.end()) found->second->primary_finished(std::move(primary));
}

void Shadows::read_on(OrphanedAnswer::Remains remains) {
  const MigrationPlan& migration = remains.plan->migrations[remains.migration];
  auto place =
      CountedPlace::take(migration.ledger->orphans, migration.settings->shadow->max_in_flight);
  const bool is_wanted = place && !draining_ && !migration.stops_shadows_to(other(remains.arm));
  auto orphan =
      std::make_unique<OrphanedAnswer>(*this, loop_, std::move(remains), std::move(place));
  OrphanedAnswer& made = *orphans_.emplace_back(std::move(orphan));
  is_wanted ? made.read_on() : made.abandon();
}

void Shadows::on_orphan_over(OrphanedAnswer& orphan) {
  const auto found = std::find_if(orphans_.begin(), orphans_.end(),
                                  [&](const auto& o) { return o.get() == &orphan; });
  loop_.defer_delete(std::move(*found));
  orphans_.erase(found);
}

template <class Which>
void Shadows::abandon(Which which) {
  std::vector<ShadowExchange*> shadows;
  for (const auto& [id, shadow] : running_) {
    if (which(shadow->migration(), shadow->arm())) shadows.push_back(shadow.get());
  }
  std::vector<OrphanedAnswer*> orphans;
  for (const auto& orphan : orphans_) {
    if (which(orphan->migration(), orphan->shadow_arm())) orphans.push_back(orphan.get());
  }
  // What ends goes to the deferred deletes: the pointers stay good.
  for (ShadowExchange* shadow : shadows) shadow->abandon();
  for (OrphanedAnswer* orphan : orphans) orphan->abandon();
  reasks_.abandon(which);
}

void Shadows::abandon_all() {
  abandon([](const MigrationPlan&, Arm) { return true; });
}

void Shadows::abandon_rolled_back() {
  abandon([](const MigrationPlan& migration, Arm arm) { return migration.stops_shadows_to(arm); });
}

void Shadows::on_pair_complete(ShadowExchange& shadow) {
  hand_over(shadow);
  const auto found = running_.find(shadow.id());
  loop_.defer_delete(std::move(found->second));
  running_.erase(found);
}

void Shadows::hand_over(ShadowExchange& shadow) {
  const std::chrono::microseconds skew = shadow.skew();
  auto [request, primary, copy] = shadow.take();
  const std::shared_ptr<const Plan> plan = request.plan;
  const MigrationPlan& migration = plan->migrations[request.migration];
  const bool legacy_served = request.primary == Arm::legacy;
  comparison::Recording::Finished& legacy = legacy_served ? primary : copy;
  comparison::Recording::Finished& monolith = legacy_served ? copy : primary;
  auto job = std::make_unique<comparison::Job>();
  job->snapshot = plan->snapshot;
  job->migration = request.migration;
  job->stats = migration.comparison_stats;
  job->settled = shadow::plainly_equal(primary.response, copy.response);
  job->pair.method = request.head.method_text;
  job->pair.target = request.target;
  job->pair.authority = request.authority;
  job->pair.primary = request.primary;
  job->pair.at = request.at;
  job->pair.skew = skew;
  job->pair.key_hash = request.key_hash;
  job->pair.after_write = request.after_write;
  const bool is_control = may_repeat(request) &&
                          legacy.response.outcome == shadow::Outcome::answered &&
                          reasks_.draws(shadow::control_among_shadows(
                              migration.settings->asking_again.control_millipercent,
                              migration.settings->shadow->sampling.millipercent));
  if ((!job->settled || is_control) && may_repeat(request)) {
    job->repeatable = repeatable(std::move(request));
  }
  if (job->settled) {
    // Nothing of them is looked at again but how long they took.
    job->pair.legacy.latency = legacy.response.latency;
    job->pair.monolith.latency = monolith.response.latency;
  } else {
    job->served = migration.stats;
    job->pair.legacy = std::move(legacy.response);
    job->pair.monolith = std::move(monolith.response);
    job->left = std::move(legacy.reservation);
    job->right = std::move(monolith.reservation);
  }
  if (is_control) ask_control(plan, *job, std::move(legacy));
  if (!comparisons_.offer(worker_, std::move(job))) {
    migration.stats->pairs_dropped[static_cast<std::size_t>(shadow.arm())].add();
  }
}

// Legacy's answer is taken where the job does not need it, and copied else.
void Shadows::ask_control(const std::shared_ptr<const Plan>& plan, const comparison::Job& job,
                          comparison::Recording::Finished&& legacy) {
  auto control = std::make_unique<comparison::Job>();
  control->snapshot = job.snapshot;
  control->migration = job.migration;
  control->control = true;
  control->settled = job.settled;
  control->pair = job.pair;
  control->repeatable = job.repeatable;
  control->second = std::make_unique<comparison::SecondAnswers>();
  const MigrationPlan& migration = plan->migrations[job.migration];
  if (job.settled) {
    control->pair.legacy = std::move(legacy.response);
    control->left = std::move(legacy.reservation);
  } else {
    control->left = reservation_for(*plan, migration);
    control->right = reservation_for(*plan, migration);
    if (!control->left.grow(job.pair.legacy.body.size()) ||
        !control->right.grow(job.pair.monolith.body.size())) {
      return migration.count_skip(shadow::Skip::budget);
    }
  }
  reasks_.control(plan, std::move(control));
}

}  // namespace banyan::exchange
