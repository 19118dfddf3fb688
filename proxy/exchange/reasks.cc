#include "proxy/exchange/reasks.h"

#include <algorithm>
#include <utility>

namespace banyan::exchange {

Reasks::~Reasks() = default;

bool Reasks::draws(std::uint32_t millipercent) {
  return millipercent > 0 && random_() % 100'000 < millipercent;
}

void Reasks::ask_again(const std::shared_ptr<const Plan>& plan,
                       std::unique_ptr<comparison::Job> job) {
  // Another configuration came meanwhile, and with it other upstreams.
  if (plan->snapshot != job->snapshot) return give_back(std::move(job));
  run(plan, std::move(job));
}

void Reasks::control(const std::shared_ptr<const Plan>& plan,
                     std::unique_ptr<comparison::Job> job) {
  run(plan, std::move(job));
}

std::optional<shadow::Skip> Reasks::why_not(const Plan& plan, const comparison::Job& job) const {
  const MigrationPlan& migration = plan.migrations[job.migration];
  const config::Shadow& settings = *migration.settings->shadow;
  if (draining_) return shadow::Skip::draining;
  if (!job.control && migration.stops_shadows_to(Arm::monolith)) return shadow::Skip::rolled_back;
  const bool strained = migration.cluster(Arm::legacy).strained() ||
                        (!job.control && migration.cluster(Arm::monolith).strained());
  if (strained) return shadow::Skip::strained;
  const bool full =
      migration.ledger->bytes.load(std::memory_order_relaxed) >= settings.budget_migration ||
      plan.process_ledger->bytes.load(std::memory_order_relaxed) >= plan.snapshot->shadow_budget;
  if (full) return shadow::Skip::budget;
  return std::nullopt;
}

std::optional<shadow::Skip> Reasks::admit(const Plan& plan, const comparison::Job& job,
                                          Reask::Admissions& admissions) const {
  const MigrationPlan& migration = plan.migrations[job.migration];
  if (const auto skip = why_not(plan, job)) return skip;
  for (std::size_t i = 0; i < (job.control ? 1U : 2U); ++i) {
    admissions[i] = comparison::Admission::take(migration.ledger->in_flight,
                                                migration.settings->shadow->max_in_flight);
    if (!admissions[i]) return shadow::Skip::in_flight;
  }
  return std::nullopt;
}

void Reasks::run(const std::shared_ptr<const Plan>& plan, std::unique_ptr<comparison::Job> job) {
  Reask::Admissions admissions;
  if (const auto skip = admit(*plan, *job, admissions)) {
    plan->migrations[job->migration].count_skip(*skip);
    return give_back(std::move(job));
  }
  Reask& made = *running_.emplace_back(
      std::make_unique<Reask>(*this, loop_, plan, std::move(job), std::move(admissions)));
  const std::uint64_t bits = std::uint64_t{random_()} << 32U | random_();
  made.start((bits & 1U) != 0 ? Arm::monolith : Arm::legacy, bits);
}

void Reasks::on_reask_over(Reask& reask) {
  give_back(reask.take());
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& r) { return r.get() == &reask; });
  loop_.defer_delete(std::move(*found));
  running_.erase(found);
}

void Reasks::give_back(std::unique_ptr<comparison::Job> job) {
  observe::MigrationStats* const pair_of = job->control ? nullptr : job->served;
  const auto arm = static_cast<std::size_t>(other(job->pair.primary));
  const bool is_taken = comparisons_.offer(worker_, std::move(job));
  if (!is_taken && pair_of != nullptr) pair_of->pairs_dropped[arm].add();
}

}  // namespace banyan::exchange
