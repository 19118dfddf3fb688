// proxy/comparison/comparison_pool.h: where pairs are compared, off the workers' threads.
//
//   worker i --[bounded ring i]--> comparison thread --> DifferenceTable
//
// A ring has one writer and one reader: handing a pair over takes no lock and never waits. A full
// ring drops the pair, which the caller counts. The thread sleeps while all rings are empty; under
// load it naps between two rounds, so that a worker has to wake it kRoundsPerSecond times a second
// at most and not once for each pair.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "config/snapshot.h"
#include "proxy/comparison/budget.h"
#include "proxy/observe/stats.h"
#include "shadow/capture.h"
#include "shadow/difference_table.h"

namespace banyan::comparison {

struct Job {
  std::shared_ptr<const config::Snapshot> snapshot;  // keeps the rules alive
  std::size_t migration = 0;                         // index into snapshot->migrations
  observe::MigrationStats* stats = nullptr;          // written by the comparison thread alone
  bool settled = false;                              // plainly equal: only to be counted
  shadow::CapturedPair pair;
  Reservation left;
  Reservation right;
};

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

 private:
  struct Ring {
    std::vector<std::unique_ptr<Job>> slots{kRingSlots};
    alignas(64) std::atomic<std::size_t> written{0};
    alignas(64) std::atomic<std::size_t> read{0};
  };
  void run();
  void wake();
  bool work_off_all();
  bool work_off(Ring& ring);
  void compare(const Job& job);

  shadow::DifferenceTable& differences_;
  std::vector<std::unique_ptr<Ring>> rings_;
  std::atomic<std::uint32_t> asleep_{0};  // 1: somebody has to wake it
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace banyan::comparison
