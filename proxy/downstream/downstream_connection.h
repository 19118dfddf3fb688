// proxy/downstream/downstream_connection.h: one accepted HTTP/1.1 connection, or one of which
// nobody knows yet: where the client's first bytes are HTTP/2's preface, it hands its transport on.
//
//   idle -> exchange -> idle …           keep-alive; requests of a pipeline wait their turn
//     \         \-> lingering -> closed  the response was sent, the client may still be writing
//      \----------------------^
//
// An exchange that becomes a tunnel is the last one.
//
// Lingering: the sending side is closed, what still comes is read and dropped for a bounded time,
// so that an early answer reaches a client that is in the middle of its upload (RFC 9112 §9.6).
// Owned by its worker, which is told when it is over.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "proxy/codec/http1_server_codec.h"
#include "proxy/downstream/connection.h"
#include "proxy/downstream/http2_preface.h"
#include "proxy/exchange/downstream_stream.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/services.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/net/transport.h"

namespace banyan::downstream {

class DownstreamConnection final : public Connection,
                                   private net::TransportEvents,
                                   private codec::ServerEvents,
                                   public exchange::DownstreamStream,
                                   public exchange::Exchange::Owner {
 public:
  // How long and how much is read after the last response.
  static constexpr Milliseconds kLingerMax{2'000};
  static constexpr std::size_t kLingerBytesMax = 1024 * 1024;
  // Read at once while a request is being answered: what comes then has to wait here.
  static constexpr std::size_t kPipelineReadMax = 16 * 1024;

  DownstreamConnection(Connection::Owner& owner, exchange::Services& services,
                       std::shared_ptr<const config::Listener> listener,
                       std::unique_ptr<net::Transport> transport);
  ~DownstreamConnection() override;

  void start();
  void refuse(ErrorCode code) override;
  void start_drain() override;
  void close_when_idle() override;
  std::size_t cut() override;
  [[nodiscard]] const std::string& listener() const override { return listener_->name; }
  void follow(std::shared_ptr<const config::Listener> settings) override {
    next_listener_ = std::move(settings);
  }

 private:
  enum class State : std::uint8_t { open, lingering, closed };  // closed: or handed on

  // net::TransportEvents
  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_blocked() override;
  void on_writable() override;
  void on_transport_error(Error error) override;
  // codec::ServerEvents
  void on_request(codec::StreamId stream, RequestHead& head) override;
  void on_request_body(codec::StreamId stream, Bytes bytes) override;
  void on_request_trailers(codec::StreamId stream, const Headers& trailers) override;
  void on_request_end(codec::StreamId stream) override;
  void on_request_error(codec::StreamId stream, const RequestHead& head, Error error) override;
  // exchange::DownstreamStream
  void send_informational(const ResponseHead& head) override;
  void send_head(const ResponseHead& head) override;
  void send_body(Bytes bytes) override;
  void send_trailers(const Headers& trailers) override;
  void send_end() override;
  void expect_tunnel() override { codec_.start_drain(); }
  void open_tunnel(const ResponseHead& head) override;
  void end_tunnel() override { transport_->finish(); }
  void abort() override;
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] std::size_t unsent() const override { return transport_->backlog(); }
  [[nodiscard]] const std::string& peer() const override { return transport_->peer(); }
  [[nodiscard]] const net::TlsFacts* tls() const override { return transport_->tls(); }
  // exchange::Exchange::Owner
  void on_exchange_done() override;

  void begin(Bytes bytes);
  void begin_http1(Bytes bytes);
  void feed(Bytes bytes);
  void next_request();
  void feed_waiting();
  void linger();
  void close();
  void arm_timer();
  void on_timer();
  void on_linger_timer();
  [[nodiscard]] Milliseconds idle_timeout() const;

  Connection::Owner& owner_;
  exchange::Services& services_;
  std::shared_ptr<const config::Listener> listener_;  // of the exchange under way
  std::shared_ptr<const config::Listener> next_listener_;
  std::unique_ptr<net::Transport> transport_;
  codec::Http1ServerCodec codec_;
  net::Timer timer_;  // head, idle or linger
  std::unique_ptr<exchange::Exchange> exchange_;
  std::string waiting_;  // read already, of requests whose turn has not come
  codec::StreamId stream_ = 0;
  std::size_t lingered_ = 0;  // bytes dropped
  // Unsent when the timer was set.
  std::size_t linger_backlog_ = std::numeric_limits<std::size_t>::max();
  State state_ = State::open;
  Http2Preface preface_;
  bool begun_ = false;  // it speaks HTTP/1
  bool feeding_ = false;
  bool in_head_ = false;
  bool read_ended_ = false;
  bool body_paused_ = false;
  bool closing_ = false;  // with the exchange under way
  bool blocked_ = false;  // the client does not take its responses: no further request begins
  bool drained_ = false;  // lingering: the last response was written
};

}  // namespace banyan::downstream
