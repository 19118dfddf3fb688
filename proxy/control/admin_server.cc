#include "proxy/control/admin_server.h"

#include <unistd.h>

#include <utility>

#include "config/scalar.h"
#include "proxy/control/admin_connection.h"
#include "proxy/net/address.h"
#include "proxy/net/unix_socket.h"

namespace banyan::control {

AdminServer::AdminServer(net::Loop& loop, Door door, AdminApi& api, Events& events,
                         AdminLimits limits)
    : loop_(loop), door_(door), api_(api), events_(events), limits_(limits) {}

AdminServer::~AdminServer() {
  if (!socket_file_.empty()) ::unlink(socket_file_.c_str());
}

Result<std::string> AdminServer::listen(const config::Address& address) {
  const auto wanted = net::SocketAddress::parse(address.host, address.port);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto socket = net::bind_tcp(*wanted, net::Sharing::nobody);
  if (!socket) return tl::unexpected(socket.error());
  const std::string bound = net::SocketAddress::local_of(*socket).to_text();
  if (const auto listening = listen_on(*socket); !listening) {
    return tl::unexpected(listening.error());
  }
  return bound;
}

Result<std::string> AdminServer::listen(const std::string& path) {
  const auto socket = net::bind_unix(path);
  if (!socket) return tl::unexpected(socket.error());
  socket_file_ = path;
  if (const auto listening = listen_on(*socket); !listening) {
    return tl::unexpected(listening.error());
  }
  return std::string(config::kUnixScheme) + path;
}

Result<void> AdminServer::listen_on(int socket) {
  auto listener = net::TcpListener::listen(
      loop_, socket, [this](std::unique_ptr<net::TcpTransport> t) { accept(std::move(t)); });
  if (!listener) return tl::unexpected(listener.error());
  listener_ = std::move(*listener);
  return {};
}

void AdminServer::accept(std::unique_ptr<net::TcpTransport> transport) {
  if (connections_.size() >= limits_.connections) return;
  auto connection = std::make_unique<AdminConnection>(*this, std::move(transport));
  AdminConnection* const key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void AdminServer::done(AdminConnection& connection) {
  const auto at = connections_.find(&connection);
  if (at == connections_.end()) return;
  loop_.defer_delete(std::move(at->second));
  connections_.erase(at);
}

}  // namespace banyan::control
