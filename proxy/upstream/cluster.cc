#include "proxy/upstream/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/scalar.h"
#include "proxy/net/tls_transport.h"
#include "proxy/observe/logging.h"
#include "proxy/upstream/upstream_connection.h"

namespace banyan::upstream {
namespace {

std::string tls_name_of(const config::Upstream& upstream, const config::Address& endpoint) {
  if (!upstream.tls) return {};
  std::string name = upstream.tls->server_name.empty() ? endpoint.host : upstream.tls->server_name;
  if (name.ends_with('.')) name.pop_back();  // a certificate has none
  return name;
}

}  // namespace

Cluster::Cluster(net::Loop& loop, observe::UpstreamStats& stats, ClusterSettings settings)
    : loop_(loop), stats_(stats) {
  update(std::move(settings));
}

Cluster::~Cluster() = default;

void Cluster::update(ClusterSettings settings) {
  settings_ = std::move(settings);
  update_endpoints();
}

void Cluster::update(std::shared_ptr<const AddressBook> addresses) {
  settings_.addresses = std::move(addresses);
  update_endpoints();
}

void Cluster::update(std::shared_ptr<net::TlsClientContext> tls) {
  if (settings_.tls == tls) return;
  settings_.tls = std::move(tls);
  close_idle();
}

void Cluster::say_tls_failure(const Endpoint& endpoint, const Error& error) {
  const SteadyTime now = loop_.timers().now();
  if (tls_failure_said_ != SteadyTime{} && now < tls_failure_said_ + kTlsFailurePause) return;
  tls_failure_said_ = now;
  observe::log_warning(
      fmt::format("upstream {}, {}: {}", settings_.upstream.name, endpoint.name, error.detail));
}

std::unique_ptr<net::Transport> Cluster::dial(Role role, const Endpoint& endpoint,
                                              net::TransportEvents& events) {
  if (!settings_.upstream.tls) {
    return net::TcpTransport::connect(loop_, role, endpoint.address, events);
  }
  return net::TlsTransport::connect(loop_, role, endpoint.address,
                                    {settings_.tls, endpoint.tls_name}, events);
}

void Cluster::update_endpoints() {
  const std::vector<std::shared_ptr<Endpoint>> before = std::move(endpoints_);
  endpoints_.clear();
  for (const config::Address& a : settings_.upstream.endpoints) {
    for (const net::SocketAddress& address : addresses_of(a, settings_.addresses.get())) {
      endpoints_.push_back(keep_or_make(before, config::to_text(a), address));
      endpoints_.back()->health.set_rule(settings_.upstream.health);
      endpoints_.back()->tls_name = tls_name_of(settings_.upstream, a);
    }
  }
  for (const auto& e : before) {
    e->gone = std::find(endpoints_.begin(), endpoints_.end(), e) == endpoints_.end();
  }
  primary_.close_idle_to_gone();
  shadow_.close_idle_to_gone();
}

std::shared_ptr<Endpoint> Cluster::keep_or_make(
    const std::vector<std::shared_ptr<Endpoint>>& before, const std::string& name,
    const net::SocketAddress& address) const {
  for (const auto& e : before) {
    const bool same = e->name == name && e->address == address;
    if (same && e->protocol == settings_.upstream.protocol) return e;
  }
  auto made = std::make_shared<Endpoint>();
  made->name = name;
  made->address = address;
  made->protocol = settings_.upstream.protocol;
  return made;
}

bool Cluster::strained() const {
  return primary_.waiting() > 0 || loop_.timers().now() < strained_until_;
}

void Cluster::on_primary_failure() { strained_until_ = loop_.timers().now() + kStrainedFor; }

void Cluster::close_idle() {
  primary_.close_idle();
  shadow_.close_idle();
}

std::shared_ptr<Endpoint> Cluster::pick(std::size_t& turn) {
  const SteadyTime now = loop_.timers().now();
  std::shared_ptr<Endpoint> first_back;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const std::shared_ptr<Endpoint>& e = endpoints_[turn++ % endpoints_.size()];
    if (e->health.may_try(now)) return e;
    if (first_back == nullptr || e->health.retry_at() < first_back->health.retry_at()) {
      first_back = e;
    }
  }
  return first_back;
}

}  // namespace banyan::upstream
