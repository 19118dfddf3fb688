// proxy/control/admin_server.h: the admin API over HTTP/1.1, on the control thread's loop.
//
// Bounded in everything: connections, head, body, time. Owned by Control; destroying it closes
// every connection.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "config/snapshot.h"
#include "proxy/control/admin_api.h"
#include "proxy/net/tcp_listener.h"

namespace banyan::control {

inline constexpr std::size_t kAdminConnectionsMax = 128;  // of each door; more are closed at once
inline constexpr Milliseconds kAdminRequestTimeout{10'000};  // first byte or accept to its end
inline constexpr Milliseconds kAdminIdleTimeout{60'000};
inline constexpr Milliseconds kAdminLinger{1'000};  // for the peer to read the last answer

class AdminConnection;

class AdminServer {
 public:
  // The loop and the API outlive it.
  AdminServer(net::Loop& loop, Door door, AdminApi& api);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // The address that it is bound to, `IP:PORT`.
  [[nodiscard]] Result<std::string> listen(const config::Address& address);

 private:
  friend class AdminConnection;
  void accept(std::unique_ptr<net::TcpTransport> transport);
  void done(AdminConnection& connection);

  net::Loop& loop_;
  const Door door_;
  AdminApi& api_;
  std::unique_ptr<net::TcpListener> listener_;
  std::unordered_map<AdminConnection*, std::unique_ptr<AdminConnection>> connections_;
};

}  // namespace banyan::control
