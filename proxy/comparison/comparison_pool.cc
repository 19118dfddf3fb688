#include "proxy/comparison/comparison_pool.h"

#include <utility>

#include "shadow/diff/comparison.h"

namespace banyan::comparison {

ComparisonPool::ComparisonPool(std::size_t workers, shadow::DifferenceTable& differences)
    : differences_(differences), askers_(workers) {
  for (std::size_t i = 0; i < workers; ++i) rings_.push_back(std::make_unique<Ring>());
  thread_ = std::thread([this] { run(); });
}

ComparisonPool::~ComparisonPool() {
  stopping_.store(true);
  wake();
  thread_.join();
}

bool ComparisonPool::offer(std::size_t worker, std::unique_ptr<Job> job) {
  Ring& ring = *rings_[worker];
  const std::size_t at = ring.written.load(std::memory_order_relaxed);
  if (at - ring.read.load(std::memory_order_acquire) >= kRingSlots) return false;
  ring.slots[at % kRingSlots] = std::move(job);
  ring.written.store(at + 1);
  wake();
  return true;
}

// Either we see that it is about to sleep, or it sees what we have left: both sides write first,
// then read, all four sequentially consistent.
void ComparisonPool::wake() {
  if (asleep_.load() == 0) return;
  asleep_.store(0);
  asleep_.notify_one();
}

void ComparisonPool::run() {
  while (true) {
    const bool last_round = stopping_.load();
    if (work_off_all()) {
      if (!last_round) std::this_thread::sleep_for(std::chrono::seconds(1) / kRoundsPerSecond);
      continue;
    }
    if (last_round) return;
    asleep_.store(1);
    if (work_off_all() || stopping_.load()) {
      asleep_.store(0);
      continue;
    }
    asleep_.wait(1);
  }
}

bool ComparisonPool::work_off_all() {
  bool any = false;
  for (std::size_t worker = 0; worker < rings_.size(); ++worker) any = work_off(worker) || any;
  return any;
}

bool ComparisonPool::work_off(std::size_t worker) {
  Ring& ring = *rings_[worker];
  std::size_t at = ring.read.load(std::memory_order_relaxed);
  const std::size_t end = ring.written.load();
  if (at == end) return false;
  for (; at != end; ++at) {
    std::unique_ptr<Job> job = std::move(ring.slots[at % kRingSlots]);
    ring.read.store(at + 1, std::memory_order_release);
    work_off(worker, std::move(job));
  }
  return true;
}

void ComparisonPool::work_off(std::size_t worker, std::unique_ptr<Job> job) {
  if (job->settled && !job->control) return count(*job, {});
  const SteadyTime now = std::chrono::steady_clock::now();
  if (job->control) return judge_.learn_from_control(*job, now);
  if (job->second) return count(*job, judge_.with_second_answers(*job, now));
  const config::Migration& migration = job->snapshot->migrations[job->migration];
  shadow::Comparison first = shadow::compare(job->pair, migration.compare);
  if (!judge_.wants_second_answers(*job, first, can_ask(worker), now)) return count(*job, first);
  job->second = std::make_unique<SecondAnswers>();
  job->second->first = std::move(first);
  if (!ask_again(worker, job)) count(*job, judge_.with_second_answers(*job, now));
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
  const config::Migration& migration = job.snapshot->migrations[job.migration];
  const shadow::Epoch epoch(migration.epoch, migration.compare_hash, job.snapshot->generation);
  const auto shadow_arm = static_cast<std::size_t>(other(job.pair.primary));
  job.stats->comparisons[shadow_arm][static_cast<std::size_t>(result.verdict)].add();
  differences_.add(migration.name, epoch, job.pair, result);
}

}  // namespace banyan::comparison
