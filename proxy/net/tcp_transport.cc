#include "proxy/net/tcp_transport.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace banyan::net {

struct TcpTransport::Socket {
  uv_tcp_t tcp;
  TcpTransport* owner;  // nullptr: detached, waiting for its close
  union {
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
  };

  [[nodiscard]] uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp); }
  [[nodiscard]] uv_handle_t* handle() { return reinterpret_cast<uv_handle_t*>(&tcp); }
  static Socket& of(const void* data) { return *static_cast<Socket*>(const_cast<void*>(data)); }
};

namespace {

constexpr std::size_t kPiecesPerWrite = 64;

// The pieces of a queue as libuv wants them; returns how many were filled in.
unsigned fill(std::array<uv_buf_t, kPiecesPerWrite>& bufs, const OutQueue& out,
              std::size_t& bytes) {
  const std::size_t n = std::min(out.pieces().size(), kPiecesPerWrite);
  bytes = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const OutQueue::Piece& p = out.pieces()[i];
    bufs[i] = uv_buf_init(const_cast<char*>(p.data), static_cast<unsigned>(p.size));
    bytes += p.size;
  }
  return static_cast<unsigned>(n);
}

ssize_t write_one(int descriptor, const OutQueue& out, std::size_t& wanted) {
  const OutQueue::Piece& piece = out.pieces().front();
  wanted = piece.size;
  return ::send(descriptor, piece.data, piece.size, MSG_NOSIGNAL);
}

ssize_t write_many(int descriptor, const OutQueue& out, std::size_t& wanted) {
  std::array<uv_buf_t, kPiecesPerWrite> bufs;
  const unsigned n = fill(bufs, out, wanted);
  // A uv_buf_t is laid out as an iovec, which libuv itself relies on.
  return ::writev(descriptor, reinterpret_cast<const iovec*>(bufs.data()), static_cast<int>(n));
}

}  // namespace

TcpTransport::TcpTransport(Loop& loop, Role role)
    : loop_(loop), role_(role), socket_(new Socket), out_(loop.blocks()) {
  uv_tcp_init(loop.uv(), &socket_->tcp);
  socket_->tcp.data = socket_;
  socket_->owner = this;
}

TcpTransport::~TcpTransport() {
  loop_.flush_list(role_).remove(*this);
  close_now();
}

std::unique_ptr<TcpTransport> TcpTransport::connect(Loop& loop, Role role, const SocketAddress& to,
                                                    TransportEvents& events) {
  std::unique_ptr<TcpTransport> t(new TcpTransport(loop, role));
  t->events_ = &events;
  t->peer_ = to.host();
  t->asks_ = true;
  t->socket_->connect.data = t->socket_;
  const int rc = uv_tcp_connect(&t->socket_->connect, &t->socket_->tcp, to.get(),
                                [](uv_connect_t* req, int status) {
                                  Socket& s = Socket::of(req->data);
                                  if (s.owner != nullptr) s.owner->on_connect_done(status);
                                });
  if (rc != 0) t->fail(rc, "connect");
  return t;
}

std::unique_ptr<TcpTransport> TcpTransport::open(Loop& loop, Role role, int fd,
                                                 TransportEvents& events) {
  std::unique_ptr<TcpTransport> t(new TcpTransport(loop, role));
  t->events_ = &events;
  const int rc = uv_tcp_open(&t->socket_->tcp, fd);
  if (rc != 0) {
    ::close(fd);
    t->fail(rc, "open");
    return t;
  }
  t->opened_ = true;
  t->schedule_flush();
  return t;
}

std::unique_ptr<TcpTransport> TcpTransport::accept(Loop& loop, uv_stream_s* listener) {
  std::unique_ptr<TcpTransport> t(new TcpTransport(loop, Role::primary));
  if (uv_accept(listener, t->socket_->stream()) != 0) return nullptr;
  SocketAddress from;
  int size = sizeof(sockaddr_storage);
  if (uv_tcp_getpeername(&t->socket_->tcp, from.get(), &size) == 0) t->peer_ = from.host();
  t->connected_ = true;
  return t;
}

void TcpTransport::start(TransportEvents& events) {
  events_ = &events;
  uv_tcp_nodelay(&socket_->tcp, 1);
  start_reading();
}

void TcpTransport::on_connect_done(int status) {
  if (status != 0) {
    fail(status, "connect");
    return;
  }
  connected_ = true;
  uv_tcp_nodelay(&socket_->tcp, 1);
  if (!paused_) start_reading();
  if (!out_.empty()) schedule_flush();
  events_->on_connected();
}

void TcpTransport::start_reading() {
  if (reading_ || read_ended_ || failed_) return;
  reading_ = true;
  uv_read_start(
      socket_->stream(),
      [](uv_handle_t* h, std::size_t, uv_buf_t* buf) {
        TcpTransport& self = *Socket::of(h->data).owner;
        const std::size_t room = std::min(self.loop_.read_room() - self.headroom_, self.read_max_);
        *buf = uv_buf_init(self.loop_.read_place() + self.headroom_, static_cast<unsigned>(room));
      },
      [](uv_stream_t* s, ssize_t n, const uv_buf_t*) {
        Socket& socket = Socket::of(s->data);
        if (socket.owner != nullptr) socket.owner->on_read_result(n);
      });
}

void TcpTransport::on_read_result(std::ptrdiff_t n) {
  if (n == 0) return;  // EAGAIN
  if (n == UV_EOF) {
    pause_reading();
    read_ended_ = true;
    events_->on_read_end();
    return;
  }
  if (n < 0) {
    fail(static_cast<int>(n), "read");
    return;
  }
  const std::size_t headroom = headroom_;
  const Bytes bytes(loop_.read_place() + headroom, static_cast<std::size_t>(n));
  Loop& loop = loop_;
  events_->on_read(bytes);
  if (headroom == 0) loop.read_done(static_cast<std::size_t>(n));
}

void TcpTransport::pause_reading() {
  paused_ = true;
  if (!std::exchange(reading_, false)) return;
  uv_read_stop(socket_->stream());
}

void TcpTransport::resume_reading() {
  paused_ = false;
  if (connected_) start_reading();
}

void TcpTransport::copy(Bytes bytes) {
  if (finishing_ || failed_ || lost_ > 0) return;
  out_.copy(bytes);
  schedule_flush();
}

void TcpTransport::borrow(Bytes bytes) {
  if (finishing_ || failed_ || lost_ > 0) return;
  out_.borrow(bytes);
  schedule_flush();
}

void TcpTransport::schedule_flush() { loop_.flush_list(role_).add(*this); }

void TcpTransport::flush() {
  if (failed_) {
    if (!std::exchange(failure_told_, true)) events_->on_transport_error(*failed_);
    return;
  }
  if (std::exchange(opened_, false)) on_connect_done(0);
  while (connected_ && in_flight_ == 0 && !out_.empty()) {
    std::size_t wanted = 0;
    const std::ptrdiff_t written = write_now(wanted);
    if (written < 0 && written != UV_EAGAIN) return on_write_failed(static_cast<int>(written));
    if (written > 0) out_.consume(static_cast<std::size_t>(written));
    if (written < 0 || static_cast<std::size_t>(written) < wanted) {
      out_.settle();
      write_async();
    }
  }
  out_.settle();
  after_write();
}

// What uv_try_write() does once it has seen that libuv has nothing queued, which in_flight_ says.
std::ptrdiff_t TcpTransport::write_now(std::size_t& wanted) {
  uv_os_fd_t descriptor = -1;
  uv_fileno(socket_->handle(), &descriptor);
  for (;;) {
    const ssize_t written = out_.pieces().size() == 1 ? write_one(descriptor, out_, wanted)
                                                      : write_many(descriptor, out_, wanted);
    if (written >= 0) return written;
    if (errno != EINTR) return uv_translate_sys_error(errno);
  }
}

// The rest, in one request: libuv works through one queued write per turn.
void TcpTransport::write_async() {
  std::array<uv_buf_t, kPiecesPerWrite> bufs;
  const unsigned n = fill(bufs, out_, in_flight_);
  socket_->write.data = socket_;
  const int rc =
      uv_write(&socket_->write, socket_->stream(), bufs.data(), n, [](uv_write_t* req, int status) {
        Socket& s = Socket::of(req->data);
        if (s.owner != nullptr) s.owner->on_write_done(status);
      });
  if (rc != 0) {
    in_flight_ = 0;
    on_write_failed(rc);
  }
}

void TcpTransport::on_write_done(int status) {
  const std::size_t written = std::exchange(in_flight_, 0);
  if (status != 0) return on_write_failed(status);
  out_.consume(written);
  if (!out_.empty()) schedule_flush();
  after_write();
}

// A server may answer, and close, while it is still being sent to: what it said is read first, and
// the end of that is the error which is told.
void TcpTransport::on_write_failed(int uv_error) {
  lost_ = out_.size();
  out_.clear();
  if (!asks_ || !reading_) fail(uv_error, "write");
}

void TcpTransport::after_write() {
  if (failed_ || lost_ > 0) return;
  if (finishing_ && out_.empty() && connected_ && !shut_down_) {
    shut_down_ = true;
    uv_shutdown(&socket_->shutdown, socket_->stream(), [](uv_shutdown_t*, int) {});
    return;
  }
  if (!blocked_ && out_.size() > kBacklogHigh) {
    blocked_ = true;
    events_->on_blocked();
  } else if (blocked_ && out_.size() <= kBacklogLow) {
    blocked_ = false;
    events_->on_writable();
  }
}

std::size_t TcpTransport::backlog() const {
  if (in_flight_ == 0 || socket_ == nullptr) return out_.size() + lost_;
  // Of a write under way libuv tells how much is left.
  return out_.size() - in_flight_ + uv_stream_get_write_queue_size(socket_->stream());
}

void TcpTransport::finish() {
  if (failed_ || std::exchange(finishing_, true)) return;
  schedule_flush();
}

void TcpTransport::reset() {
  if (socket_ == nullptr) return;
  out_.clear();
  finishing_ = true;
  loop_.flush_list(role_).remove(*this);
  socket_->owner = nullptr;
  const auto closed = [](uv_handle_t* h) { delete &Socket::of(h->data); };
  Socket* socket = std::exchange(socket_, nullptr);
  reading_ = connected_ = false;
  if (uv_tcp_close_reset(&socket->tcp, closed) != 0) uv_close(socket->handle(), closed);
}

void TcpTransport::close_now() {
  if (socket_ == nullptr) return;
  socket_->owner = nullptr;
  uv_close(socket_->handle(), [](uv_handle_t* h) { delete &Socket::of(h->data); });
  socket_ = nullptr;
}

void TcpTransport::fail(int uv_error, const char* doing) {
  if (failed_) return;
  pause_reading();
  // A peer that accepts and resets at once may do both before the loop looks: the error then comes
  // with the connect, but it is not a refusal.
  const bool was_taken = connected_ || uv_error == UV_ECONNRESET || uv_error == UV_EPIPE;
  const ErrorCode code = was_taken ? ErrorCode::upstream_reset : ErrorCode::connect_refused;
  const Retry retry = connected_ ? Retry::unsafe : Retry::safe;
  failed_ = Error{code, Side::upstream, retry, std::string(doing) + ": " + uv_strerror(uv_error)};
  schedule_flush();
}

}  // namespace banyan::net
