#include "proxy/comparison/comparison_thread.h"

#include <utility>

namespace banyan::comparison {

ComparisonThread::ComparisonThread(std::size_t workers, Work work) : work_(std::move(work)) {
  for (std::size_t i = 0; i < workers; ++i) rings_.push_back(std::make_unique<Ring>());
  thread_ = std::thread([this] { run(); });
}

ComparisonThread::~ComparisonThread() {
  stopping_.store(true);
  wake();
  thread_.join();
}

bool ComparisonThread::offer(std::size_t worker, std::unique_ptr<Job> job) {
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
void ComparisonThread::wake() {
  if (asleep_.load() == 0) return;
  asleep_.store(0);
  asleep_.notify_one();
}

void ComparisonThread::run() {
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

bool ComparisonThread::work_off_all() {
  bool any = false;
  for (std::size_t worker = 0; worker < rings_.size(); ++worker) any = work_off(worker) || any;
  if (any) meter_.settle();
  return any;
}

bool ComparisonThread::work_off(std::size_t worker) {
  Ring& ring = *rings_[worker];
  std::size_t at = ring.read.load(std::memory_order_relaxed);
  const std::size_t end = ring.written.load();
  if (at == end) return false;
  for (; at != end; ++at) {
    std::unique_ptr<Job> job = std::move(ring.slots[at % kRingSlots]);
    ring.read.store(at + 1, std::memory_order_release);
    work_(worker, std::move(job), meter_);
  }
  return true;
}

}  // namespace banyan::comparison
