// proxy/upstream/upstream_stream.h: one request to an upstream and its answer, whatever carries it.
//
//   lease -> [ready] -> send_head -> send_body* -> send_trailers? -> send_end
//                \-> informational* -> response -> body* -> trailers? -> end
//                 \-------\---------------\---------\----> error
// The last event is end or error, exactly one of them.
//
// Loop thread only. The lease is the exchange's; letting go of it ends the stream: a connection
// whose request and response are both complete is kept for the next one, any other is reset. No
// event comes after the lease is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/message.h"
#include "base/result.h"

namespace banyan::upstream {

class StreamEvents {
 public:
  // Only where ready() was false when the lease was given. send_head() may be called now.
  virtual void on_stream_ready() = 0;
  virtual void on_stream_informational(ResponseHead& head) = 0;
  // 101 only where the request's head had an `Upgrade`: from then on it is a tunnel.
  virtual void on_stream_response(ResponseHead& head) = 0;
  virtual void on_stream_body(Bytes bytes) = 0;
  virtual void on_stream_trailers(const Headers& trailers) = 0;
  virtual void on_stream_end() = 0;
  // error.retry tells whether the request may be sent again.
  virtual void on_stream_error(Error error) = 0;
  // The request body meets a slow upstream / may go on.
  virtual void on_stream_blocked() = 0;
  virtual void on_stream_writable() = 0;

 protected:
  ~StreamEvents() = default;
};

class UpstreamStream {
 public:
  UpstreamStream() = default;
  UpstreamStream(const UpstreamStream&) = delete;
  UpstreamStream& operator=(const UpstreamStream&) = delete;
  virtual ~UpstreamStream() = default;

  [[nodiscard]] virtual bool ready() const = 0;
  // To which protocols a request may ask to change. With HTTP/2 it does so by extended CONNECT,
  // without the key of WebSocket's handshake (RFC 8441 §5). Where ready.
  enum class Tunnels : std::uint8_t { any, websocket, none };
  [[nodiscard]] virtual Tunnels tunnels() const = 0;
  // As codec::ClientCodec::send_head(): no Host, framing or connection fields in head.headers.
  virtual void send_head(const RequestHead& head) = 0;
  virtual void send_body(Bytes bytes) = 0;
  virtual void send_trailers(const Headers& trailers) = 0;
  virtual void send_end() = 0;
  // Of a tunnel: nothing more goes to the upstream, which may go on.
  virtual void end_tunnel() = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Somebody else takes the events from now on.
  virtual void report_to(StreamEvents& events) = 0;
  // Request bytes that the kernel has not taken yet.
  [[nodiscard]] virtual std::size_t backlog() const = 0;

  // The lease's end; see Lease.
  virtual void release() = 0;
};

struct ReleaseStream {
  void operator()(UpstreamStream* stream) const { stream->release(); }
};
using Lease = std::unique_ptr<UpstreamStream, ReleaseStream>;

}  // namespace banyan::upstream
