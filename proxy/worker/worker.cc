#include "proxy/worker/worker.h"

#include <algorithm>
#include <utility>

#include "config/scalar.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/downstream/http2_connection.h"
#include "proxy/downstream/proxied_connection.h"
#include "proxy/net/tls_transport.h"

namespace banyan::worker {
namespace {

// Connections above limits.connections are told so; above this share of it they are just closed.
constexpr std::uint64_t kRefusedPart = 10;

upstream::ClusterSettings settings_for(const config::Snapshot& snapshot, std::size_t index) {
  upstream::ClusterSettings settings;
  settings.upstream = snapshot.upstreams[index];
  settings.timeouts =
      config::effective_timeouts(snapshot.timeouts, snapshot.upstreams[index].timeouts);
  settings.head_limits = {.header_bytes_max = snapshot.limits.header_bytes,
                          .header_count_max = snapshot.limits.header_count,
                          .url_bytes_max = snapshot.limits.url_bytes};
  // The limit is the process's; every worker keeps to its part.
  settings.pending_max = std::max<std::size_t>(1, snapshot.limits.pending / snapshot.workers);
  return settings;
}

// What an arm may call itself in a Location: the name that it is asked by, and its endpoints.
std::vector<std::string> hosts_of(const config::Snapshot& snapshot, const routing::Rewrite& rewrite,
                                  std::size_t upstream) {
  std::vector<std::string> hosts;
  if (!rewrite.is_needed()) return hosts;
  if (!rewrite.host.empty()) hosts.push_back(rewrite.host);
  for (const config::Address& endpoint : snapshot.upstreams[upstream].endpoints) {
    hosts.push_back(config::to_text(endpoint));
  }
  return hosts;
}

// The answer to HTTP where TLS is spoken, in the form of an exchange's.
constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    "cache-control: no-store\r\nconnection: close\r\ncontent-length: 11\r\n\r\nplain_http\n";

std::shared_ptr<net::TlsClientContext> upstream_context(const net::TlsBook& book,
                                                        const std::string& name) {
  const auto known = book.upstreams.find(name);
  return known == book.upstreams.end() ? nullptr : known->second;
}

std::shared_ptr<const net::TlsServerContext> listener_context(const net::TlsBook& book,
                                                              const std::string& name) {
  const auto known = book.listeners.find(name);
  return known == book.listeners.end() ? nullptr : known->second;
}

}  // namespace

Worker::Worker(std::size_t index, observe::WorkerStats& stats, observe::AccessLog& access_log,
               comparison::ComparisonPool& comparisons)
    : index_(index),
      stats_(stats),
      shadows_(loop_, comparisons, index),
      services_{.loop = loop_,
                .worker = index,
                .stats = stats,
                .access_log = access_log,
                .shadows = shadows_,
                .plan = nullptr,
                .flags = std::make_shared<routing::FlagTable>()} {}

Worker::~Worker() = default;

void Worker::start_thread() {
  thread_ = std::thread([this] {
    loop_.run();
    // What is left is destroyed on the thread that used it.
    cut();
    listeners_.clear();
    connections_.clear();
    loop_.finish_deletes();  // they use what this worker owns
  });
}

void Worker::join() {
  if (!thread_.joinable()) return;
  loop_.post([this] { loop_.stop(); });
  thread_.join();
}

void Worker::ask_again(std::unique_ptr<comparison::Job> job) {
  // A task has to be copyable.
  auto held = std::make_shared<std::unique_ptr<comparison::Job>>(std::move(job));
  loop_.post([this, held] { shadows_.ask_again(services_.plan, std::move(*held)); });
}

void Worker::take(Assignment assignment) {
  tls_ = assignment.tls;
  update_clusters(assignment);
  auto plan = std::make_shared<exchange::Plan>();
  plan->snapshot = assignment.snapshot;
  plan->timeouts = exchange::Waits(assignment.snapshot->timeouts);
  plan->none = assignment.none;
  plan->process_ledger = assignment.process_ledger;
  plan->writes = assignment.writes;
  const config::Snapshot& snapshot = *assignment.snapshot;
  const auto cluster = [&](std::size_t i) {
    return clusters_.at(snapshot.upstreams[i].name).get();
  };
  const auto timeouts = [&](std::size_t i) {
    return exchange::Waits(
        config::effective_timeouts(snapshot.timeouts, snapshot.upstreams[i].timeouts));
  };
  const auto fallback = [&](std::size_t i) {
    return exchange::Plan::Fallback{cluster(i), timeouts(i)};
  };
  if (snapshot.default_upstream) plan->fallback = fallback(*snapshot.default_upstream);
  for (const config::Listener& l : snapshot.listeners) {
    if (!l.default_upstream) continue;
    plan->listener_fallbacks.emplace_back(l.name, fallback(*l.default_upstream));
  }
  for (std::size_t i = 0; i < snapshot.migrations.size(); ++i) {
    const config::Migration& m = snapshot.migrations[i];
    const Assignment::MigrationSlots& slots = assignment.migrations[i];
    plan->migrations.push_back({.settings = &m,
                                .route = &snapshot.routes.routes()[i],
                                .slot = slots.latch,
                                .flag = slots.flag,
                                .legacy = cluster(m.legacy),
                                .monolith = cluster(m.monolith),
                                .timeouts = {timeouts(m.legacy), timeouts(m.monolith)},
                                .stats = slots.stats,
                                .comparison_stats = slots.comparison_stats,
                                .ledger = slots.ledger,
                                .hosts = {hosts_of(snapshot, m.rewrite[0], m.legacy),
                                          hosts_of(snapshot, m.rewrite[1], m.monolith)}});
    plan->migrations.back().count_what_hangs();
  }
  for (const auto& [name, kept] : clusters_) plan->clusters.push_back(kept);
  services_.plan = std::move(plan);
  services_.flags = assignment.flags;
  update_listeners(assignment);
}

// A cluster that is gone from the configuration lives as long as a plan that knows it.
void Worker::update_clusters(const Assignment& assignment) {
  std::map<std::string, std::shared_ptr<upstream::Cluster>> next;
  for (std::size_t i = 0; i < assignment.snapshot->upstreams.size(); ++i) {
    upstream::ClusterSettings settings = settings_for(*assignment.snapshot, i);
    settings.addresses = assignment.addresses;
    settings.tls = upstream_context(*tls_, settings.upstream.name);
    const std::string name = settings.upstream.name;
    auto old = clusters_.extract(name);
    if (old.empty()) {
      next.emplace(name, std::make_shared<upstream::Cluster>(loop_, *assignment.upstreams[i],
                                                             std::move(settings)));
    } else {
      old.mapped()->update(std::move(settings));
      next.insert(std::move(old));
    }
  }
  for (const auto& [name, cluster] : clusters_) cluster->close_idle();
  clusters_ = std::move(next);
}

void Worker::take(const std::shared_ptr<const upstream::AddressBook>& addresses) {
  for (const auto& [name, cluster] : clusters_) cluster->update(addresses);
}

void Worker::take(std::shared_ptr<const net::TlsBook> tls) {
  tls_ = std::move(tls);
  for (const auto& [name, cluster] : clusters_) cluster->update(upstream_context(*tls_, name));
  for (auto& [name, open] : listeners_) open.tls = listener_context(*tls_, name);
}

void Worker::update_listeners(Assignment& assignment) {
  std::map<std::string, OpenListener> next;
  for (const config::Listener& settings : assignment.snapshot->listeners) {
    auto old = listeners_.extract(settings.name);
    const auto socket = assignment.sockets.find(settings.name);
    OpenListener open = old.empty() ? OpenListener{} : std::move(old.mapped());
    open.settings = std::make_shared<const config::Listener>(settings);
    open.tls = listener_context(*tls_, settings.name);
    if (socket != assignment.sockets.end()) {
      auto listener = net::TcpListener::listen(
          loop_, socket->second,
          [this, name = settings.name](auto transport) { on_accept(name, std::move(transport)); });
      if (listener) open.listener = std::move(*listener);
    }
    next.emplace(settings.name, std::move(open));
  }
  listeners_ = std::move(next);
  for (const auto& connection : connections_) {
    const auto open = listeners_.find(connection->listener());
    if (open != listeners_.end()) connection->follow(open->second.settings);
  }
}

std::unique_ptr<net::Transport> Worker::dress(const OpenListener& open,
                                              std::unique_ptr<net::TcpTransport> tcp) {
  if (!open.settings->tls) return tcp;
  if (open.tls == nullptr) return nullptr;  // never in the clear
  return net::TlsTransport::accept(loop_, std::move(tcp), open.tls,
                                   {services_.plan->snapshot->timeouts.header, kPlainHttpAnswer});
}

void Worker::on_accept(const std::string& listener, std::unique_ptr<net::TcpTransport> tcp) {
  const auto open = listeners_.find(listener);
  if (open == listeners_.end()) return;
  const config::Snapshot& snapshot = *services_.plan->snapshot;
  const std::uint64_t connections_max =
      std::max<std::uint64_t>(1, snapshot.limits.connections / snapshot.workers);
  if (connections_.size() >= connections_max + connections_max / kRefusedPart + 1) return;
  const bool over_limit = connections_.size() >= connections_max;
  const auto& settings = open->second.settings;
  if (settings->proxy_protocol) {
    return begin(
        std::make_unique<downstream::ProxiedConnection>(*this, services_, settings, std::move(tcp)),
        over_limit);
  }
  std::unique_ptr<net::Transport> transport = dress(open->second, std::move(tcp));
  if (transport == nullptr) return;
  begin(std::make_unique<downstream::DownstreamConnection>(*this, services_, settings,
                                                           std::move(transport)),
        over_limit);
}

template <class Accepted>
void Worker::begin(std::unique_ptr<Accepted> connection, bool over_limit) {
  Accepted& accepted = *connection;
  accepted.place = connections_.size();
  connections_.push_back(std::move(connection));
  stats_.downstream_connections.add();
  if (over_limit) {
    accepted.refuse(ErrorCode::too_many_connections);
  } else {
    accepted.start();
  }
}

void Worker::on_proxied(downstream::Connection& connection,
                        std::shared_ptr<const config::Listener> listener,
                        std::unique_ptr<net::TcpTransport> transport, std::string rest) {
  net::TcpTransport& carrier = *transport;
  const auto open = listeners_.find(listener->name);
  std::unique_ptr<net::Transport> dressed;
  if (open != listeners_.end()) dressed = dress(open->second, std::move(transport));
  if (dressed == nullptr) return on_connection_done(connection);
  auto next = std::make_unique<downstream::DownstreamConnection>(
      *this, services_, std::move(listener), std::move(dressed));
  downstream::DownstreamConnection& begun = *next;
  begun.place = connection.place;
  loop_.defer_delete(std::exchange(connections_[connection.place], std::move(next)));
  begun.start();
  if (rest.empty()) return;
  auto held = std::make_unique<net::HeldBytes>(std::move(rest));
  const Bytes bytes = held->bytes();
  loop_.defer_delete(std::move(held));
  carrier.hand_on(bytes);
}

void Worker::on_http2(downstream::Connection& connection,
                      std::shared_ptr<const config::Listener> listener,
                      std::unique_ptr<net::Transport> transport, Bytes rest) {
  auto http2 = std::make_unique<downstream::Http2Connection>(*this, services_, std::move(listener),
                                                             std::move(transport));
  downstream::Http2Connection& begun = *http2;
  begun.place = connection.place;
  loop_.defer_delete(std::exchange(connections_[connection.place], std::move(http2)));
  begun.start(rest);
}

void Worker::on_connection_done(downstream::Connection& connection) {
  stats_.downstream_connections.add(-1);
  const std::size_t place = connection.place;
  loop_.defer_delete(std::move(connections_[place]));
  if (place + 1 != connections_.size()) {
    connections_[place] = std::move(connections_.back());
    connections_[place]->place = place;
  }
  connections_.pop_back();
  if (connections_.empty() && finished_) std::exchange(finished_, nullptr)();
}

void Worker::start_drain() {
  services_.draining = true;
  shadows_.start_drain();
  for (const auto& connection : connections_) connection->start_drain();
}

void Worker::finish(std::function<void()> done) {
  start_drain();
  listeners_.clear();
  shadows_.abandon_all();
  for (std::size_t i = connections_.size(); i > 0; --i) connections_[i - 1]->close_when_idle();
  if (connections_.empty()) return done();
  finished_ = std::move(done);
}

std::uint64_t Worker::cut() {
  finished_ = nullptr;
  std::uint64_t cut = 0;
  while (!connections_.empty()) cut += connections_.back()->cut();
  shadows_.abandon_all();
  return cut;
}

std::vector<Worker::Health> Worker::health() const {
  std::vector<Health> all;
  for (const auto& [name, cluster] : clusters_) {
    for (const config::Address& configured : cluster->settings().upstream.endpoints) {
      Health health{name, config::to_text(configured), {}, false};
      for (const auto& endpoint : cluster->endpoints()) {
        if (endpoint->name != health.endpoint) continue;
        health.addresses.push_back(endpoint->address.to_text());
        health.healthy = health.healthy || endpoint->health.healthy();
      }
      all.push_back(std::move(health));
    }
  }
  return all;
}

}  // namespace banyan::worker
