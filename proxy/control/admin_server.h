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

struct AdminLimits {
  std::size_t connections = 128;         // of each door; more are closed at once
  Milliseconds request_timeout{10'000};  // first byte or accept to its end
  Milliseconds idle_timeout{60'000};
  Milliseconds linger{1'000};        // for the peer to read the last answer
  Milliseconds event_pause{15'000};  // a stream says something at least this often
  std::size_t event_backlog = kEventBacklogMax;
};

class AdminConnection;

class AdminServer {
 public:
  // All of them outlive it.
  AdminServer(net::Loop& loop, Door door, AdminApi& api, Events& events, AdminLimits limits = {});
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // The address that it is bound to, `IP:PORT`.
  [[nodiscard]] Result<std::string> listen(const config::Address& address);
  // On a file, which ends with this object; told as `unix:PATH`.
  [[nodiscard]] Result<std::string> listen(const std::string& path);

 private:
  friend class AdminConnection;
  [[nodiscard]] Result<void> listen_on(int socket);
  void accept(std::unique_ptr<net::TcpTransport> transport);
  void done(AdminConnection& connection);

  net::Loop& loop_;
  const Door door_;
  AdminApi& api_;
  Events& events_;
  const AdminLimits limits_;
  std::unique_ptr<net::TcpListener> listener_;
  std::string socket_file_;
  std::unordered_map<AdminConnection*, std::unique_ptr<AdminConnection>> connections_;
};

}  // namespace banyan::control
