// proxy/exchange/downstream_stream.h: the client's side of one exchange.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/message.h"
#include "proxy/net/transport.h"

namespace banyan::exchange {

// Implemented by the connection; outlives the exchange. Loop thread only.
//   send_informational* -> send_head -> send_body* -> send_trailers? -> send_end
//   or abort() at any time
//   Where a tunnel is asked for:
//   expect_tunnel -> send_informational* -> open_tunnel -> send_body* -> end_tunnel?
//                                       \-> send_head …
class DownstreamStream {
 public:
  virtual void send_informational(const ResponseHead& head) = 0;
  virtual void send_head(const ResponseHead& head) = 0;
  virtual void send_body(Bytes bytes) = 0;
  virtual void send_trailers(const Headers& trailers) = 0;
  virtual void send_end() = 0;
  // What the client sends may be meant for the tunnel already, so no other request is read behind
  // this one, however it is answered.
  virtual void expect_tunnel() = 0;
  // `head` is a 101 with its Upgrade. The client's bytes come as a body from now on, those that
  // came before from inside this call.
  virtual void open_tunnel(const ResponseHead& head) = 0;
  // Nothing more goes to the client; it may go on.
  virtual void end_tunnel() = 0;
  // The client must see that the response is not whole.
  virtual void abort() = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Bytes that the client has not taken yet; shrinks while a slow one reads.
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  // The client's address without the port.
  [[nodiscard]] virtual const std::string& peer() const = 0;
  // nullptr where its connection is not encrypted.
  [[nodiscard]] virtual const net::TlsFacts* tls() const { return nullptr; }

 protected:
  ~DownstreamStream() = default;
};

}  // namespace banyan::exchange
