#include "proxy/observe/stats.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace banyan::observe {
namespace {

constexpr std::size_t kNoStatus = kCodeClasses - 1;

// In microseconds; nothing is above the last.
constexpr auto kBoundsUs = [] {
  std::array<std::uint64_t, kDurationBounds.size() + 1> bounds{};
  for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
    bounds[i] = static_cast<std::uint64_t>(kDurationBounds[i] * 1e6 + 0.5);
  }
  bounds.back() = std::numeric_limits<std::uint64_t>::max();
  return bounds;
}();

// The bucket that a step begins in; there is at most one bound within a step.
constexpr auto kBucketOfStep = [] {
  std::array<std::uint8_t, kDurationSteps> buckets{};
  for (std::size_t step = 0; step < kDurationSteps; ++step) {
    const auto begin = static_cast<std::uint64_t>(step_begin(step).count());
    while (kBoundsUs[buckets[step]] < begin) ++buckets[step];
  }
  return buckets;
}();

std::optional<std::size_t> place_of(const std::vector<std::string>& names, std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names.begin());
}

}  // namespace

void DurationHistogram::observe(std::chrono::microseconds d) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0));
  const std::size_t step = duration_step(us);
  const std::size_t first = kBucketOfStep[step];
  buckets[first + (us > kBoundsUs[first] ? 1 : 0)].add();
  sum_us.add(d.count());
  steps[step].add();
}

std::size_t code_class(int status) {
  if (status < 100 || status > 599) return kNoStatus;
  return static_cast<std::size_t>(status / 100 - 1);
}

std::string_view code_class_name(std::size_t code_class) {
  static constexpr std::array<std::string_view, kCodeClasses> kNames{"1xx", "2xx", "3xx",
                                                                     "4xx", "5xx", "none"};
  return kNames[std::min(code_class, kNoStatus)];
}

StatsRegistry::StatsRegistry(std::size_t workers) {
  for (std::size_t i = 0; i < workers + 1; ++i) workers_.emplace_back();  // one for comparison()
  static_cast<void>(migration_slot("none"));
}

std::size_t StatsRegistry::migration_slot(std::string_view name) {
  if (const auto at = place_of(migration_names_, name)) return *at;
  for (WorkerStats& worker : workers_) worker.migrations_.emplace_back();
  migration_names_.emplace_back(name);
  return migration_names_.size() - 1;
}

std::size_t StatsRegistry::upstream_slot(std::string_view name) {
  if (const auto at = place_of(upstream_names_, name)) return *at;
  for (WorkerStats& worker : workers_) worker.upstreams_.emplace_back();
  upstream_names_.emplace_back(name);
  return upstream_names_.size() - 1;
}

}  // namespace banyan::observe
