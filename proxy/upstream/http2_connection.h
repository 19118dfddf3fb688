// proxy/upstream/http2_connection.h: one HTTP/2 connection to an endpoint (prior knowledge, RFC
// 9113 §3.3), and the streams that are leased on it.
//
// It is connected once the server's SETTINGS are here: they tell how many streams it takes, and
// whoever speaks no HTTP/2 is found out before a byte of a request is sent. Each stream is paused,
// blocked and ended by itself; the socket is always read. Leases are never moved: what the upstream
// did not process fails with Retry::unprocessed, and its exchange asks the lane again.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "proxy/codec/http2_client_codec.h"
#include "proxy/upstream/upstream_connection.h"

namespace banyan::upstream {

class Http2Connection final : public UpstreamConnection,
                              private net::Flushable,
                              private codec::Http2ClientEvents {
 public:
  // Whatever the upstream allows. With codec::Http2ClientCodec::kStreamWindow it bounds what one
  // connection may hold for slow clients.
  static constexpr std::size_t kStreamsMax = 100;

  Http2Connection(Lane& lane, std::shared_ptr<Endpoint> endpoint, SteadyTime too_old_at,
                  CountedPlace counted);
  ~Http2Connection() override;

  [[nodiscard]] UpstreamStream& lease_to(StreamEvents& events) override;
  [[nodiscard]] std::size_t room() const override;

 private:
  class Stream;

  // net::TransportEvents
  void on_connected() override;
  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_blocked() override { codec_.block(true); }
  void on_writable() override { codec_.block(false); }
  void on_transport_error(Error error) override;
  // net::Flushable
  void flush() override;
  // codec::Http2ClientEvents
  void on_informational(codec::StreamId id, ResponseHead& head) override;
  void on_response(codec::StreamId id, ResponseHead& head) override;
  void on_response_body(codec::StreamId id, Bytes bytes) override;
  void on_response_trailers(codec::StreamId id, const Headers& trailers) override;
  void on_response_end(codec::StreamId id) override;
  void on_response_error(codec::StreamId id, Error error) override;
  void on_request_blocked(codec::StreamId id) override;
  void on_request_writable(codec::StreamId id) override;
  void on_unflushed() override;

  void on_connect_timeout() override;
  void on_close() override;
  void begin();
  void fail_connect(Error error);
  void tell_waiting(const Error* error, std::size_t but_first);
  // The end of a lease.
  void give_back(Stream& stream);
  void settle();
  [[nodiscard]] std::size_t streams_max() const;
  [[nodiscard]] bool may_be_kept() const;
  [[nodiscard]] StreamEvents* events_of(codec::StreamId id);
  [[nodiscard]] std::vector<Stream*>::const_iterator place_of(codec::StreamId id) const;
  [[nodiscard]] Stream* find(codec::StreamId id) const;

  codec::Http2ClientCodec codec_;
  net::FlushList& flush_list_;  // of the loop: there still where the cluster has ended before
  std::vector<std::unique_ptr<Stream>> leased_;
  std::vector<std::unique_ptr<Stream>> free_;
  std::vector<Stream*> sent_;  // of leased_, those with a request; by their ids, ascending
  // As many as it did not refuse lately: one more with each answer.
  std::size_t allowed_ = kStreamsMax;
  bool refuses_ = false;  // and has not answered since
};

}  // namespace banyan::upstream
