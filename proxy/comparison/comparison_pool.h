// proxy/comparison/comparison_pool.h: where pairs are compared, off the workers' threads.
//
//   worker i --[bounded ring i]--> comparison thread --> DifferenceTable
//            <------ask again-----'
//
// As many threads as the migration has that wants most (`compare.threads`); the pairs of one
// migration go round among so many of them. A full ring drops the pair, which the caller counts.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "proxy/comparison/comparison_thread.h"
#include "proxy/comparison/job.h"
#include "proxy/comparison/judge.h"
#include "shadow/difference_table.h"

namespace banyan::comparison {

class ComparisonPool {
 public:
  static constexpr std::size_t kRingSlots = ComparisonThread::kRingSlots;

  // Has one thread.
  ComparisonPool(std::size_t workers, shadow::DifferenceTable& differences);
  ~ComparisonPool();  // works off what is queued, then ends the threads
  ComparisonPool(const ComparisonPool&) = delete;
  ComparisonPool& operator=(const ComparisonPool&) = delete;

  // Control thread, before a worker gets to know of that configuration. Threads are added and
  // never taken away: one that nobody needs any more sleeps.
  void make_room_for(const config::Snapshot& snapshot);

  // The thread of `worker` alone. False where the ring is full; the job is then destroyed.
  [[nodiscard]] bool offer(std::size_t worker, std::unique_ptr<Job> job);

  // Sees to it that `worker` asks both arms again and offers the job once more; called on a
  // comparison thread. Control thread; before it is given, and once there are no more, nobody asks.
  using Asker = std::function<void(std::unique_ptr<Job>)>;
  void ask_through(std::size_t worker, Asker asker);
  void ask_no_more();

 private:
  struct alignas(64) Turn {
    std::size_t next = 0;  // of the worker, which alone touches it
  };
  void start_thread();
  void work_off(std::size_t worker, std::unique_ptr<Job> job, CpuMeter& meter);
  void compare(std::size_t worker, std::unique_ptr<Job> job, SteadyTime now);
  void skip(const Job& job);
  [[nodiscard]] bool can_ask(std::size_t worker);
  [[nodiscard]] bool ask_again(std::size_t worker, std::unique_ptr<Job>& job);
  void count(const Job& job, const shadow::Comparison& result);

  shadow::DifferenceTable& differences_;
  Judge judge_;
  std::mutex askers_mutex_;
  std::vector<Asker> askers_;  // by worker
  std::mutex stats_mutex_;     // the counters of comparisons have one writer at a time
  std::vector<Turn> turns_;    // by worker
  // A worker looks only at those that were there when it got its configuration. The last member:
  // the threads end before what they use.
  std::array<std::unique_ptr<ComparisonThread>, config::kComparisonThreadsMax> threads_;
};

}  // namespace banyan::comparison
