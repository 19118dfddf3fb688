#include "proxy/upstream/cluster.h"

#include <algorithm>
#include <utility>

#include "config/scalar.h"
#include "proxy/upstream/connection_age.h"
#include "proxy/upstream/http1_connection.h"
#include "proxy/upstream/upstream_connection.h"

namespace banyan::upstream {
Lane::Lane(Cluster& cluster, Role role) : cluster_(cluster), role_(role) {}

Lane::~Lane() {
  const auto open = static_cast<std::int64_t>(all_.size());
  cluster_.stats_.connections[static_cast<std::size_t>(role_)].add(-open);
}

Result<Lease> Lane::lease(StreamEvents& events, const LeaseWish& wish) {
  if (!wish.fresh) {
    if (UpstreamConnection* kept = take_kept(wish)) return lease_to(*kept, events);
  }
  CountedPlace counted;
  if (wish.bound.open != nullptr) {
    counted = CountedPlace::take(*wish.bound.open, wish.bound.max);
    if (!counted) return lease_any_kept(events, wish);
  }
  if (waiting_ >= cluster_.settings_.pending_max) {
    return Failure({ErrorCode::pending_overflow, Side::local, Retry::unsafe, "limits.pending"});
  }
  std::shared_ptr<Endpoint> endpoint = cluster_.pick(turn_);
  if (endpoint == nullptr) {
    return Failure({ErrorCode::unresolved, Side::upstream, Retry::safe, "no address is known"});
  }
  return lease_to(open(std::move(endpoint), std::move(counted)), events);
}

Lease Lane::lease_to(UpstreamConnection& connection, StreamEvents& events) {
  return Lease(&connection.lease_to(events));
}

// No other connection may be opened: better one that idled for long than none.
Result<Lease> Lane::lease_any_kept(StreamEvents& events, LeaseWish wish) {
  wish.idle_max = Milliseconds::max();
  UpstreamConnection* const kept = wish.fresh ? nullptr : take_kept(wish);
  if (kept != nullptr) return lease_to(*kept, events);
  return Failure({ErrorCode::pending_overflow, Side::local, Retry::unsafe, "connections"});
}

UpstreamConnection& Lane::open(std::shared_ptr<Endpoint> endpoint, CountedPlace counted) {
  const Milliseconds age = jittered_age(cluster_.settings_.upstream.max_connection_age,
                                        static_cast<std::uint32_t>(cluster_.random_()) << 1U);
  all_.push_back(std::make_unique<Http1Connection>(
      *this, std::move(endpoint), cluster_.loop_.timers().now() + age, std::move(counted)));
  all_.back()->place_ = all_.size() - 1;
  auto& stats = cluster_.stats_;
  stats.connections[static_cast<std::size_t>(role_)].add();
  stats.connections_opened.add();
  return *all_.back();
}

UpstreamConnection* Lane::take_kept(const LeaseWish& wish) {
  for (std::size_t i = idle_.size(); i > 0; --i) {
    UpstreamConnection* kept = idle_[i - 1];
    if (kept->spent()) {  // it grew too old, and its timer is not due yet
      kept->close();
      continue;
    }
    // The last one idled shortest: if it idled too long, all before it did.
    if (kept->idle_for() > wish.idle_max) return nullptr;
    if (!kept->count_to(wish.bound)) continue;
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i - 1));
    return kept;
  }
  return nullptr;
}

void Lane::keep(UpstreamConnection& connection) { idle_.push_back(&connection); }

void Lane::remove(UpstreamConnection& connection) {
  std::erase(idle_, &connection);
  const std::size_t place = connection.place_;
  std::unique_ptr<UpstreamConnection> gone = std::move(all_[place]);
  if (place + 1 != all_.size()) {
    all_[place] = std::move(all_.back());
    all_[place]->place_ = place;
  }
  all_.pop_back();
  cluster_.stats_.connections[static_cast<std::size_t>(role_)].add(-1);
  cluster_.loop_.defer_delete(std::move(gone));
}

void Lane::close_idle() {
  const std::vector<UpstreamConnection*> idle = std::exchange(idle_, {});
  for (UpstreamConnection* connection : idle) connection->close();
}

void Lane::close_idle_to_gone() {
  const std::vector<UpstreamConnection*> idle = idle_;
  for (UpstreamConnection* connection : idle) {
    if (connection->endpoint().gone) connection->close();
  }
}

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

void Cluster::update_endpoints() {
  const std::vector<std::shared_ptr<Endpoint>> before = std::move(endpoints_);
  endpoints_.clear();
  for (const config::Address& a : settings_.upstream.endpoints) {
    for (const net::SocketAddress& address : addresses_of(a, settings_.addresses.get())) {
      endpoints_.push_back(keep_or_make(before, config::to_text(a), address));
      endpoints_.back()->health.set_rule(settings_.upstream.health);
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
    if (e->name == name && e->address == address) return e;
  }
  auto made = std::make_shared<Endpoint>();
  made->name = name;
  made->address = address;
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
