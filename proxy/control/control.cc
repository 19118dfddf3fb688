#include "proxy/control/control.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "config/scalar.h"
#include "proxy/control/version.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

constexpr int kExitFailed = 1;

WallTime wall_now() { return std::chrono::system_clock::now(); }
SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

std::string joined(const std::vector<std::string>& problems) {
  return fmt::format("{}", fmt::join(problems, "; "));
}

}  // namespace

Control::Control(std::string config_path, std::string_view bytes, Reloader::SnapshotPtr snapshot,
                 StateDir directory)
    : started_(wall_now()),
      directory_(std::move(directory)),
      stats_(snapshot->workers),
      access_log_(snapshot->workers),
      store_(loop_, differences_, directory_.file("differences.db"),
             directory_.file("hash-key.json")),
      readiness_(stats_, differences_),
      audit_(directory_.file("audit.jsonl")),
      guardrails_(stats_),
      workers_({loop_, slots_, stats_, access_log_, differences_,
                [this] {
                  guardrails_.wake(steady_now());
                  schedule();
                }}),
      switches_(directory_, slots_, audit_,
                {[this](Switchboard::Done done) { workers_.turn(std::move(done)); },
                 [this](Switchboard::Table flags, Switchboard::Done done) {
                   workers_.publish(std::move(flags), std::move(done));
                 }}),
      reloader_(
          std::move(config_path), snapshot,
          [this](const Reloader::SnapshotPtr& next, std::function<void()> done) {
            return publish(next, std::move(done));
          },
          started_),
      changes_(snapshot->reload_debounce, snapshot->reload_poll, fingerprint(bytes), steady_now()),
      tls_(loop_, [this] { schedule(); }),
      flag_sources_(&loop_, directory_, [this] { schedule(); }),
      webhooks_(loop_, {[this] { return workers_.book(); },
                        [this](const std::string& name) { return tls_.webhook(name); }}),
      reflections_(loop_, {[this] { return workers_.book(); },
                           [this](const std::string& name) { return tls_.upstream(name); }}),
      api_(admin_parts()),
      admin_(loop_, Door::admin, api_, events_),
      health_(loop_, Door::health, api_, events_),
      signals_(loop_, {SIGHUP, SIGTERM, SIGINT}, [this](int number) { on_signal(number); }),
      tick_(net::Timer::calling<&Control::on_tick>(loop_.timers(), this)) {
  switches_.adopt(std::move(snapshot));
  audit_.tell([this](const auto& entry, const auto& shown) { tell(entry, shown); });
}

Control::~Control() = default;

AdminApi::Parts Control::admin_parts() {
  return {
      switches_,
      reloader_,
      audit_,
      differences_,
      [this](DifferenceStore::Read read, std::function<void()> done) {
        return store_.read(std::move(read), std::move(done));
      },
      events_,
      [this] { return facts(); },
      [this] { return metrics(); },
      [this](std::function<void()> then) {
        workers_.ask_health([this, then = std::move(then)](const auto& health) {
          endpoints_ = health;
          then();
        });
      },
      [this](const Author& author, const Reloader::Done& done) { reload("command", author, done); },
      [this](const Author& author) { drain(author); },
      [] { return wall_now(); },
      [this] { schedule(); },
      readiness_,
      [this](StatusFacts& facts) { add_ramps(facts); }};
}

Result<void, std::string> Control::start(const std::string& address_file) {
  for (const std::string& problem : switches_.load(wall_now())) observe::log_error(problem);
  store_.open(running().store);
  readiness_.adopt(reloader_.running(), wall_now());
  if (auto opened = access_log_.open(running().access_path); !opened) {
    return tl::unexpected("log.access.path: " + opened.error());
  }
  if (auto admitted = admit(running()); !admitted) return admitted;
  if (auto opened = open_doors(); !opened) return opened;
  auto tls = tls_.load(running(), steady_now());
  if (!tls) return tl::unexpected(joined(tls.error()));
  flag_sources_.load(running(), {wall_now(), steady_now()});
  switches_.adopt(reloader_.running(), flag_sources_.contents());
  say_missing_flags();
  say_ramp_warnings();
  const auto started = workers_.start(
      reloader_.running(), switches_.prepare(running(), flag_sources_.contents()), std::move(*tls));
  if (!started) return tl::unexpected(started.error().detail);
  switches_.keep_ramps();
  if (auto written = write_addresses(address_file); !written) return written;
  guardrails_.adopt(running(), steady_now());
  webhooks_.adopt(running());
  reflections_.adopt(running());
  watch_files();
  serving_ = true;
  schedule();
  observe::log_info(fmt::format("banyan {} serves, admin on {}", kVersion, admin_address_));
  return {};
}

Result<void, std::string> Control::admit(const config::Snapshot& snapshot) {
  if (snapshot.admin_token_file.empty()) {
    api_.admit(std::nullopt);
    return {};
  }
  auto tokens = Tokens::load(snapshot.admin_token_file);
  if (!tokens) return tl::unexpected("admin.token_file: " + tokens.error().front());
  api_.admit(std::move(*tokens));
  return {};
}

Result<void, std::string> Control::open_doors() {
  const auto admin = running().admin_socket.empty() ? admin_.listen(running().admin)
                                                    : admin_.listen(running().admin_socket);
  if (!admin) return tl::unexpected("admin.bind: " + admin.error().detail);
  const auto health = health_.listen(running().health);
  if (!health) return tl::unexpected("health.bind: " + health.error().detail);
  admin_address_ = *admin;
  health_address_ = *health;
  return {};
}

Result<void, std::string> Control::write_addresses(const std::string& file) const {
  if (file.empty()) return {};
  nlohmann::json document{{"admin", admin_address_},
                          {"health", health_address_},
                          {"listeners", nlohmann::json::object()}};
  for (const auto& [name, address] : workers_.addresses()) document["listeners"][name] = address;
  return StateFile(file).save(document);
}

void Control::on_signal(int number) {
  if (number == SIGHUP) {
    reload("signal", {"(signal)", "", wall_now()}, [](const Reloader::Status&) {});
    return;
  }
  const auto act = ending_.terminate(steady_now(), running().drain_delay);
  if (act == DrainSequence::Act::exit_at_once) {
    observe::log_warning("a second signal: ends at once");
    observe::stop_logging();
    ::_exit(kExitFailed);
  }
  begin_drain({"(signal)", "", wall_now()}, act);
}

void Control::drain(const Author& author) { begin_drain(author, ending_.drain(steady_now())); }

void Control::begin_drain(const Author& author, DrainSequence::Act act) {
  if (act == DrainSequence::Act::start_drain) {
    observe::log_info("drains: not ready from now on, everything is still served");
    switches_.note({"drain", {}, "serving", "draining", author});
    workers_.start_drain();
  }
  schedule();
}

void Control::stop_workers() {
  ending_.stopping();
  observe::log_info("stops listening, running exchanges may finish");
  workers_.stop(running().drain_timeout, [this](std::uint64_t cut) {
    if (cut > 0) observe::log_warning(fmt::format("{} exchanges were cut off", cut));
    readiness_.take_traffic(wall_now());
    export_report();
    switches_.save_held_ramps(steady_now());
    webhooks_.abandon();
    reflections_.abandon();
    ending_.stopped();
    loop_.stop();
  });
}

void Control::reload(const std::string& cause, const Author& author, const Reloader::Done& done) {
  auto bytes = read_config_file(reloader_.path());
  std::optional<std::string> content;
  if (bytes) {
    changes_.on_loaded(fingerprint(*bytes), steady_now());
    content = std::move(*bytes);
  }
  load(cause, author, done, std::move(content));
  schedule();
}

void Control::load(const std::string& cause, const Author& author, const Reloader::Done& done,
                   std::optional<std::string> content) {
  const std::string before = running().content_hash;
  reloader_.reload(
      cause, wall_now(),
      [this, author, done, before](const Reloader::Status& status) {
        const std::string after = status.ok ? running().content_hash : "refused";
        switches_.note({"reload", {}, before, after, author});
        done(status);
      },
      std::move(content));
}

Result<void, std::string> Control::publish(const Reloader::SnapshotPtr& next,
                                           std::function<void()> done) {
  if (!ending_.may_reload()) return tl::unexpected(std::string("the process is ending"));
  const Reloader::SnapshotPtr before = reloader_.running();
  // Also where the path stays the same: after a rotation the file is another one.
  if (auto opened = access_log_.open(next->access_path); !opened) {
    return tl::unexpected("log.access.path: " + opened.error());
  }
  auto tls = tls_.load(*next, steady_now());
  if (!tls) return tl::unexpected(joined(tls.error()));
  flag_sources_.load(*next, {wall_now(), steady_now()});
  reflections_.fill(*next);
  const auto published = workers_.publish(next, switches_.prepare(*next, flag_sources_.contents()),
                                          std::move(done), std::move(*tls));
  if (!published) {
    flag_sources_.load(*before, {wall_now(), steady_now()});
    static_cast<void>(access_log_.open(before->access_path));
    static_cast<void>(tls_.load(*before, steady_now()));
    return tl::unexpected(published.error().detail);
  }
  if (auto admitted = admit(*next); !admitted) observe::log_error(admitted.error());
  const std::vector<FlagView> flags_before = switches_.flags();
  const std::vector<Ramp> ramps_before = switches_.ramps();
  switches_.adopt(next, flag_sources_.contents());
  switches_.keep_ramps();
  readiness_.adopt(next, wall_now());
  export_at_.reset();
  guardrails_.adopt(*next, steady_now());
  webhooks_.adopt(*next);
  reflections_.adopt(*next);
  store_.configure(next->store);
  observe::start_logging(next->log_level);
  changes_.set_intervals(next->reload_debounce, next->reload_poll);
  if (next->reload_watch != before->reload_watch) watch_files();
  for (const std::string& text : newly_outranked(flags_before, switches_.flags())) {
    observe::log_warning(text);
  }
  say_missing_flags();
  say_ramp_warnings();
  for (const std::string& text : joined(ramps_before, switches_.ramps())) {
    observe::log_warning(text);
  }
  say_dropped_latches(*before);
  return {};
}

void Control::tell_verdicts(SteadyTime now) {
  verdicts_at_.reset();
  if (events_.listeners() == 0) return verdicts_told_.clear();
  nlohmann::json verdicts = verdicts_json(stats_);
  if (verdicts != verdicts_told_) events_.publish("verdicts", verdicts);
  verdicts_told_ = std::move(verdicts);
  for (const ReadinessBook::Change& change : readiness_.changes(wall_now())) {
    events_.publish("readiness", {{"migration", change.migration},
                                  {"from", to_string(change.from)},
                                  {"to", to_string(change.to)}});
  }
  verdicts_at_ = now + kVerdictsPause;
}

void Control::on_tick() {
  const SteadyTime now = steady_now();
  if (const auto due = guardrails_.due(); due && now >= *due) look_at_guardrails(now);
  // After them, so that a trip takes a ramp back at once.
  if (const auto due = switches_.ramps_due(); due && now >= *due) look_at_ramps(now);
  if (verdicts_at_ && now >= *verdicts_at_) tell_verdicts(now);
  if (const auto due = ending_.due(); due && now >= *due) stop_workers();
  if (export_at_ && now >= *export_at_) {
    export_report();
    export_at_ = now + running().report.export_every;
  }
  if (traffic_at_ && now >= *traffic_at_) {
    readiness_.take_traffic(wall_now());
    traffic_at_.reset();
  }
  if (switches_.snapshot().reload_watch && now >= changes_.due()) look_at_file();
  if (const auto due = tls_.due(); due && now >= *due) look_at_certificates();
  if (const auto due = flag_sources_.due(); due && now >= *due) look_at_flag_sources();
  if (const auto expiry = switches_.next_expiry(); expiry && *expiry <= wall_now()) {
    switches_.expire(wall_now());
  }
  if (retry_saves_at_ && now >= *retry_saves_at_) {
    static_cast<void>(switches_.retry_saves());
    retry_saves_at_.reset();
  }
  schedule();
}

// Sets the one timer to what is due first.
void Control::schedule() {
  if (!serving_) return;
  const SteadyTime now = steady_now();
  std::optional<SteadyTime> first = ending_.due();
  const auto consider = [&](SteadyTime at) { first = std::min(first.value_or(at), at); };
  if (switches_.snapshot().reload_watch) consider(changes_.due());
  if (const auto due = tls_.due()) consider(*due);
  if (const auto due = flag_sources_.due()) consider(*due);
  if (const auto due = guardrails_.due()) consider(*due);
  if (const auto due = switches_.ramps_due()) consider(*due);
  if (const auto expiry = switches_.next_expiry()) {
    consider(now + std::chrono::ceil<Milliseconds>(*expiry - wall_now()));
  }
  if (!switches_.durable() && !retry_saves_at_) retry_saves_at_ = now + kRetrySaves;
  if (retry_saves_at_) consider(*retry_saves_at_);
  if (events_.listeners() > 0 && !verdicts_at_) verdicts_at_ = now;
  if (verdicts_at_) consider(*verdicts_at_);
  const auto& migrations = switches_.snapshot().migrations;
  const bool has_shadow = std::any_of(migrations.begin(), migrations.end(),
                                      [](const auto& m) { return m.shadow.has_value(); });
  if (has_shadow && !traffic_at_) traffic_at_ = now + kTrafficPause;
  if (traffic_at_) consider(*traffic_at_);
  if (!running().report.export_path.empty() && !export_at_) export_at_ = now;
  if (export_at_) consider(*export_at_);
  if (first) tick_.set(std::max(*first, now));
}

}  // namespace banyan::control
