// proxy/downstream/http2_stream.h: the client's side of one exchange over HTTP/2. Included by
// http2_connection.cc only.
#pragma once

#include "proxy/downstream/http2_connection.h"

namespace banyan::downstream {

class Http2Connection::Stream final : public net::Deferrable,
                                      public Recycled<Http2Connection::Stream>,
                                      public exchange::DownstreamStream,
                                      public exchange::Exchange::Owner {
 public:
  Stream(Http2Connection& connection, codec::StreamId id)
      : connection_(connection),
        listener_(connection.listener_),
        id_(id),
        exchange_(
            std::make_unique<exchange::Exchange>(*this, connection.services_, *this, *listener_)) {}

  [[nodiscard]] codec::StreamId id() const { return id_; }
  // Until it is over.
  [[nodiscard]] exchange::Exchange* exchange() const { return exchange_.get(); }

  // Of the request, while there is an exchange.
  void take_body(Bytes bytes);
  void take_end();

  // After the exchange: reset where the client has taken nothing since the last call.
  void expect_progress();

  // exchange::DownstreamStream
  void send_informational(const ResponseHead& head) override;
  void send_head(const ResponseHead& head) override;
  void send_body(Bytes bytes) override;
  void send_trailers(const Headers& trailers) override;
  void send_end() override;
  void expect_tunnel() override;
  void open_tunnel(const ResponseHead& head) override;
  void end_tunnel() override { send_end(); }
  void abort() override;
  void pause_reading() override { codec().pause(id_); }
  void resume_reading() override;
  [[nodiscard]] std::size_t unsent() const override;
  [[nodiscard]] const std::string& peer() const override { return connection_.transport_->peer(); }
  [[nodiscard]] const net::TlsFacts* tls() const override { return connection_.transport_->tls(); }
  // exchange::Exchange::Owner
  void on_exchange_done() override;

 private:
  [[nodiscard]] codec::Http2ServerCodec& codec() const { return connection_.codec_; }

  Http2Connection& connection_;
  const std::shared_ptr<const config::Listener> listener_;  // that it began with
  const codec::StreamId id_;
  std::size_t unsent_ = std::numeric_limits<std::size_t>::max();  // when last looked at
  bool expects_tunnel_ = false;
  bool early_end_ = false;
  std::string early_;  // of a tunnel that is not open yet: a stream's window of it at most
  std::unique_ptr<exchange::Exchange> exchange_;
};

}  // namespace banyan::downstream
