#include "proxy/comparison/comparison_pool.h"

#include <algorithm>
#include <utility>

#include "shadow/diff/comparison.h"
#include "shadow/noise/verdict.h"

namespace banyan::comparison {
namespace {

constexpr double kWhole = 100'000;  // millipercent

const config::Migration& settings_of(const Job& job) {
  return job.snapshot->migrations[job.migration];
}

}  // namespace

ComparisonPool::ComparisonPool(std::size_t workers, shadow::DifferenceTable& differences)
    : differences_(differences), askers_(workers), turns_(workers) {
  start_thread();
}

ComparisonPool::~ComparisonPool() = default;

void ComparisonPool::start_thread() {
  const auto free = std::find(threads_.begin(), threads_.end(), nullptr);
  *free = std::make_unique<ComparisonThread>(
      turns_.size(), [this](std::size_t worker, std::unique_ptr<Job> job, CpuMeter& meter) {
        work_off(worker, std::move(job), meter);
      });
}

void ComparisonPool::make_room_for(const config::Snapshot& snapshot) {
  for (const config::Migration& migration : snapshot.migrations) {
    while (!threads_[migration.comparing.threads - 1]) start_thread();
  }
}

bool ComparisonPool::offer(std::size_t worker, std::unique_ptr<Job> job) {
  const std::size_t threads = settings_of(*job).comparing.threads;
  const std::size_t turn = threads == 1 ? 0 : turns_[worker].next++ % threads;
  return threads_[turn]->offer(worker, std::move(job));
}

void ComparisonPool::work_off(std::size_t worker, std::unique_ptr<Job> job, CpuMeter& meter) {
  const config::Migration& migration = settings_of(*job);
  const std::shared_ptr<const config::Snapshot> snapshot = job->snapshot;  // while it is metered
  if (!migration.compare.endpoints.empty()) {
    job->pair.endpoint =
        shadow::templated_endpoint(migration.compare.endpoints, job->pair.method, job->pair.target);
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  const double share = migration.comparing.cpu_millipercent / kWhole;
  // Whoever was asked for again gets a verdict: the greater part is done.
  const bool is_answered = job->second && !job->control;
  // Equal pairs cost nothing, and are left out all the same while others are: what is left has the
  // rate of all.
  if (!is_answered && !meter.may_work_for(migration.name, share, now)) return skip(*job);
  if (job->settled && !job->control) return count(*job, {});
  meter.begin();
  compare(worker, std::move(job), now);
  meter.worked_for(migration.name, now, std::chrono::steady_clock::now());
}

void ComparisonPool::compare(std::size_t worker, std::unique_ptr<Job> job, SteadyTime now) {
  if (job->control) return judge_.learn_from_control(*job, now);
  if (job->second) return count(*job, judge_.with_second_answers(*job, now));
  shadow::Comparison first = shadow::compare(job->pair, settings_of(*job).compare);
  if (!judge_.wants_second_answers(*job, first, can_ask(worker), now)) return count(*job, first);
  job->second = std::make_unique<SecondAnswers>();
  job->second->first = std::move(first);
  if (!ask_again(worker, job)) count(*job, judge_.with_second_answers(*job, now));
}

// A pair that nobody looks at says nothing; what stands in it is not guessed.
void ComparisonPool::skip(const Job& job) {
  {
    const std::scoped_lock lock(stats_mutex_);
    job.stats->reask_skipped[static_cast<std::size_t>(shadow::Skip::cpu_budget)].add();
  }
  if (job.control) return;
  shadow::Comparison skipped;
  skipped.verdict = shadow::Verdict::not_comparable;
  skipped.why_not = to_string(shadow::Skip::cpu_budget);
  count(job, skipped);
}

void ComparisonPool::ask_through(std::size_t worker, Asker asker) {
  const std::scoped_lock lock(askers_mutex_);
  askers_[worker] = std::move(asker);
}

void ComparisonPool::ask_no_more() {
  const std::scoped_lock lock(askers_mutex_);
  for (Asker& asker : askers_) asker = nullptr;
}

bool ComparisonPool::can_ask(std::size_t worker) {
  const std::scoped_lock lock(askers_mutex_);
  return askers_[worker] != nullptr;
}

bool ComparisonPool::ask_again(std::size_t worker, std::unique_ptr<Job>& job) {
  const std::scoped_lock lock(askers_mutex_);
  if (!askers_[worker]) return false;
  askers_[worker](std::move(job));
  return true;
}

void ComparisonPool::count(const Job& job, const shadow::Comparison& result) {
  const config::Migration& migration = settings_of(job);
  const shadow::Epoch epoch(migration.epoch, migration.compare_hash, job.snapshot->generation);
  const auto shadow_arm = static_cast<std::size_t>(other(job.pair.primary));
  differences_.add(migration.name, epoch, job.pair, result);
  const std::scoped_lock lock(stats_mutex_);
  job.stats->comparisons[shadow_arm][static_cast<std::size_t>(result.verdict)].add();
}

}  // namespace banyan::comparison
