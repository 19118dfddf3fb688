#include "proxy/net/tcp_listener.h"

#include <unistd.h>
#include <uv.h>

#include <utility>

namespace banyan::net {

struct TcpListener::Socket {
  uv_tcp_t tcp;
  TcpListener* owner;
};

TcpListener::TcpListener(Loop& loop, OnAccept on_accept)
    : loop_(loop), on_accept_(std::move(on_accept)), socket_(new Socket) {
  uv_tcp_init(loop.uv(), &socket_->tcp);
  socket_->tcp.data = socket_;
  socket_->owner = this;
}

TcpListener::~TcpListener() {
  socket_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&socket_->tcp),
           [](uv_handle_t* h) { delete static_cast<Socket*>(h->data); });
}

Result<std::unique_ptr<TcpListener>> TcpListener::listen(Loop& loop, int fd, OnAccept on_accept) {
  std::unique_ptr<TcpListener> listener(new TcpListener(loop, std::move(on_accept)));
  Socket& socket = *listener->socket_;
  int rc = uv_tcp_open(&socket.tcp, fd);
  if (rc != 0) ::close(fd);
  if (rc == 0) {
    rc = uv_listen(reinterpret_cast<uv_stream_t*>(&socket.tcp), kBacklog,
                   [](uv_stream_t* stream, int status) {
                     TcpListener* self = static_cast<Socket*>(stream->data)->owner;
                     if (self == nullptr || status != 0) return;
                     auto transport = TcpTransport::accept(self->loop_, stream);
                     if (transport != nullptr) self->on_accept_(std::move(transport));
                   });
  }
  if (rc != 0) {
    return Failure({ErrorCode::internal, Side::local, Retry::unsafe,
                    std::string("listen: ") + uv_strerror(rc)});
  }
  return listener;
}

}  // namespace banyan::net
