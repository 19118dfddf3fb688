// proxy/downstream/connection.h: one accepted connection, as the worker that owns it sees it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "config/snapshot.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/transport.h"

namespace banyan::downstream {

// Loop thread only.
class Connection : public net::Deferrable {
 public:
  class Owner {
   public:
    // Once, as the last event. The owner moves the connection to the deferred-delete list.
    virtual void on_connection_done(Connection& connection) = 0;
    // The client speaks HTTP/2 (RFC 9113 §3.3): another connection takes this one's place, with its
    // listener and transport, and is fed the client's preface and `rest`. No other event of this
    // one comes.
    virtual void on_http2(Connection& connection, std::shared_ptr<const config::Listener> listener,
                          std::unique_ptr<net::Transport> transport, Bytes rest) = 0;
    // The proxy in front has said for whom it speaks: the same, for a connection that begins with
    // `rest`. The transport was started, and is now to be started for another.
    virtual void on_proxied(Connection& connection,
                            std::shared_ptr<const config::Listener> listener,
                            std::unique_ptr<net::TcpTransport> transport, std::string rest) = 0;

   protected:
    ~Owner() = default;
  };

  // Over a limit: one answer, then the end.
  virtual void refuse(ErrorCode code) = 0;
  // The exchanges under way, or the next ones, are the last.
  virtual void start_drain() = 0;
  // An idle connection ends now, a busy one with its exchanges.
  virtual void close_when_idle() = 0;
  // Ends at once; how many exchanges that cut.
  virtual std::size_t cut() = 0;

  [[nodiscard]] virtual const std::string& listener() const = 0;
  // A reload: what begins from now on has these settings of the same listener.
  virtual void follow(std::shared_ptr<const config::Listener> settings) = 0;

  std::size_t place = 0;  // the owner's: where it keeps this connection
};

}  // namespace banyan::downstream
