// proxy/net/transport.h: an ordered byte stream with backpressure. Hides what carries it.
//
//   [connecting] --on_connected--> open --on_read_end--> half-closed
//        \------------- on_transport_error (last, at most once) -----------/
//
// Loop thread only. Owned by the connection that speaks over it; destroying it is cancelling it:
// no event comes afterwards. Written bytes leave at the end of the loop iteration, in one write.
#pragma once

#include <cstdint>
#include <string>

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

class Transport : public ByteSink {
 public:
  // Unwritten bytes of one connection above which its producer is paused, and below which it goes
  // on. One read (256 KiB) may come on top.
  static constexpr std::size_t kBacklogHigh = 64 * 1024;
  static constexpr std::size_t kBacklogLow = 16 * 1024;

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
};

}  // namespace banyan::net
