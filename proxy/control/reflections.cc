#include "proxy/control/reflections.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proxy/observe/logging.h"

namespace banyan::control {

struct Reflections::Watched {
  Watched(Reflections& of, std::string name, const config::Upstream& legacy,
          std::shared_ptr<shadow::SchemaSlot> slot)
      : reflections(of),
        migration(std::move(name)),
        upstream(legacy),
        described(std::move(slot)),
        timer(net::Timer::calling<&Watched::on_timer>(of.loop_.timers(), this)) {}
  void on_timer() { reflections.ask(*this); }

  Reflections& reflections;
  const std::string migration;
  const config::Upstream upstream;
  const std::shared_ptr<shadow::SchemaSlot> described;
  std::unique_ptr<ReflectionCall> call;
  net::Timer timer;
  Milliseconds pause = kReflectionPauseMin;
  std::string why;  // it failed last; said once
};

Reflections::Reflections(net::Loop& loop, ReflectionWay way) : loop_(loop), way_(std::move(way)) {}

Reflections::~Reflections() { abandon(); }

void Reflections::adopt(const config::Snapshot& snapshot) {
  auto before = std::exchange(watched_, {});
  for (const auto& [name, watched] : before) let_go(*watched);
  for (const config::Migration& m : snapshot.migrations) {
    if (m.compare.described == nullptr || !m.shadow) continue;  // nothing to compare
    const auto old = before.find(m.name);
    if (old != before.end()) m.compare.described->set(old->second->described->get());
    auto& watched = watched_[m.name] =
        std::make_unique<Watched>(*this, m.name, snapshot.upstreams[m.legacy], m.compare.described);
    ask(*watched);
  }
}

void Reflections::ask(Watched& watched) {
  upstream::ClusterSettings settings;
  settings.upstream = watched.upstream;
  settings.timeouts.connect = kReflectionTimeout;
  settings.addresses = way_.addresses();
  if (watched.upstream.tls) settings.tls = way_.tls(watched.upstream.name);
  ReflectionCall::Owner& owner = *this;
  watched.call = std::make_unique<ReflectionCall>(owner, loop_, std::move(settings));
  watched.call->start();
}

Reflections::Watched& Reflections::watched_by(const ReflectionCall& call) {
  return *std::find_if(watched_.begin(), watched_.end(), [&](const auto& entry) {
            return entry.second->call.get() == &call;
          })->second;
}

void Reflections::on_described(ReflectionCall& call, const shadow::ReflectionDialog& dialog) {
  Watched& watched = watched_by(call);
  if (dialog.services() == dialog.left_out()) {
    return put_off(watched, fmt::format("it describes none of its {} services", dialog.services()));
  }
  std::string error;
  auto schema = shadow::ProtoSchema::parse(dialog.file_set(), error);
  if (schema == nullptr) return put_off(watched, "its descriptors: " + error);
  ++counts_.answered;
  observe::log_info(fmt::format("reflection of {}: {} messages of {} services, {} not described",
                                watched.migration, schema->size(), dialog.services(),
                                dialog.left_out()));
  watched.described->set(std::move(schema));
  loop_.defer_delete(std::move(watched.call));
}

void Reflections::on_undescribed(ReflectionCall& call, const std::string& why) {
  put_off(watched_by(call), why);
}

void Reflections::put_off(Watched& watched, const std::string& why) {
  ++counts_.failed;
  if (std::exchange(watched.why, why) != why) {
    observe::log_warning(
        fmt::format("reflection of {}: {}; gRPC answers are compared {}", watched.migration, why,
                    watched.described->get() != nullptr ? "by the descriptors of before"
                                                        : "without the names of their fields"));
  }
  loop_.defer_delete(std::move(watched.call));
  watched.timer.set_in(watched.pause);
  watched.pause = std::min(2 * watched.pause, kReflectionPauseMax);
}

void Reflections::let_go(Watched& watched) {
  watched.timer.cancel();
  if (watched.call == nullptr) return;
  watched.call->abandon();
  loop_.defer_delete(std::move(watched.call));
}

void Reflections::abandon() {
  for (const auto& [name, watched] : watched_) let_go(*watched);
  watched_.clear();
}

std::map<std::string, std::size_t> Reflections::messages() const {
  std::map<std::string, std::size_t> messages;
  for (const auto& [name, watched] : watched_) {
    const auto schema = watched->described->get();
    messages[name] = schema != nullptr ? schema->size() : 0;
  }
  return messages;
}

}  // namespace banyan::control
