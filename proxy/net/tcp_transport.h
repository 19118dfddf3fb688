// proxy/net/tcp_transport.h: a Transport over one TCP connection, or one over a Unix socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/arm.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/out_queue.h"
#include "proxy/net/transport.h"

struct uv_stream_s;

namespace banyan::net {

class TcpTransport final : public Transport, private Flushable {
 public:
  // `role` decides in which of the loop's two write phases it writes.
  // A failure that is known at once is still told by on_transport_error, later.
  [[nodiscard]] static std::unique_ptr<TcpTransport> connect(Loop& loop, Role role,
                                                             const SocketAddress& to,
                                                             TransportEvents& events);
  // Over a connected socket, which it takes over; on_connected comes later, as above.
  [[nodiscard]] static std::unique_ptr<TcpTransport> open(Loop& loop, Role role, int fd,
                                                          TransportEvents& events);
  // The next connection waiting on `listener`; nullptr where that failed. Reading has begun.
  [[nodiscard]] static std::unique_ptr<TcpTransport> accept(Loop& loop, uv_stream_s* listener);

  ~TcpTransport() override;

  void start(TransportEvents& events) override;
  void copy(Bytes bytes) override;
  void borrow(Bytes bytes) override;
  void limit_reads(std::size_t bytes_max) override { read_max_ = bytes_max; }
  // Reads leave so much room in front of them, and the reader tells the loop itself how much of
  // the slab it keeps (Loop::read_done()).
  void leave_headroom(std::size_t bytes) { headroom_ = bytes; }
  // What was handed in, without waiting for the end of the iteration.
  void write_now() { flush(); }
  // The peer speaks for somebody else: peer() from now on.
  void speaks_for(std::string address) { peer_ = std::move(address); }
  // To whom it was started for last, as if it had been read: what a reader before that one left.
  void hand_on(Bytes bytes) { events_->on_read(bytes); }
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] std::size_t backlog() const override;
  void finish() override;
  void reset() override;
  [[nodiscard]] const std::string& peer() const override { return peer_; }

 private:
  struct Socket;  // what libuv holds on to; outlives us until it is closed

  TcpTransport(Loop& loop, Role role);
  void flush() override;
  void schedule_flush();
  // How much of `wanted` bytes the kernel took, or libuv's error.
  [[nodiscard]] std::ptrdiff_t write_now(std::size_t& wanted);
  void write_async();
  void on_write_done(int status);
  void on_write_failed(int uv_error);
  void on_connect_done(int status);
  void on_read_result(std::ptrdiff_t n);
  void after_write();
  void start_reading();
  void fail(int uv_error, const char* doing);
  void close_now();

  Loop& loop_;
  Role role_;
  TransportEvents* events_ = nullptr;
  Socket* socket_;
  OutQueue out_;
  std::size_t in_flight_ = 0;  // bytes of out_ that an asynchronous write holds
  std::size_t lost_ = 0;       // bytes that a failed write left
  std::size_t read_max_ = Loop::kReadSlabBytes;
  std::size_t headroom_ = 0;
  std::string peer_;
  std::optional<Error> failed_;  // told at the next flush
  bool asks_ = false;            // it was us who connected: the peer may owe an answer
  bool connected_ = false;
  bool opened_ = false;  // over a socket that was connected before; on_connected is due
  bool reading_ = false;
  bool paused_ = false;  // also while connecting
  bool read_ended_ = false;
  bool blocked_ = false;
  bool finishing_ = false;
  bool shut_down_ = false;
  bool failure_told_ = false;
};

}  // namespace banyan::net
