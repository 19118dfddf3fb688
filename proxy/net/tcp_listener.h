// proxy/net/tcp_listener.h: a listening socket of one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "proxy/net/tcp_transport.h"

namespace banyan::net {

// Loop thread only. Destroying it stops listening; connections that were accepted live on.
class TcpListener {
 public:
  using OnAccept = std::function<void(std::unique_ptr<TcpTransport>)>;
  static constexpr int kBacklog = 1024;

  // Takes over `fd`, a bound socket (bind_tcp(), bind_unix()). `on_accept` gets a transport that
  // start() was not yet called on.
  [[nodiscard]] static Result<std::unique_ptr<TcpListener>> listen(Loop& loop, int fd,
                                                                   OnAccept on_accept);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

 private:
  struct Socket;
  TcpListener(Loop& loop, OnAccept on_accept);

  Loop& loop_;
  OnAccept on_accept_;
  Socket* socket_;
};

}  // namespace banyan::net
