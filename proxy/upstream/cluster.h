// proxy/upstream/cluster.h: the endpoints of one upstream, and two lanes to them.
//
// A Lane is a pool of connections, kept from request to request and with HTTP/2 shared by many,
// with its own limits and counters. Primary and shadow traffic never share one, so shadow load can
// not use up what users need, and only the primary lane decides which endpoints are healthy. Lives
// as long as a plan that names it; one loop only.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/arm.h"
#include "base/counted_place.h"
#include "base/result.h"
#include "config/snapshot.h"
#include "proxy/codec/codec.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls_context.h"
#include "proxy/net/transport.h"
#include "proxy/observe/stats.h"
#include "proxy/upstream/address_book.h"
#include "proxy/upstream/endpoint_health.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::upstream {

class Cluster;
class UpstreamConnection;

struct Endpoint {
  std::string name;  // HOST:PORT, as configured: one name may stand for several addresses
  net::SocketAddress address;
  config::Protocol protocol = config::Protocol::http1;
  EndpointHealth health;
  std::string tls_name;  // who it must be where the upstream has TLS: a DNS name or an IP address
  // Streams that it takes on one HTTP/2 connection, as it said last.
  std::size_t streams_max = std::numeric_limits<std::size_t>::max();
  bool gone = false;  // no longer of its upstream: its connections end with their exchange
};

// How many connections may be open for one purpose, idle ones as well, over all lanes and workers.
struct ConnectionBound {
  std::atomic<std::uint64_t>* open = nullptr;  // outlives them; nullptr: any number
  std::uint64_t max = 0;
};

struct LeaseWish {
  // A new connection, not a kept one; with HTTP/2 one that is just being used will do.
  bool fresh = false;
  // A kept connection that idled longer than this is passed over: for requests that can not be
  // repeated if it turns out to be closed.
  Milliseconds idle_max = Milliseconds::max();
  // What the connection counts against from now on, until it is closed or leased for another
  // purpose. Where all are open, idle_max does not count.
  ConnectionBound bound = {};
};

class Lane {
 public:
  Lane(Cluster& cluster, Role role);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // On a kept connection (ready at once) or a new one (on_stream_ready() later). Errors:
  // pending_overflow (also where the wish's bound is met), connect_refused (no endpoint). `events`
  // must outlive the lease.
  [[nodiscard]] Result<Lease> lease(StreamEvents& events, const LeaseWish& wish);

  [[nodiscard]] std::size_t connections() const { return all_.size(); }
  // Leases that wait for their connection.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  void close_idle();
  void close_idle_to_gone();

 private:
  friend class UpstreamConnection;
  [[nodiscard]] Result<Lease> lease_alone(StreamEvents& events, const LeaseWish& wish);
  [[nodiscard]] Result<Lease> lease_shared(StreamEvents& events, const LeaseWish& wish);
  // With HTTP/1.1: one that idles.
  [[nodiscard]] UpstreamConnection* take_idle(const LeaseWish& wish);
  // With HTTP/2: one with room, to that endpoint or to any.
  [[nodiscard]] UpstreamConnection* find_shared(const Endpoint* to, const LeaseWish& wish);
  [[nodiscard]] Result<Lease> lease_new(StreamEvents& events, std::shared_ptr<Endpoint> endpoint,
                                        CountedPlace counted);
  [[nodiscard]] UpstreamConnection& open(std::shared_ptr<Endpoint> endpoint, CountedPlace counted);
  [[nodiscard]] static Lease lease_to(UpstreamConnection& connection, StreamEvents& events);
  // Called by a connection about itself.
  void keep(UpstreamConnection& connection);
  void remove(UpstreamConnection& connection);
  void forget_kept(std::size_t at);

  Cluster& cluster_;
  const Role role_;
  std::vector<std::unique_ptr<UpstreamConnection>> all_;
  std::vector<UpstreamConnection*> kept_;  // with room; of idle ones the last was used last
  std::size_t turn_ = 0;                   // of the endpoints
  std::size_t waiting_ = 0;                // leases
};

// Settings that every connection of the cluster reads.
struct ClusterSettings {
  config::Upstream upstream;
  config::Timeouts timeouts;  // of this upstream
  codec::HeadLimits head_limits;
  std::size_t pending_max = 1000;
  std::shared_ptr<const AddressBook> addresses;  // of host names; nullptr: none is known
  std::shared_ptr<net::TlsClientContext> tls;    // given where upstream.tls is
};

class Cluster {
 public:
  Cluster(net::Loop& loop, observe::UpstreamStats& stats, ClusterSettings settings);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // A reload. Idle connections to endpoints that are gone are closed, busy ones end with their
  // exchange.
  void update(ClusterSettings settings);
  // DNS said something else.
  void update(std::shared_ptr<const AddressBook> addresses);
  // Its certificates or CAs changed: connections that idle were made under others.
  void update(std::shared_ptr<net::TlsClientContext> tls);
  [[nodiscard]] Lane& lane(Role role) { return role == Role::primary ? primary_ : shadow_; }
  void close_idle();

  // Whether shadows must keep away: exchanges of the primary lane wait for a connection, or one
  // failed less than kStrainedFor ago.
  static constexpr Milliseconds kStrainedFor{1'000};
  [[nodiscard]] bool strained() const;
  void on_primary_failure();
  // To the log, not more often than every kTlsFailurePause.
  static constexpr Milliseconds kTlsFailurePause{10'000};
  void say_tls_failure(const Endpoint& endpoint, const Error& error);

  [[nodiscard]] const std::vector<std::shared_ptr<Endpoint>>& endpoints() const {
    return endpoints_;
  }
  [[nodiscard]] const ClusterSettings& settings() const { return settings_; }
  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] observe::UpstreamStats& stats() { return stats_; }

 private:
  friend class Lane;
  friend class UpstreamConnection;
  [[nodiscard]] std::unique_ptr<net::Transport> dial(Role role, const Endpoint& endpoint,
                                                     net::TransportEvents& events);
  // The next one in turn that may be tried; where none may, the one whose time comes first: a
  // whole upstream is never given up on.
  [[nodiscard]] std::shared_ptr<Endpoint> pick(std::size_t& turn);
  void update_endpoints();
  [[nodiscard]] std::shared_ptr<Endpoint> keep_or_make(
      const std::vector<std::shared_ptr<Endpoint>>& before, const std::string& name,
      const net::SocketAddress& address) const;

  net::Loop& loop_;
  observe::UpstreamStats& stats_;
  ClusterSettings settings_;
  std::vector<std::shared_ptr<Endpoint>> endpoints_;
  SteadyTime strained_until_{};
  SteadyTime tls_failure_said_{};
  std::minstd_rand random_{std::random_device{}()};  // spreads the ages of connections
  Lane primary_{*this, Role::primary};
  Lane shadow_{*this, Role::shadow};
};

}  // namespace banyan::upstream
