#include "proxy/control/reflections.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/scalar.h"
#include "proxy/observe/logging.h"
#include "proxy/observe/stats.h"
#include "shadow/printable.h"

namespace banyan::control {
namespace {

constexpr std::size_t kShownBytesMax = 200;

bool is_described(const config::Migration& migration) {
  return migration.compare.described != nullptr && migration.shadow;
}

// As requests to it are made out.
std::string authority_of(const config::Migration& migration, const config::Upstream& legacy) {
  const std::string& host = migration.rewrite[static_cast<std::size_t>(Arm::legacy)].host;
  if (!host.empty()) return host;
  return config::to_text(legacy.endpoints.front());
}

}  // namespace

// One legacy.
struct Reflections::Watched final : net::Deferrable {
  Watched(Reflections& of, const config::Upstream& legacy, std::string host)
      : reflections(of),
        upstream(legacy),
        authority(std::move(host)),
        cluster(of.loop_, stats, of.settings(legacy)),
        timer(net::Timer::calling<&Watched::on_timer>(of.loop_.timers(), this)) {}
  void on_timer() { reflections.ask(*this); }

  Reflections& reflections;
  const config::Upstream upstream;
  const std::string authority;
  std::map<std::string, std::shared_ptr<shadow::SchemaSlot>> migrations;
  std::shared_ptr<const shadow::ProtoSchema> schema;  // that it described last
  observe::UpstreamStats stats;
  upstream::Cluster cluster;  // kept, so that another endpoint has its turn next time
  std::unique_ptr<ReflectionCall> call;
  net::Timer timer;
  Milliseconds pause = kReflectionPauseMin;
  std::string why;  // it failed last; said once
};

Reflections::Reflections(net::Loop& loop, ReflectionWay way) : loop_(loop), way_(std::move(way)) {}

Reflections::~Reflections() { abandon(); }

upstream::ClusterSettings Reflections::settings(const config::Upstream& legacy) const {
  upstream::ClusterSettings settings;
  settings.upstream = legacy;
  settings.timeouts.connect = kReflectionTimeout;
  settings.addresses = way_.addresses();
  if (legacy.tls) settings.tls = way_.tls(legacy.name);
  return settings;
}

void Reflections::fill(const config::Snapshot& next) const {
  for (const config::Migration& m : next.migrations) {
    if (!is_described(m)) continue;
    const auto known = watched_.find(next.upstreams[m.legacy].name);
    if (known != watched_.end()) m.compare.described->set(known->second->schema);
  }
}

void Reflections::adopt(const config::Snapshot& snapshot) {
  auto before = std::exchange(watched_, {});
  for (const config::Migration& m : snapshot.migrations) {
    if (!is_described(m)) continue;
    const config::Upstream& legacy = snapshot.upstreams[m.legacy];
    auto& watched = watched_[legacy.name];
    if (watched == nullptr) {
      watched = std::make_unique<Watched>(*this, legacy, authority_of(m, legacy));
      const auto known = before.find(legacy.name);
      if (known != before.end()) watched->schema = known->second->schema;
    }
    watched->migrations[m.name] = m.compare.described;
  }
  for (auto& [name, watched] : before) let_go(std::move(watched));
  for (const auto& [name, watched] : watched_) ask(*watched);
}

void Reflections::ask(Watched& watched) {
  watched.cluster.update(settings(watched.upstream));
  ReflectionCall::Owner& owner = *this;
  watched.call = std::make_unique<ReflectionCall>(owner, watched.cluster, watched.authority);
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
  if (schema == nullptr) {
    return put_off(watched,
                   "its set of descriptors " +
                       shadow::printable(std::string_view(error).substr(0, kShownBytesMax)));
  }
  ++counts_.answered;
  observe::log_info(fmt::format("reflection of {}: {} messages of {} services, {} not described",
                                watched.upstream.name, schema->size(), dialog.services(),
                                dialog.left_out()));
  watched.schema = std::move(schema);
  for (const auto& [migration, slot] : watched.migrations) slot->set(watched.schema);
  loop_.defer_delete(std::move(watched.call));
}

void Reflections::on_undescribed(ReflectionCall& call, const std::string& why) {
  put_off(watched_by(call), why);
}

void Reflections::put_off(Watched& watched, const std::string& why) {
  ++counts_.failed;
  if (std::exchange(watched.why, why) != why) {
    observe::log_warning(
        fmt::format("reflection of {}: {}; {}", watched.upstream.name, why,
                    watched.schema != nullptr
                        ? "what it said before stays in force"
                        : "gRPC answers that differ are not comparable until it answers"));
  }
  loop_.defer_delete(std::move(watched.call));
  watched.timer.set_in(watched.pause);
  watched.pause = std::min(2 * watched.pause, kReflectionPauseMax);
}

void Reflections::let_go(std::unique_ptr<Watched> watched) {
  watched->timer.cancel();
  if (watched->call != nullptr) {
    watched->call->abandon();
    loop_.defer_delete(std::move(watched->call));
  }
  loop_.defer_delete(std::move(watched));
}

void Reflections::abandon() {
  for (auto& [name, watched] : watched_) let_go(std::move(watched));
  watched_.clear();
}

std::map<std::string, std::size_t> Reflections::messages() const {
  std::map<std::string, std::size_t> messages;
  for (const auto& [name, watched] : watched_) {
    for (const auto& [migration, slot] : watched->migrations) {
      messages[migration] = watched->schema != nullptr ? watched->schema->size() : 0;
    }
  }
  return messages;
}

}  // namespace banyan::control
