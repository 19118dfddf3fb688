// proxy/net/transport.h: an ordered byte stream with backpressure. Hides what carries it.
//
//   [connecting] --on_connected--> open --on_read_end--> half-closed
//        \------------- on_transport_error (last, at most once) -----------/
//
// One that was accepted may be written to at once; over TLS on_connected tells it when the
// handshake is over and tls() is known.
//
// Loop thread only. Owned by the connection that speaks over it; destroying it is cancelling it:
// no event comes afterwards. Written bytes leave at the end of the loop iteration, in one write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace banyan::net {

class TransportEvents {
 public:
  virtual void on_connected() {}
  // `bytes` stay valid until the end of the loop iteration, so they may be borrow()ed by another
  // transport of the same loop. Never empty.
  virtual void on_read(Bytes bytes) = 0;
  // The peer closed its sending side.
  virtual void on_read_end() = 0;
  // More than the high mark could not be written: whoever produces should pause.
  virtual void on_blocked() {}
  // After on_blocked: the backlog fell below the low mark.
  virtual void on_writable() {}
  virtual void on_transport_error(Error error) = 0;

 protected:
  ~TransportEvents() = default;
};

// What a handshake agreed on. The views live as long as the transport.
struct TlsFacts {
  std::string_view version;     // `1.2`, `1.3`
  std::string_view protocol;    // of ALPN, e.g. `h2`; empty where none was agreed on
  std::string_view client_san;  // the names of the client's certificate, which was verified
};

class Transport : public ByteSink {
 public:
  // Unwritten bytes of one connection above which its producer is paused, and below which it goes
  // on. One read (256 KiB) may come on top.
  static constexpr std::size_t kBacklogHigh = 64 * 1024;
  static constexpr std::size_t kBacklogLow = 16 * 1024;

  // For an accepted one, before the loop goes on.
  virtual void start(TransportEvents& events) = 0;
  // At most this much per read from now on: for what can not be used yet.
  virtual void limit_reads(std::size_t bytes_max) = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Bytes handed in and not yet taken by the kernel.
  [[nodiscard]] virtual std::size_t backlog() const = 0;
  // Closes the sending side once everything is written. Nothing may be written afterwards.
  virtual void finish() = 0;
  // The peer will see a reset, not an orderly end: a cut-off body is never taken for a whole one.
  virtual void reset() = 0;
  // The peer's address without the port; empty where there is none.
  [[nodiscard]] virtual const std::string& peer() const = 0;
  // nullptr where it is not encrypted, or not yet.
  [[nodiscard]] virtual const TlsFacts* tls() const { return nullptr; }
};

}  // namespace banyan::net
