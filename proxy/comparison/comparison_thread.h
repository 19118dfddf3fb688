// proxy/comparison/comparison_thread.h: one thread that works off pairs, with a ring from each
// worker.
//
// A ring has one writer and one reader: handing a pair over takes no lock and never waits. The
// thread sleeps while all rings are empty; under load it naps between two rounds, so that a worker
// has to wake it kRoundsPerSecond times a second at most and not once for each pair.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "proxy/comparison/cpu_budget.h"
#include "proxy/comparison/job.h"

namespace banyan::comparison {

class ComparisonThread {
 public:
  static constexpr std::size_t kRingSlots = 1024;  // of each worker
  static constexpr int kRoundsPerSecond = 200;

  // Called on the thread for each pair that `worker` offered; `meter` is the thread's own.
  using Work = std::function<void(std::size_t worker, std::unique_ptr<Job>, CpuMeter& meter)>;
  ComparisonThread(std::size_t workers, Work work);
  ~ComparisonThread();  // works off what is queued first
  ComparisonThread(const ComparisonThread&) = delete;
  ComparisonThread& operator=(const ComparisonThread&) = delete;

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
  bool work_off(std::size_t worker);

  Work work_;
  CpuMeter meter_{thread_cpu_time};
  std::vector<std::unique_ptr<Ring>> rings_;
  std::atomic<std::uint32_t> asleep_{0};  // 1: somebody has to wake it
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace banyan::comparison
