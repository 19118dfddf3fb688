// How a lane gives leases: its part of cluster.h.
#include <algorithm>
#include <utility>

#include "proxy/upstream/cluster.h"
#include "proxy/upstream/connection_age.h"
#include "proxy/upstream/http1_connection.h"
#include "proxy/upstream/http2_connection.h"

namespace banyan::upstream {
namespace {

Error no_room(std::string_view limit) {
  return {ErrorCode::pending_overflow, Side::local, Retry::unsafe, std::string(limit)};
}

// Of the connections that may be open for the purpose. False where all are.
bool take_place(const ConnectionBound& bound, CountedPlace& place) {
  if (bound.open == nullptr) return true;
  place = CountedPlace::take(*bound.open, bound.max);
  return static_cast<bool>(place);
}

}  // namespace

Lane::Lane(Cluster& cluster, Role role) : cluster_(cluster), role_(role) {}

Lane::~Lane() {
  const auto open = static_cast<std::int64_t>(all_.size());
  cluster_.stats_.connections[static_cast<std::size_t>(role_)].add(-open);
}

Result<Lease> Lane::lease(StreamEvents& events, const LeaseWish& wish) {
  const bool shared = cluster_.settings_.upstream.protocol == config::Protocol::http2;
  return shared ? lease_shared(events, wish) : lease_alone(events, wish);
}

// Where no other connection may be opened, better one that idled for long than none.
Result<Lease> Lane::lease_alone(StreamEvents& events, const LeaseWish& wish) {
  if (UpstreamConnection* kept = take_idle(wish)) return lease_to(*kept, events);
  CountedPlace counted;
  if (!take_place(wish.bound, counted)) {
    LeaseWish any = wish;
    any.idle_max = Milliseconds::max();
    if (UpstreamConnection* kept = take_idle(any)) return lease_to(*kept, events);
    return Failure(no_room("connections"));
  }
  return lease_new(events, nullptr, std::move(counted));
}

// The endpoint first, so that few connections do not mean few endpoints.
Result<Lease> Lane::lease_shared(StreamEvents& events, const LeaseWish& wish) {
  std::shared_ptr<Endpoint> endpoint = cluster_.pick(turn_);
  if (UpstreamConnection* kept = find_shared(endpoint.get(), wish)) return lease_to(*kept, events);
  CountedPlace counted;
  if (!take_place(wish.bound, counted)) {
    LeaseWish any = wish;
    any.idle_max = Milliseconds::max();
    if (UpstreamConnection* kept = find_shared(nullptr, any)) return lease_to(*kept, events);
    return Failure(no_room("connections"));
  }
  return lease_new(events, std::move(endpoint), std::move(counted));
}

Result<Lease> Lane::lease_new(StreamEvents& events, std::shared_ptr<Endpoint> endpoint,
                              CountedPlace counted) {
  if (waiting_ >= cluster_.settings_.pending_max) return Failure(no_room("limits.pending"));
  if (cluster_.settings_.upstream.tls && cluster_.settings_.tls == nullptr) {
    return Failure({ErrorCode::internal, Side::local, Retry::unsafe, "no TLS context"});
  }
  if (endpoint == nullptr) endpoint = cluster_.pick(turn_);
  if (endpoint == nullptr) {
    return Failure({ErrorCode::unresolved, Side::upstream, Retry::safe, "no address is known"});
  }
  return lease_to(open(std::move(endpoint), std::move(counted)), events);
}

Lease Lane::lease_to(UpstreamConnection& connection, StreamEvents& events) {
  return Lease(&connection.lease_to(events));
}

UpstreamConnection& Lane::open(std::shared_ptr<Endpoint> endpoint, CountedPlace counted) {
  const Milliseconds age = jittered_age(cluster_.settings_.upstream.max_connection_age,
                                        static_cast<std::uint32_t>(cluster_.random_()) << 1U);
  const SteadyTime too_old_at = cluster_.loop_.timers().now() + age;
  if (endpoint->protocol == config::Protocol::http2) {
    all_.push_back(std::make_unique<Http2Connection>(*this, std::move(endpoint), too_old_at,
                                                     std::move(counted)));
    keep(*all_.back());
  } else {
    all_.push_back(std::make_unique<Http1Connection>(*this, std::move(endpoint), too_old_at,
                                                     std::move(counted)));
  }
  all_.back()->place_ = all_.size() - 1;
  auto& stats = cluster_.stats_;
  stats.connections[static_cast<std::size_t>(role_)].add();
  stats.connections_opened.add();
  return *all_.back();
}

UpstreamConnection* Lane::take_idle(const LeaseWish& wish) {
  if (wish.fresh) return nullptr;
  for (std::size_t i = kept_.size(); i > 0; --i) {
    UpstreamConnection* const kept = kept_[i - 1];
    if (kept->spent()) {  // it grew too old, and its timer is not due yet
      kept->close();
      continue;
    }
    // The last one idled shortest: if it idled too long, all before it did.
    if (kept->idle_for() > wish.idle_max) return nullptr;
    if (!kept->count_to(wish.bound)) continue;
    forget_kept(i - 1);
    return kept;
  }
  return nullptr;
}

UpstreamConnection* Lane::find_shared(const Endpoint* to, const LeaseWish& wish) {
  UpstreamConnection* to_wait_for = nullptr;
  for (std::size_t i = kept_.size(); i > 0; --i) {
    UpstreamConnection* const kept = kept_[i - 1];
    if (kept->room() == 0) {  // it comes back once it has room again
      kept->idle() ? kept->close() : forget_kept(i - 1);
      continue;
    }
    const bool wanted = to == nullptr || &kept->endpoint() == to;
    const bool stale = kept->idle() && (wish.fresh || kept->idle_for() > wish.idle_max);
    if (!wanted || stale || !kept->count_to(wish.bound)) continue;
    if (!kept->connecting()) return kept;
    to_wait_for = kept;
  }
  return waiting_ < cluster_.settings_.pending_max ? to_wait_for : nullptr;
}

void Lane::keep(UpstreamConnection& connection) {
  if (!std::exchange(connection.kept_, true)) kept_.push_back(&connection);
}

void Lane::forget_kept(std::size_t at) {
  kept_[at]->kept_ = false;
  kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(at));
}

void Lane::remove(UpstreamConnection& connection) {
  if (connection.kept_) std::erase(kept_, &connection);
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
  const std::vector<UpstreamConnection*> kept = kept_;
  for (UpstreamConnection* connection : kept) {
    if (connection->idle()) connection->close();
  }
}

void Lane::close_idle_to_gone() {
  for (std::size_t i = kept_.size(); i > 0; --i) {
    UpstreamConnection* const kept = kept_[i - 1];
    if (!kept->endpoint().gone) continue;
    kept->idle() ? kept->close() : forget_kept(i - 1);
  }
}

}  // namespace banyan::upstream
