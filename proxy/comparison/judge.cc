#include "proxy/comparison/judge.h"

#include <utility>

#include "shadow/difference_table.h"

namespace banyan::comparison {
namespace {

using shadow::Comparison;
using shadow::Outcome;
using shadow::Standing;

constexpr double kWhole = 100'000;  // millipercent

const config::Migration& settings_of(const Job& job) {
  return job.snapshot->migrations[job.migration];
}

shadow::ReaskBudget::Limits limits_of(const config::AskingAgain& settings) {
  return {settings.reasks_per_second, settings.reask_millipercent / kWhole};
}

shadow::Need need_of(Standing standing) {
  if (standing == Standing::unknown) return shadow::Need::decides;
  return standing == Standing::mismatch ? shadow::Need::confirms : shadow::Need::refreshes;
}

// Whether the second answers say anything: legacy's has to be there, the monolith's to be owed.
bool is_conclusive(const SecondAnswers& second) {
  const Outcome monolith = second.monolith.outcome;
  return second.asked && second.legacy.outcome == Outcome::answered &&
         monolith != Outcome::over_budget && monolith != Outcome::abandoned &&
         monolith != Outcome::stale_connection;
}

// Two answers to the request of `pair`. They are given back.
Comparison compared(shadow::CapturedResponse& left, shadow::CapturedResponse& right,
                    const Job& job) {
  shadow::CapturedPair pair;
  pair.method = job.pair.method;
  pair.target = job.pair.target;
  pair.authority = job.pair.authority;
  pair.legacy = std::move(left);
  pair.monolith = std::move(right);
  Comparison comparison = shadow::compare(pair, settings_of(job).compare);
  left = std::move(pair.legacy);
  right = std::move(pair.monolith);
  return comparison;
}

}  // namespace

Judge::Migration& Judge::migration_of(const Job& job, SteadyTime now) {
  const config::Migration& settings = settings_of(job);
  const shadow::ReaskBudget::Limits limits = limits_of(settings.asking_again);
  auto found = migrations_.find(settings.name);
  if (found == migrations_.end()) {
    found = migrations_.emplace(settings.name, Migration(limits)).first;
  }
  Migration& migration = found->second;
  if (migration.budget.limits() != limits) migration.budget = shadow::ReaskBudget(limits);
  // Another build or other rules: other noise.
  if (migration.epoch != settings.epoch || migration.rules != settings.compare_hash) {
    migration.model = {};
    migration.epoch = settings.epoch;
    migration.rules = settings.compare_hash;
  }
  migration.model.advance(now);
  return migration;
}

std::uint64_t Judge::count_exchanges(Migration& migration, const Job& job) {
  if (job.served == nullptr) return migration.exchanges;
  std::uint64_t served = 0;
  for (const Arm arm : {Arm::legacy, Arm::monolith}) {
    for (const auto& count : job.served->of(arm, Role::primary).requests) {
      served += static_cast<std::uint64_t>(count.read());
    }
  }
  std::uint64_t& counted = migration.counted[job.served];
  migration.exchanges += served - counted;
  counted = served;
  return migration.exchanges;
}

bool Judge::wants_second_answers(const Job& job, Comparison& first, bool can_ask, SteadyTime now) {
  if (first.verdict != shadow::Verdict::mismatch) return false;
  const std::string endpoint = shadow::endpoint_name(job.pair);
  const std::scoped_lock lock(mutex_);
  Migration& migration = migration_of(job, now);
  const Standing standing = shadow::stand(first, endpoint, migration.model);
  if (standing == Standing::settled) return false;
  const bool may_ask =
      can_ask && job.repeatable != nullptr && migration.budget.limits().allows_any();
  if (!may_ask) {
    shadow::without_second_answers(first, standing, shadow::NotAsked::nobody_asks);
    return false;
  }
  const std::uint64_t exchanges = count_exchanges(migration, job);
  if (migration.budget.take(need_of(standing), now, exchanges)) return true;
  shadow::without_second_answers(first, standing, shadow::NotAsked::no_budget);
  if (standing == Standing::unknown) {
    job.stats->reask_skipped[static_cast<std::size_t>(shadow::Skip::reask_budget)].add();
  }
  return false;
}

Comparison Judge::with_second_answers(Job& job, SteadyTime now) {
  SecondAnswers& second = *job.second;
  Comparison first = std::move(second.first);
  const std::string endpoint = shadow::endpoint_name(job.pair);
  Comparison legacy, again;
  const bool conclusive = is_conclusive(second);
  if (conclusive) {
    legacy = compared(job.pair.legacy, second.legacy, job);
    again = compared(second.legacy, second.monolith, job);
  }
  const std::scoped_lock lock(mutex_);
  shadow::NoiseModel& model = migration_of(job, now).model;
  if (conclusive) {
    shadow::with_second_answers(first, endpoint, legacy, again, model);
  } else {
    shadow::without_second_answers(first, shadow::stand(first, endpoint, model),
                                   shadow::NotAsked::no_budget);
  }
  return first;
}

void Judge::learn_from_control(Job& job, SteadyTime now) {
  SecondAnswers& second = *job.second;
  if (!second.asked || second.legacy.outcome != Outcome::answered) return;
  if (!job.settled && job.pair.monolith.outcome != Outcome::answered) return;
  const Comparison legacy = compared(job.pair.legacy, second.legacy, job);
  Comparison arms;
  if (!job.settled) arms = compared(job.pair.legacy, job.pair.monolith, job);
  const std::string endpoint = shadow::endpoint_name(job.pair);
  const std::scoped_lock lock(mutex_);
  shadow::NoiseModel& model = migration_of(job, now).model;
  model.learn(endpoint, shadow::PlacesThatDiffer(arms), shadow::PlacesThatDiffer(legacy), true);
  model.learn_shapes(endpoint, legacy);
}

}  // namespace banyan::comparison
