// proxy/upstream/http1_connection.h: one HTTP/1.1 connection to an endpoint, and the one stream
// that may be open on it.
#pragma once

#include <memory>

#include "proxy/codec/http1_client_codec.h"
#include "proxy/upstream/upstream_connection.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::upstream {

class Http1Connection final : public UpstreamConnection,
                              public UpstreamStream,
                              private codec::ClientEvents {
 public:
  // For one lease, which waits for it.
  Http1Connection(Lane& lane, std::shared_ptr<Endpoint> endpoint, SteadyTime too_old_at,
                  CountedPlace counted);

  [[nodiscard]] UpstreamStream& lease_to(StreamEvents& events) override;
  [[nodiscard]] std::size_t room() const override { return idle() ? 1 : 0; }

  [[nodiscard]] bool ready() const override { return state_ == State::busy; }
  [[nodiscard]] Tunnels tunnels() const override { return Tunnels::any; }
  void send_head(const RequestHead& head) override;
  void send_body(Bytes bytes) override;
  void send_trailers(const Headers& trailers) override;
  void send_end() override;
  void end_tunnel() override;
  void pause_reading() override { transport_->pause_reading(); }
  void resume_reading() override { transport_->resume_reading(); }
  void report_to(StreamEvents& events) override { events_ = &events; }
  [[nodiscard]] std::size_t backlog() const override { return transport_->backlog(); }
  void release() override;

 private:
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

  void on_connect_timeout() override;
  void fail(Error error);
  [[nodiscard]] bool may_be_kept() const;

  codec::Http1ClientCodec codec_;
  StreamEvents* events_ = nullptr;
  codec::StreamId stream_ = 0;
  bool reused_ = false;
  bool sent_any_ = false;
  bool request_over_ = false;  // of the stream that is open, as are the two below
  bool response_told_ = false;
  bool response_over_ = false;
  bool broken_ = false;
};

}  // namespace banyan::upstream
