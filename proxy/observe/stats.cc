#include "proxy/observe/stats.h"

#include <algorithm>
#include <optional>

namespace banyan::observe {
namespace {

constexpr std::size_t kNoStatus = kCodeClasses - 1;

std::optional<std::size_t> place_of(const std::vector<std::string>& names, std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names.begin());
}

}  // namespace

void DurationHistogram::observe(std::chrono::microseconds d) {
  const double seconds = std::chrono::duration<double>(d).count();
  const auto at = std::lower_bound(kDurationBounds.begin(), kDurationBounds.end(), seconds);
  buckets[static_cast<std::size_t>(at - kDurationBounds.begin())].add();
  sum_us.add(d.count());
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
