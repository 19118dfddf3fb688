#include "proxy/observe/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <limits>

namespace banyan::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr double kMicrosPerSecond = 1e6;
constexpr std::array kArms{Arm::legacy, Arm::monolith};
constexpr std::array kLaneRoles{Role::primary, Role::shadow};
constexpr std::array kRoles{Role::primary, Role::shadow, Role::control, Role::reask};

// The families of one scrape, in the order in which they are written.
class Page {
 public:
  void begin(MetricType type, const std::string& name, const std::string& help) {
    families_.push_back({"banyan_" + name, help, type, {}});
  }
  void begin_process(MetricType type, const std::string& name, const std::string& help) {
    families_.push_back({"process_" + name, help, type, {}});
  }
  void add(Labels labels, double value) {
    ClientMetric& metric = next(std::move(labels));
    metric.counter.value = value;
    metric.gauge.value = value;
  }
  void add(Labels labels, const ClientMetric::Histogram& histogram) {
    next(std::move(labels)).histogram = histogram;
  }
  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer{}.Serialize(families_);
  }

 private:
  ClientMetric& next(Labels labels) {
    families_.back().metric.emplace_back().label = std::move(labels);
    return families_.back().metric.back();
  }
  std::vector<MetricFamily> families_;
};

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

void add_flags(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Gauge, "flag_percent", "The monolith's share of the keys, 0 to 100.");
  for (const auto& flag : control.flags) {
    page.add({{"flag", flag.name}}, flag.millipercent / 1000.0);
  }
  page.begin(MetricType::Gauge, "flag_overridden",
             "1 where a value set at run time outranks the configuration.");
  for (const auto& flag : control.flags) {
    page.add({{"flag", flag.name}}, flag.overridden ? 1.0 : 0.0);
  }
  page.begin(MetricType::Gauge, "flag_source_age_seconds",
             "Since the file was last seen to be what is in force; +Inf where it never was.");
  for (const auto& source : control.flag_sources) page.add({{"source", source.file}}, source.age);
  page.begin(MetricType::Gauge, "flag_source_ok", "1 where the file as it is is in force.");
  for (const auto& source : control.flag_sources) {
    page.add({{"source", source.file}}, source.ok ? 1.0 : 0.0);
  }
}

void add_ramps(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Gauge, "ramp_step", "The step that a ramp is in, 0 before the first.");
  for (const auto& ramp : control.ramps) {
    page.add({{"flag", ramp.flag}}, static_cast<double>(ramp.step));
  }
  page.begin(MetricType::Gauge, "ramp_steps", "The steps that a ramp has.");
  for (const auto& ramp : control.ramps) {
    page.add({{"flag", ramp.flag}}, static_cast<double>(ramp.steps));
  }
  page.begin(MetricType::Gauge, "ramp_waits_for", "1 for what a ramp waits for.");
  for (const auto& ramp : control.ramps) {
    for (std::size_t i = 0; i < routing::kWaitCount; ++i) {
      const auto wait = static_cast<routing::Wait>(i);
      page.add({{"flag", ramp.flag}, {"what", std::string(to_string(wait))}},
               ramp.wait == wait ? 1.0 : 0.0);
    }
  }
}

void add_rollbacks(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Counter, "rollbacks_total", "Rollbacks, by what caused them.");
  for (const auto& [what, count] : control.rollbacks) {
    page.add({{"migration", what.first}, {"cause", what.second}}, static_cast<double>(count));
  }
  page.begin(MetricType::Gauge, "readiness", "1 ready, 0 inconclusive, -1 not ready.");
  for (const auto& [migration, readiness] : control.readiness) {
    page.add({{"migration", migration}}, readiness);
  }
  page.begin(MetricType::Gauge, "guardrail_latched", "1 while a migration is rolled back.");
  for (const auto& [migration, latched] : control.latched) {
    page.add({{"migration", migration}}, latched ? 1.0 : 0.0);
  }
}

void add_configuration(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Gauge, "config_reload_success", "1 where the last load was taken.");
  page.add({}, control.config_reload_success ? 1.0 : 0.0);
  page.begin(MetricType::Counter, "config_reloads_total", "Loads of a changed configuration.");
  page.add({{"result", "success"}}, static_cast<double>(control.reloads_ok));
  page.add({{"result", "failure"}}, static_cast<double>(control.reloads_failed));
  page.begin(MetricType::Gauge, "upstream_healthy", "0 where connecting keeps failing.");
  for (const auto& e : control.endpoints) {
    page.add({{"upstream", e.upstream}, {"endpoint", e.endpoint}}, e.healthy ? 1.0 : 0.0);
  }
}

void add_certificates(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Gauge, "tls_certificate_expiry_seconds",
             "When a certificate or CA ends, in seconds since 1970.");
  for (const auto& c : control.certificates) {
    page.add({{"side", c.side}, {"name", c.name}, {"file", c.file}},
             static_cast<double>(c.expires));
  }
  page.begin(MetricType::Gauge, "tls_reload_success",
             "0 where changed files of certificates could not be taken.");
  page.add({}, control.certificate_reload_success ? 1.0 : 0.0);
  page.begin(MetricType::Counter, "tls_reloads_total", "Changes of certificates on the disk.");
  page.add({{"result", "success"}}, static_cast<double>(control.certificate_reloads_ok));
  page.add({{"result", "failure"}}, static_cast<double>(control.certificate_reloads_failed));
}

void add_names(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Counter, "name_lookups_total", "How often a host name was asked for.");
  for (const auto& n : control.names) {
    page.add({{"name", n.name}, {"result", "answer"}}, static_cast<double>(n.answers));
    page.add({{"name", n.name}, {"result", "failure"}}, static_cast<double>(n.failures));
  }
  page.begin(MetricType::Gauge, "name_addresses", "Addresses that a host name stands for now.");
  for (const auto& n : control.names) {
    page.add({{"name", n.name}}, static_cast<double>(n.addresses));
  }
}

void add_self(Page& page, const ControlFacts& control) {
  page.begin(MetricType::Counter, "log_dropped_total", "Log lines that did not fit.");
  page.add({{"log", "access"}}, static_cast<double>(control.access_log_dropped));
  page.add({{"log", "process"}}, static_cast<double>(control.process_log_dropped));
  page.begin(MetricType::Gauge, "store_bytes", "What differences take on the disk.");
  page.add({}, static_cast<double>(control.store_bytes));
  page.begin(MetricType::Gauge, "store_max_bytes", "What they may take: over it the oldest goes.");
  page.add({}, static_cast<double>(control.store_bytes_max));
  page.begin(MetricType::Gauge, "store_writable", "0 while the disk does not take differences.");
  page.add({}, control.store_writable ? 1 : 0);
  page.begin(MetricType::Counter, "store_dropped_total",
             "Pairs that are not in the store, and why.");
  for (const auto& [reason, count] : control.store_dropped) {
    page.add({{"reason", reason}}, static_cast<double>(count));
  }
  page.begin(MetricType::Gauge, "event_listeners", "Who listens to /v1/events now.");
  page.add({}, static_cast<double>(control.event_listeners));
  page.begin(MetricType::Counter, "event_listeners_dropped_total",
             "Listeners to /v1/events that could not keep up.");
  page.add({}, static_cast<double>(control.event_listeners_dropped));
  page.begin(MetricType::Gauge, "build_info", "Always 1.");
  page.add({{"version", control.version}}, 1);
}

void add_process(Page& page, const ProcessFacts& process) {
  page.begin_process(MetricType::Counter, "cpu_seconds_total", "User and system time.");
  page.add({}, process.cpu_seconds);
  page.begin_process(MetricType::Gauge, "resident_memory_bytes", "Resident memory.");
  page.add({}, process.resident_bytes);
  page.begin_process(MetricType::Gauge, "virtual_memory_bytes", "Virtual memory.");
  page.add({}, process.virtual_bytes);
  page.begin_process(MetricType::Gauge, "open_fds", "Open file descriptors.");
  page.add({}, process.open_fds);
  page.begin_process(MetricType::Gauge, "max_fds", "Most file descriptors that may be open.");
  page.add({}, process.max_fds);
  page.begin_process(MetricType::Gauge, "start_time_seconds", "Start, in seconds since 1970.");
  page.add({}, process.start_time_seconds);
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
  add_flags(page, control);
  add_ramps(page, control);
  add_rollbacks(page, control);
  add_configuration(page, control);
  add_certificates(page, control);
  add_names(page, control);
  add_self(page, control);
  add_process(page, process);
  return page.text();
}

}  // namespace banyan::observe
