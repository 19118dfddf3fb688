// proxy/observe/stats.h: the counters that workers write and a scrape reads.
//
// Every counter has one writer, its worker, so adding is a load, an addition and a store, and no
// cache line is shared between workers. Every index is resolved when a configuration is compiled:
// nothing is looked up by name while a request waits. Counters live as long as the process.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "base/duration_scale.h"
#include "base/error.h"
#include "proxy/observe/failure_stats.h"
#include "shadow/diff/comparison.h"
#include "shadow/sampler.h"

namespace banyan::observe {

// Seconds, the upper bounds of the buckets of `banyan_request_duration_seconds`.
inline constexpr std::array kDurationBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                            0.1,    0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

struct DurationHistogram {
  std::array<Counter, kDurationBounds.size() + 1> buckets;  // not cumulative; the last: +Inf
  Counter sum_us;
  std::array<SmallCounter, kDurationSteps> steps;  // the same, finer
  void observe(std::chrono::microseconds d);
};

// 1xx..5xx, and `none` for an exchange without a status (the client left, the shadow broke).
inline constexpr std::size_t kCodeClasses = 6;
[[nodiscard]] std::size_t code_class(int status);
[[nodiscard]] std::string_view code_class_name(std::size_t code_class);

// The statuses of gRPC, 0 to 16.
inline constexpr std::size_t kGrpcStatuses = 17;

struct ArmStats {
  std::array<Counter, kCodeClasses> requests;
  std::array<Counter, kGrpcStatuses> grpc_requests;  // those that are gRPC calls, again
  DurationHistogram duration;
};

// One migration, or (slot 0) what belongs to none: default and 404, always as legacy.
struct MigrationStats {
  std::array<std::array<ArmStats, kRoleCount>, 2> by_arm_and_role;
  [[nodiscard]] ArmStats& of(Arm arm, Role role) {
    return by_arm_and_role[static_cast<std::size_t>(arm)][static_cast<std::size_t>(role)];
  }
  [[nodiscard]] const ArmStats& of(Arm arm, Role role) const {
    return by_arm_and_role[static_cast<std::size_t>(arm)][static_cast<std::size_t>(role)];
  }
  // By the shadow's arm (direction) and verdict; only those settled on the worker.
  std::array<std::array<Counter, shadow::kVerdictCount>, 2> comparisons;
  // By the arm that a shadow would have gone to, and why there was none.
  std::array<std::array<Counter, shadow::kSkipCount>, 2> shadow_skipped;
  // Controls and second askings that were not sent, and pairs that were not looked at.
  std::array<Counter, shadow::kSkipCount> reask_skipped;
  // Pairs that came while the comparison queue was full, by the shadow's arm.
  std::array<Counter, 2> pairs_dropped;
  Failures failures;  // of the primaries
  // The control thread does not look at the counters: nothing has changed for a while. Whoever
  // changes one then wakes it.
  std::atomic<bool> unwatched{false};
  Counter sticky_missing;
  Counter fallbacks;  // served by legacy because the monolith could not be reached
};

struct UpstreamStats {
  std::array<Counter, 2> connections;  // by Role, primary or all of Banyan's own; a gauge
  Counter connections_opened;          // of both roles
  Counter retries;
};

// All counters of one worker.
class WorkerStats {
 public:
  std::array<Counter, kErrorCodeCount> local_errors;
  Counter downstream_connections;  // a gauge
  Counter tunnels;                 // a gauge
  // Slots must have been made with StatsRegistry before.
  [[nodiscard]] MigrationStats& migration(std::size_t slot) { return migrations_[slot]; }
  [[nodiscard]] UpstreamStats& upstream(std::size_t slot) { return upstreams_[slot]; }
  [[nodiscard]] const MigrationStats& migration(std::size_t slot) const {
    return migrations_[slot];
  }
  [[nodiscard]] const UpstreamStats& upstream(std::size_t slot) const { return upstreams_[slot]; }

 private:
  friend class StatsRegistry;
  std::deque<MigrationStats> migrations_;  // grown by the control thread under the registry's
  std::deque<UpstreamStats> upstreams_;    // rules; elements never move
};

// Control thread only. Slots are made before the configuration that uses them is published.
class StatsRegistry {
 public:
  explicit StatsRegistry(std::size_t workers);

  // Slot 0 is `none`. The pointers that workers need are taken from worker(i) at compile time, so
  // a worker never reads the deque while it grows.
  [[nodiscard]] std::size_t migration_slot(std::string_view name);
  [[nodiscard]] std::size_t upstream_slot(std::string_view name);
  [[nodiscard]] WorkerStats& worker(std::size_t index) { return workers_[index]; }
  // Of the comparison threads, which count like one more worker: one at a time.
  [[nodiscard]] WorkerStats& comparison() { return workers_.back(); }
  [[nodiscard]] const std::deque<WorkerStats>& workers() const { return workers_; }
  [[nodiscard]] const std::vector<std::string>& migrations() const { return migration_names_; }
  [[nodiscard]] const std::vector<std::string>& upstreams() const { return upstream_names_; }

 private:
  std::deque<WorkerStats> workers_;
  std::vector<std::string> migration_names_;
  std::vector<std::string> upstream_names_;
};

}  // namespace banyan::observe
