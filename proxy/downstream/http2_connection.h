// proxy/downstream/http2_connection.h: one accepted HTTP/2 connection and its streams.
//
//   open -> lingering -> closed       lingering: GOAWAY was sent and the sending side is closed;
//     \-----------------^             what still comes is read and dropped for a bounded time
//
// A stream is an object of its own from its request until both ends are done with it. It holds the
// exchange, and after the exchange what the client has not read yet, for as long as it reads.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/recycled.h"
#include "proxy/codec/http2_server_codec.h"
#include "proxy/downstream/connection.h"
#include "proxy/exchange/downstream_stream.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/services.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer_wheel.h"

namespace banyan::downstream {

class Http2Connection final : public Connection,
                              private net::TransportEvents,
                              private net::Flushable,
                              private codec::Http2ServerEvents {
 public:
  // How long and how much is read after the last response.
  static constexpr Milliseconds kLingerMax{2'000};
  static constexpr std::size_t kLingerBytesMax = 1024 * 1024;

  Http2Connection(Owner& owner, exchange::Services& services,
                  std::shared_ptr<const config::Listener> listener,
                  std::unique_ptr<net::Transport> transport);
  ~Http2Connection() override;

  // `rest` is what came behind the preface.
  void start(Bytes rest);

  void refuse(ErrorCode code) override;
  void start_drain() override;
  void close_when_idle() override;
  std::size_t cut() override;
  [[nodiscard]] const std::string& listener() const override { return listener_->name; }
  void follow(std::shared_ptr<const config::Listener> settings) override {
    listener_ = std::move(settings);
  }

 private:
  class Stream;
  enum class State : std::uint8_t { open, lingering, closed };

  // net::TransportEvents
  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_blocked() override { codec_.block(true); }
  void on_writable() override;
  void on_transport_error(Error error) override;
  // net::Flushable
  void flush() override;
  // codec::Http2ServerEvents
  void on_request(codec::StreamId id, RequestHead& head) override;
  void on_request_body(codec::StreamId id, Bytes bytes) override;
  void on_request_trailers(codec::StreamId id, const Headers& trailers) override;
  void on_request_end(codec::StreamId id) override;
  void on_request_error(codec::StreamId id, const RequestHead& head, Error error) override;
  void on_response_blocked(codec::StreamId id) override;
  void on_response_writable(codec::StreamId id) override;
  void on_stream_closed(codec::StreamId id) override;

  [[nodiscard]] Stream* find(codec::StreamId id) const;
  Stream& add(codec::StreamId id);
  void feed(Bytes bytes);
  void flush_later();
  std::size_t fail_exchanges(const Error& error);
  void linger();
  void close();
  void arm_timer();
  void on_timer();
  void on_linger_timer();
  [[nodiscard]] Milliseconds idle_timeout() const;

  Owner& owner_;
  exchange::Services& services_;
  std::shared_ptr<const config::Listener> listener_;  // of streams that begin now
  std::unique_ptr<net::Transport> transport_;
  codec::Http2ServerCodec codec_;
  net::Timer timer_;                              // head, idle or linger
  std::vector<std::unique_ptr<Stream>> streams_;  // by their ids, ascending
  std::size_t lingered_ = 0;                      // bytes dropped
  std::size_t linger_backlog_ = std::numeric_limits<std::size_t>::max();
  State state_ = State::open;
  bool in_head_ = false;
};

}  // namespace banyan::downstream
