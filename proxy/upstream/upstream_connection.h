// proxy/upstream/upstream_connection.h: one HTTP/1.1 connection to an endpoint, and the one stream
// that may be open on it.
//
//   connecting -> leased <-> idle -> closed
//        \-----------\----------------^
//
// Owned by its Lane, which moves it to the deferred-delete list once it is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "proxy/codec/http1_client_codec.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/upstream/cluster.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::upstream {

class UpstreamConnection final : public net::Deferrable,
                                 public UpstreamStream,
                                 private net::TransportEvents,
                                 private codec::ClientEvents {
 public:
  // Begins to connect. From `too_old_at` on it is not used again.
  UpstreamConnection(Lane& lane, std::shared_ptr<Endpoint> endpoint, SteadyTime too_old_at,
                     CountedPlace counted);
  ~UpstreamConnection() override;

  void lease_to(StreamEvents& events);
  [[nodiscard]] Milliseconds idle_for() const;
  // False where the bound is met; it then counts as before.
  [[nodiscard]] bool count_to(const ConnectionBound& bound);
  // Too old, or used as often as it may be: not for another exchange.
  [[nodiscard]] bool spent() const;
  [[nodiscard]] const Endpoint& endpoint() const { return *endpoint_; }

  [[nodiscard]] bool ready() const override { return state_ == State::leased; }
  void send_head(const RequestHead& head) override;
  void send_body(Bytes bytes) override;
  void send_trailers(const Headers& trailers) override;
  void send_end() override;
  void pause_reading() override { transport_->pause_reading(); }
  void resume_reading() override { transport_->resume_reading(); }
  void report_to(StreamEvents& events) override { events_ = &events; }
  [[nodiscard]] std::size_t backlog() const override { return transport_->backlog(); }
  void release() override;

 private:
  friend class Lane;
  enum class State : std::uint8_t { connecting, leased, idle, closed };

  // net::TransportEvents
  void on_connected() override;
  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_blocked() override;
  void on_writable() override;
  void on_transport_error(Error error) override;
  // codec::ClientEvents
  void on_informational(codec::StreamId, ResponseHead& head) override;
  void on_response(codec::StreamId, ResponseHead& head) override;
  void on_response_body(codec::StreamId, Bytes bytes) override;
  void on_response_trailers(codec::StreamId, const Headers& trailers) override;
  void on_response_end(codec::StreamId) override;
  void on_response_error(codec::StreamId, Error error) override;

  void on_timer();
  void told_of_connect(bool taken);
  void fail(Error error);
  void close();
  [[nodiscard]] bool may_be_kept() const;

  Lane& lane_;
  Cluster& cluster_;
  std::shared_ptr<Endpoint> endpoint_;
  CountedPlace counted_;  // given back once the socket is closed: above the transport
  std::unique_ptr<net::TcpTransport> transport_;
  codec::Http1ClientCodec codec_;
  net::Timer timer_;  // connecting: its time-out; idle: until it is closed
  StreamEvents* events_ = nullptr;
  codec::StreamId stream_ = 0;
  const SteadyTime too_old_at_;
  SteadyTime idle_since_{};
  std::uint64_t requests_ = 0;
  std::size_t place_ = 0;  // in Lane::all_
  State state_ = State::connecting;
  bool reused_ = false;
  bool sent_any_ = false;
  bool request_over_ = false;  // of the stream that is open, as are the two below
  bool response_told_ = false;
  bool response_over_ = false;
  bool broken_ = false;
};

}  // namespace banyan::upstream
