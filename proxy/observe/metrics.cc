#include "proxy/observe/metrics.h"

#include <functional>
#include <limits>

#include "proxy/observe/metrics_page.h"

namespace banyan::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr double kMicrosPerSecond = 1e6;
constexpr std::array kArms{Arm::legacy, Arm::monolith};
constexpr std::array kLaneRoles{Role::primary, Role::shadow};
constexpr std::array kRoles{Role::primary, Role::shadow, Role::control, Role::reask};

std::string text(std::string_view view) { return std::string(view); }

// The sum over all workers.
template <class Read>
double sum(const StatsRegistry& stats, Read read) {
  std::int64_t total = 0;
  for (const WorkerStats& worker : stats.workers()) {
    total += read(worker).read();
  }
  return static_cast<double>(total);
}

// The same, over both arms: `read(worker, arm)`.
template <class Read>
double sum_of_arms(const StatsRegistry& stats, Read read) {
  const auto of = [&](std::size_t arm) {
    return sum(stats, [&](const WorkerStats& w) -> const Counter& { return read(w, arm); });
  };
  return of(0) + of(1);
}

// What belongs to no migration is always legacy's, and asked by clients or passing shadows.
bool can_occur(std::size_t slot, Arm arm, Role role) {
  if (role == Role::control) return slot != 0 && arm == Arm::legacy;
  return slot != 0 || (arm == Arm::legacy && role != Role::reask);
}

// Calls take(slot, name, arm, role) for all that can occur.
template <class Take>
void for_each_arm(const StatsRegistry& stats, Take take) {
  for (std::size_t slot = 0; slot < stats.migrations().size(); ++slot) {
    for (const Arm arm : kArms) {
      for (const Role role : kRoles) {
        if (can_occur(slot, arm, role)) take(slot, stats.migrations()[slot], arm, role);
      }
    }
  }
}

Labels arm_labels(const std::string& migration, Arm arm, Role role) {
  return {{"migration", migration}, {"arm", text(to_string(arm))}, {"role", text(to_string(role))}};
}

void add_requests(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Counter, "requests_total",
             "Exchanges that ended, by the class of their status.");
  for_each_arm(stats, [&](std::size_t slot, const std::string& name, Arm arm, Role role) {
    for (std::size_t c = 0; c < kCodeClasses; ++c) {
      Labels labels = arm_labels(name, arm, role);
      labels.push_back({"code_class", text(code_class_name(c))});
      page.add(std::move(labels), sum(stats, [&](const WorkerStats& worker) -> const Counter& {
                 return worker.migration(slot).of(arm, role).requests[c];
               }));
    }
  });
}

template <class Take>
void for_each_grpc_status(const StatsRegistry& stats, std::size_t slot, Arm arm, Role role,
                          Take take) {
  for (std::size_t status = 0; status < kGrpcStatuses; ++status) {
    take(status, sum(stats, [&](const WorkerStats& worker) -> const Counter& {
           return worker.migration(slot).of(arm, role).grpc_requests[status];
         }));
  }
}

// All statuses of each migration that has had a call.
void add_grpc_requests(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Counter, "grpc_requests_total",
             "gRPC calls that ended, by the status that their client was told.");
  std::vector<double> calls(stats.migrations().size());
  for_each_arm(stats, [&](std::size_t slot, const std::string&, Arm arm, Role role) {
    for_each_grpc_status(stats, slot, arm, role,
                         [&](std::size_t, double count) { calls[slot] += count; });
  });
  for_each_arm(stats, [&](std::size_t slot, const std::string& name, Arm arm, Role role) {
    if (calls[slot] == 0) return;
    for_each_grpc_status(stats, slot, arm, role, [&](std::size_t status, double count) {
      Labels labels = arm_labels(name, arm, role);
      labels.push_back({"grpc_status", std::to_string(status)});
      page.add(std::move(labels), count);
    });
  });
}

ClientMetric::Histogram duration_of(const StatsRegistry& stats, std::size_t slot, Arm arm,
                                    Role role) {
  ClientMetric::Histogram histogram;
  const auto of = [&](const WorkerStats& worker) -> const DurationHistogram& {
    return worker.migration(slot).of(arm, role).duration;
  };
  for (std::size_t b = 0; b <= kDurationBounds.size(); ++b) {
    histogram.sample_count += static_cast<std::uint64_t>(sum(
        stats, [&](const WorkerStats& worker) -> const Counter& { return of(worker).buckets[b]; }));
    const double bound =
        b < kDurationBounds.size() ? kDurationBounds[b] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum =
      sum(stats, [&](const WorkerStats& worker) -> const Counter& { return of(worker).sum_us; }) /
      kMicrosPerSecond;
  return histogram;
}

void add_durations(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Histogram, "request_duration_seconds",
             "From the request's head to the end of the exchange.");
  for_each_arm(stats, [&](std::size_t slot, const std::string& name, Arm arm, Role role) {
    page.add(arm_labels(name, arm, role), duration_of(stats, slot, arm, role));
  });
}

void add_shadows(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Counter, "comparisons_total",
             "Compared pairs, by the arm that the shadow went to and the verdict.");
  for (std::size_t slot = 1; slot < stats.migrations().size(); ++slot) {
    for (const Arm arm : kArms) {
      for (std::size_t v = 0; v < shadow::kVerdictCount; ++v) {
        page.add({{"migration", stats.migrations()[slot]},
                  {"direction", "to_" + text(to_string(arm))},
                  {"verdict", text(to_string(static_cast<shadow::Verdict>(v)))}},
                 sum(stats, [&](const WorkerStats& worker) -> const Counter& {
                   return worker.migration(slot).comparisons[static_cast<std::size_t>(arm)][v];
                 }));
      }
    }
  }
  page.begin(MetricType::Counter, "shadow_skipped_total", "Exchanges that got no shadow, and why.");
  for (std::size_t slot = 1; slot < stats.migrations().size(); ++slot) {
    for (std::size_t s = 0; s < shadow::kSkipCount; ++s) {
      page.add(
          {{"migration", stats.migrations()[slot]},
           {"reason", text(to_string(static_cast<shadow::Skip>(s)))}},
          sum_of_arms(stats, [&](const WorkerStats& worker, std::size_t arm) -> const Counter& {
            return worker.migration(slot).shadow_skipped[arm][s];
          }) + sum(stats, [&](const WorkerStats& worker) -> const Counter& {
            return worker.migration(slot).reask_skipped[s];
          }));
    }
  }
  page.begin(MetricType::Counter, "comparisons_dropped_total",
             "Pairs that were not compared because the queue was full.");
  double dropped = 0;
  for (std::size_t slot = 1; slot < stats.migrations().size(); ++slot) {
    dropped +=
        sum_of_arms(stats, [&](const WorkerStats& worker, std::size_t arm) -> const Counter& {
          return worker.migration(slot).pairs_dropped[arm];
        });
  }
  page.add({}, dropped);
}

void add_errors(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Counter, "local_errors_total", "Answers that the proxy gave by itself.");
  for (std::size_t e = 0; e < kErrorCodeCount; ++e) {
    page.add({{"reason", text(reason_of(static_cast<ErrorCode>(e)))}},
             sum(stats, [&](const WorkerStats& worker) -> const Counter& {
               return worker.local_errors[e];
             }));
  }
  page.begin(MetricType::Counter, "sticky_missing_total",
             "Requests without the key that keeps a user on one arm.");
  for (std::size_t slot = 1; slot < stats.migrations().size(); ++slot) {
    page.add({{"migration", stats.migrations()[slot]}},
             sum(stats, [&](const WorkerStats& worker) -> const Counter& {
               return worker.migration(slot).sticky_missing;
             }));
  }
}

void add_fallbacks(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Counter, "fallbacks_total",
             "Requests that legacy served because the monolith could not be reached.");
  for (std::size_t slot = 1; slot < stats.migrations().size(); ++slot) {
    page.add({{"migration", stats.migrations()[slot]}},
             sum(stats, [&](const WorkerStats& worker) -> const Counter& {
               return worker.migration(slot).fallbacks;
             }));
  }
}

void add_connections(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Gauge, "downstream_connections", "Open connections of clients.");
  page.add({}, sum(stats, [](const WorkerStats& w) -> const Counter& {
             return w.downstream_connections;
           }));
  page.begin(MetricType::Gauge, "tunnels", "Exchanges that became tunnels and are open.");
  page.add({}, sum(stats, [](const WorkerStats& w) -> const Counter& { return w.tunnels; }));
  page.begin(MetricType::Gauge, "upstream_connections", "Open connections to upstreams.");
  for (std::size_t slot = 0; slot < stats.upstreams().size(); ++slot) {
    for (const Role role : kLaneRoles) {
      page.add({{"upstream", stats.upstreams()[slot]}, {"role", text(to_string(role))}},
               sum(stats, [&](const WorkerStats& w) -> const Counter& {
                 return w.upstream(slot).connections[static_cast<std::size_t>(role)];
               }));
    }
  }
}

void add_upstream_counters(Page& page, const StatsRegistry& stats) {
  page.begin(MetricType::Counter, "upstream_connections_opened_total",
             "Connections that were opened to upstreams.");
  for (std::size_t slot = 0; slot < stats.upstreams().size(); ++slot) {
    page.add({{"upstream", stats.upstreams()[slot]}},
             sum(stats, [&](const WorkerStats& w) -> const Counter& {
               return w.upstream(slot).connections_opened;
             }));
  }
  page.begin(MetricType::Counter, "retries_total", "Requests that were sent once more.");
  for (std::size_t slot = 0; slot < stats.upstreams().size(); ++slot) {
    page.add({{"upstream", stats.upstreams()[slot]}},
             sum(stats,
                 [&](const WorkerStats& w) -> const Counter& { return w.upstream(slot).retries; }));
  }
}

}  // namespace

std::string metrics_text(const StatsRegistry& stats, const ControlFacts& control,
                         const ProcessFacts& process) {
  Page page;
  add_requests(page, stats);
  add_grpc_requests(page, stats);
  add_durations(page, stats);
  add_shadows(page, stats);
  add_errors(page, stats);
  add_fallbacks(page, stats);
  add_connections(page, stats);
  add_upstream_counters(page, stats);
  add_control(page, control);
  add_process(page, process);
  return page.text();
}

}  // namespace banyan::observe
