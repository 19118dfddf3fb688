// proxy/comparison/comparison_pool.h: where pairs are compared, off the workers' threads.
//
//   worker i --[bounded ring i]--> comparison thread --> DifferenceTable
//            <------ask again-----'
//
// A ring has one writer and one reader: handing a pair over takes no lock and never waits. A full
// ring drops the pair, which the caller counts. The thread sleeps while all rings are empty; under
// load it naps between two rounds, so that a worker has to wake it kRoundsPerSecond times a second
// at most and not once for each pair.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/comparison/job.h"
#include "proxy/comparison/judge.h"
#include "shadow/difference_table.h"

namespace banyan::comparison {

class ComparisonPool {
 public:
  static constexpr std::size_t kRingSlots = 1024;  // of each worker
  static constexpr int kRoundsPerSecond = 200;

  ComparisonPool(std::size_t workers, shadow::DifferenceTable& differences);
  ~ComparisonPool();  // works off what is queued, then ends the thread
  ComparisonPool(const ComparisonPool&) = delete;
  ComparisonPool& operator=(const ComparisonPool&) = delete;

  // The thread of `worker` alone. False where its ring is full; the job is then destroyed.
  [[nodiscard]] bool offer(std::size_t worker, std::unique_ptr<Job> job);

  // Sees to it that `worker` asks both arms again and offers the job once more; called on the
  // comparison thread. Control thread; before it is given, and once there are no more, nobody asks.
  using Asker = std::function<void(std::unique_ptr<Job>)>;
  void ask_through(std::size_t worker, Asker asker);
  void ask_no_more();

 private:
  struct Ring {
    std::vector<std::unique_ptr<Job>> slots{kRingSlots};
    alignas(64) std::atomic<std::size_t> written{0};
    alignas(64) std::atomic<std::size_t> read{0};
  };
  void run();
  void wake();
  bool work_off_all();
  bool work_off(std::size_t worker);
  void work_off(std::size_t worker, std::unique_ptr<Job> job);
  [[nodiscard]] bool can_ask(std::size_t worker);
  [[nodiscard]] bool ask_again(std::size_t worker, std::unique_ptr<Job>& job);
  void count(const Job& job, const shadow::Comparison& result);

  shadow::DifferenceTable& differences_;
  Judge judge_;
  std::mutex askers_mutex_;
  std::vector<Asker> askers_;  // by worker
  std::vector<std::unique_ptr<Ring>> rings_;
  std::atomic<std::uint32_t> asleep_{0};  // 1: somebody has to wake it
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace banyan::comparison
