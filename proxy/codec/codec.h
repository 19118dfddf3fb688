// proxy/codec/codec.h: bytes to message events and back. No socket, no clock, no thread.
//
// A codec belongs to one connection. feed() turns what was read into events, send_*() turn heads
// and bodies into bytes for a ByteSink. HTTP/1.1 and HTTP/2 differ behind these interfaces and
// nowhere else.
//
//   events of one stream:   on_head -> on_body* -> on_trailers? -> on_end
//                              \---------\--------------> on_error
//   The last event is on_end or on_error, exactly one of them.
//
// An event handler may call send_*() on the same codec; it must not destroy
// the codec or feed() it again from inside.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/message.h"
#include "base/result.h"

namespace banyan::codec {

// HTTP/1: counts the messages of the connection from 1. HTTP/2: the stream's id.
using StreamId = std::uint32_t;

struct HeadLimits {
  std::size_t header_bytes_max = std::size_t{64} * 1024;  // the whole head; 431
  std::size_t header_count_max = 100;                     // 431
  std::size_t url_bytes_max = std::size_t{8} * 1024;      // 414
};

// ---- The side that clients talk to ------------------------------------------------------------

class ServerEvents {
 public:
  // `head` may be swapped out; the codec clears what it gets back.
  virtual void on_request(StreamId stream, RequestHead& head) = 0;
  // Payload only, framing taken off. Never empty.
  virtual void on_request_body(StreamId stream, Bytes bytes) = 0;
  // Never empty: only fields that may be forwarded (proxy/codec/trailers.h).
  virtual void on_request_trailers(StreamId stream, const Headers& trailers) = 0;
  virtual void on_request_end(StreamId stream) = 0;
  // What came can not be understood or is refused. With HTTP/1 nothing after it will be read.
  // `head` holds what was understood by then, for the log.
  virtual void on_request_error(StreamId stream, const RequestHead& head, Error error) = 0;

 protected:
  ~ServerEvents() = default;
};

class ServerCodec {
 public:
  ServerCodec() = default;
  ServerCodec(const ServerCodec&) = delete;
  ServerCodec& operator=(const ServerCodec&) = delete;
  virtual ~ServerCodec() = default;

  // Returns how much was consumed. Less than all: HTTP/1 has a whole request and its response is
  // not sent yet; the caller keeps the rest and feeds it again after send_end(). After an error
  // everything is consumed and dropped.
  [[nodiscard]] virtual std::size_t feed(Bytes bytes) = 0;
  // The client closed its sending side. on_request_error(client_closed) where a request was cut.
  virtual void feed_eof() = 0;
  // The caller refuses what comes next (a time-out, a limit): on_request_error(), as if the bytes
  // had been bad. Nothing where a whole request is under way.
  virtual void refuse(Error error) = 0;

  // 100..199 except 101; before send_head(), any number of times. Nothing to an HTTP/1.0 client.
  virtual void send_informational(StreamId stream, const ResponseHead& head) = 0;
  // Writes framing anew from head.framing, head.content_length and what the client understands;
  // framing and connection fields must not be among head.headers. `until_close` and `chunked`
  // become whatever is right for the client.
  virtual void send_head(StreamId stream, const ResponseHead& head) = 0;
  // Not before send_head(). A message without a body (HEAD, 204, 304) drops it.
  virtual void send_body(StreamId stream, Bytes bytes) = 0;
  // At most once, after the body. Dropped where the client can not take them (HTTP/1.0, a message
  // that is not chunked).
  virtual void send_trailers(StreamId stream, const Headers& trailers) = 0;
  // Ends the message. The response was whole: a cut-off body must end in abort instead. No event
  // of this stream follows, not even the end of a request that was answered early.
  virtual void send_end(StreamId stream) = 0;

  // Every response from now on tells the client that the connection ends.
  virtual void start_drain() = 0;
  // A request's head has begun to arrive (for the header timeout).
  [[nodiscard]] virtual bool in_head() const = 0;
  // Whether the connection must be closed now that the response was sent.
  [[nodiscard]] virtual bool must_close() const = 0;
};

// ---- The side that talks to upstreams ---------------------------------------------------------

class ClientEvents {
 public:
  // 1xx except 101.
  virtual void on_informational(StreamId stream, ResponseHead& head) = 0;
  // 101 only where `Upgrade` was asked for: body and end are then those of a tunnel, and more may
  // be sent.
  virtual void on_response(StreamId stream, ResponseHead& head) = 0;
  virtual void on_response_body(StreamId stream, Bytes bytes) = 0;
  virtual void on_response_trailers(StreamId stream, const Headers& trailers) = 0;
  virtual void on_response_end(StreamId stream) = 0;
  virtual void on_response_error(StreamId stream, Error error) = 0;

 protected:
  ~ClientEvents() = default;
};

class ClientCodec {
 public:
  ClientCodec() = default;
  ClientCodec(const ClientCodec&) = delete;
  ClientCodec& operator=(const ClientCodec&) = delete;
  virtual ~ClientCodec() = default;

  // Writes the request line, Host from head.authority, head.headers as they are, and framing anew.
  // `Host`, framing and connection fields must not be among head.headers; for `TE` the connection
  // option is written, and for `Upgrade`. HTTP/1: only where no other exchange is open on the
  // connection.
  virtual StreamId send_head(const RequestHead& head) = 0;
  virtual void send_body(StreamId stream, Bytes bytes) = 0;
  virtual void send_trailers(StreamId stream, const Headers& trailers) = 0;
  virtual void send_end(StreamId stream) = 0;

  // Consumes everything. Bytes that no request asked for are an error: reusable() turns false.
  virtual void feed(Bytes bytes) = 0;
  // The upstream closed: ends a body framed by close, else on_response_error (upstream_reset before
  // a head, upstream_cut_off after it).
  virtual void feed_eof() = 0;

  // The connection may carry another exchange: with HTTP/1 request and response are both complete.
  [[nodiscard]] virtual bool reusable() const = 0;
};

}  // namespace banyan::codec
