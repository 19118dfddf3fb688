#include "proxy/control/admin_server.h"

#include <utility>

#include "proxy/control/admin_connection.h"
#include "proxy/net/address.h"

namespace banyan::control {

AdminServer::AdminServer(net::Loop& loop, Door door, AdminApi& api)
    : loop_(loop), door_(door), api_(api) {}

AdminServer::~AdminServer() = default;

Result<std::string> AdminServer::listen(const config::Address& address) {
  const auto wanted = net::SocketAddress::parse(address.host, address.port);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto socket = net::bind_tcp(*wanted, net::Sharing::nobody);
  if (!socket) return tl::unexpected(socket.error());
  const std::string bound = net::SocketAddress::local_of(*socket).to_text();
  auto listener = net::TcpListener::listen(
      loop_, *socket, [this](std::unique_ptr<net::TcpTransport> t) { accept(std::move(t)); });
  if (!listener) return tl::unexpected(listener.error());
  listener_ = std::move(*listener);
  return bound;
}

void AdminServer::accept(std::unique_ptr<net::TcpTransport> transport) {
  if (connections_.size() >= kAdminConnectionsMax) return;
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
