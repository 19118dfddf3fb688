// proxy/upstream/upstream_connection.h: what a Lane knows of a connection, whatever it speaks.
//
//   connecting -> busy <-> idle -> closed
//        \---------\----------------^
//
// HTTP/1.1 carries one stream at a time, HTTP/2 many. Owned by its Lane, which moves it to the
// deferred-delete list once it is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/counted_place.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/net/transport.h"
#include "proxy/upstream/cluster.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::upstream {

class UpstreamConnection : public net::Deferrable, protected net::TransportEvents {
 public:
  ~UpstreamConnection() override;

  // A stream for one exchange, which may have to wait for the connection; room() was not 0.
  [[nodiscard]] virtual UpstreamStream& lease_to(StreamEvents& events) = 0;
  // How many more streams it may carry now.
  [[nodiscard]] virtual std::size_t room() const = 0;

  // Open without a stream.
  [[nodiscard]] bool idle() const { return state_ == State::idle; }
  [[nodiscard]] bool connecting() const { return state_ == State::connecting; }
  // Only where it is idle.
  [[nodiscard]] Milliseconds idle_for() const;
  // False where the bound is met, or where others use it; it then counts as before.
  [[nodiscard]] bool count_to(const ConnectionBound& bound);
  // Too old, or used as often as it may be: not for another exchange.
  [[nodiscard]] bool spent() const;
  [[nodiscard]] const Endpoint& endpoint() const { return *endpoint_; }

 protected:
  enum class State : std::uint8_t { connecting, busy, idle, closed };

  // Begins to connect. From `too_old_at` on it is not used again.
  UpstreamConnection(Lane& lane, std::shared_ptr<Endpoint> endpoint, SteadyTime too_old_at,
                     CountedPlace counted);

  // One more lease waits for the connection, or one fewer.
  void wait_for_connection(int delta);
  // The endpoint took it, or not; once.
  void told_of_connect(bool taken);
  // The transport failed: says what is worth a line in the log, and where it was still
  // connecting whether the endpoint had taken it.
  void told_of_error(const Error& error);
  // Leases may be used: nobody waits any more.
  void become_busy();
  void become_idle();
  // That of its role.
  [[nodiscard]] net::FlushList& flush_list() const;
  // It has room again.
  void offer() { lane_.keep(*this); }
  void close();
  // Last words, where there are any.
  virtual void on_close() {}
  // The connect took too long. close() or an error to whom it may concern.
  virtual void on_connect_timeout() = 0;

  Lane& lane_;
  Cluster& cluster_;
  std::shared_ptr<Endpoint> endpoint_;
  CountedPlace counted_;  // given back once the socket is closed: above the transport
  std::unique_ptr<net::Transport> transport_;
  std::uint64_t requests_ = 0;
  State state_ = State::connecting;

 private:
  friend class Lane;
  void on_timer();

  net::Timer timer_;  // connecting: its time-out; idle: until it is closed
  const SteadyTime too_old_at_;
  SteadyTime idle_since_{};
  std::size_t waiting_ = 0;  // leases, until it is connected
  std::size_t place_ = 0;    // in Lane::all_
  bool kept_ = false;        // in Lane::kept_
};

}  // namespace banyan::upstream
