// What the control thread knows, for the status and for a scrape.
#include "proxy/control/control.h"
#include "proxy/control/state_file.h"
#include "proxy/control/version.h"
#include "proxy/observe/logging.h"
#include "shadow/report.h"

namespace banyan::control {
namespace {

WallTime wall_now() { return std::chrono::system_clock::now(); }

}  // namespace

void Control::export_report() {
  const std::string& path = running().report.export_path;
  if (path.empty()) return;
  const WallTime now = wall_now();
  const auto report = readiness_.report({}, now);
  const auto saved =
      StateFile(path).save_text(shadow::render(report, shadow::ReportFormat::json, now));
  if (!saved) observe::log_error("report.export: " + saved.error());
}

StatusFacts Control::facts() const {
  StatusFacts facts;
  facts.version = kVersion;
  facts.now = wall_now();
  facts.started = started_;
  facts.ready = serving_ && ending_.ready();
  facts.draining = !ending_.ready();
  facts.store_problem = store_.problem();
  if (store_.thread() != nullptr && !store_.thread()->works()) {
    facts.store_problem = "the disk does not take differences";
  }
  for (const auto& migration : running().migrations) {
    facts.guardrails[migration.name] = guardrails_.shown(migration.name);
  }
  for (const auto& state : endpoints_) {
    facts.endpoints.push_back({state.upstream, state.endpoint, state.addresses, state.healthy});
  }
  for (const auto& name : workers_.names()) {
    facts.names.push_back({name.host, name.addresses, name.problem});
  }
  facts.flag_sources = flag_sources_.statuses();
  facts.tls_problems = tls_.status().problems;
  facts.certificates = tls_.expiries();
  return facts;
}

std::string Control::metrics() {
  observe::ControlFacts facts;
  for (const FlagView& view : switches_.flags()) {
    facts.flags.push_back({view.name, view.share.millipercent, view.overridden()});
  }
  for (const Ramp& ramp : switches_.ramps()) {
    facts.ramps.push_back({ramp.flag, ramp.step(), ramp.settings.steps.size(), ramp.wait});
  }
  for (const auto& source : flag_sources_.statuses()) {
    facts.flag_sources.push_back(
        {source.file, FlagSources::age(source, wall_now()), source.problems.empty()});
  }
  for (const auto& migration : switches_.snapshot().migrations) {
    facts.latched.emplace_back(migration.name, switches_.latch(migration.name).has_value());
  }
  for (const shadow::MigrationReport& judged : readiness_.judged(wall_now())) {
    facts.readiness.emplace_back(judged.migration, number_of(judged.judgement.state));
  }
  for (const auto& state : endpoints_) {
    facts.endpoints.push_back({state.upstream, state.endpoint, state.healthy});
  }
  for (const auto& name : workers_.names()) {
    facts.names.push_back({name.host, name.answers, name.failures, name.addresses.size()});
  }
  facts.rollbacks = switches_.rollbacks();
  // From the start: a counter that appears with its first event never had an increase.
  for (const auto& [migration, latched] : facts.latched) {
    for (const char* const cause : {"guardrail", "operator"}) {
      facts.rollbacks.try_emplace({migration, cause}, 0);
    }
  }
  for (const auto& e : tls_.expiries()) {
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(e.at.time_since_epoch());
    facts.certificates.push_back({e.side, e.name, e.file, at.count()});
  }
  facts.certificate_reload_success = tls_.status().problems.empty();
  facts.certificate_reloads_ok = tls_.status().taken;
  facts.certificate_reloads_failed = tls_.status().refused;
  facts.config_reload_success = reloader_.status().ok;
  facts.reloads_ok = reloader_.status().taken;
  facts.reloads_failed = reloader_.status().refused;
  facts.access_log_dropped = access_log_.dropped();
  facts.process_log_dropped = observe::log_lines_lost();
  facts.store_bytes_max = running().store.max_size;
  if (const shadow::StoreThread* const store = store_.thread()) {
    facts.store_bytes = store->bytes();
    facts.store_writable = store->works();
    for (std::size_t i = 0; i < shadow::kStoreDropCount; ++i) {
      const auto reason = static_cast<shadow::StoreDrop>(i);
      facts.store_dropped.emplace_back(shadow::to_string(reason), store->dropped(reason));
    }
  }
  facts.webhooks = {{"sent", webhooks_.counts().sent},
                    {"failed", webhooks_.counts().failed},
                    {"dropped", webhooks_.counts().dropped}};
  facts.reflections = {{"answered", reflections_.counts().answered},
                       {"failed", reflections_.counts().failed}};
  facts.described = reflections_.messages();
  facts.event_listeners = events_.listeners();
  facts.event_listeners_dropped = events_.dropped();
  facts.version = kVersion;
  return observe::metrics_text(stats_, facts, observe::process_facts());
}

}  // namespace banyan::control
