// What of a scrape is no counter of a worker.
#include "proxy/observe/metrics_page.h"

namespace banyan::observe {
namespace {

using prometheus::MetricType;

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
  page.begin(MetricType::Counter, "webhooks_total",
             "Rollbacks told to webhooks, by what came of it.");
  for (const auto& [result, count] : control.webhooks) {
    page.add({{"result", result}}, static_cast<double>(count));
  }
  page.begin(MetricType::Counter, "reflections_total",
             "Times that legacy was asked for its descriptors, by what came of it.");
  for (const auto& [result, count] : control.reflections) {
    page.add({{"result", result}}, static_cast<double>(count));
  }
  page.begin(MetricType::Gauge, "described_messages",
             "Messages that legacy's server reflection describes, 0 while it has not answered.");
  for (const auto& [migration, messages] : control.described) {
    page.add({{"migration", migration}}, static_cast<double>(messages));
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

}  // namespace

void add_control(Page& page, const ControlFacts& control) {
  add_flags(page, control);
  add_ramps(page, control);
  add_rollbacks(page, control);
  add_configuration(page, control);
  add_certificates(page, control);
  add_names(page, control);
  add_self(page, control);
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

}  // namespace banyan::observe
