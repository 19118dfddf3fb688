#include "proxy/downstream/proxied_connection.h"

#include <utility>

#include "proxy/codec/proxy_header.h"
#include "proxy/observe/logging.h"

namespace banyan::downstream {

ProxiedConnection::ProxiedConnection(Owner& owner, exchange::Services& services,
                                     std::shared_ptr<const config::Listener> listener,
                                     std::unique_ptr<net::TcpTransport> transport)
    : owner_(owner),
      services_(services),
      listener_(std::move(listener)),
      transport_(std::move(transport)),
      timer_(net::Timer::calling<&ProxiedConnection::on_timer>(services.loop.timers(), this)) {}

void ProxiedConnection::start() {
  if (!peer_is_trusted()) return fail("its peer is not in trusted_proxies");
  timer_.set_in(services_.plan->snapshot->timeouts.header);
  transport_->limit_reads(codec::kProxyHeaderBytesMax);
  transport_->start(*this);
}

// Who may connect to a unix socket is for its file's mode to say.
bool ProxiedConnection::peer_is_trusted() const {
  if (!listener_->socket.empty()) return true;
  const std::optional<IpAddress> peer = IpAddress::parse(transport_->peer());
  return peer && any_contains(listener_->trusted_proxies, *peer);
}

void ProxiedConnection::on_read(Bytes bytes) {
  if (over_) return;
  received_.append(bytes);
  codec::ProxyHeader header = codec::read_proxy_header(received_);
  switch (header.step) {
    case codec::ProxyHeader::Step::incomplete:
      return;
    case codec::ProxyHeader::Step::refused:
      return fail(header.fault);
    case codec::ProxyHeader::Step::complete:
      break;
  }
  over_ = true;
  timer_.cancel();
  if (!header.client.empty()) transport_->speaks_for(std::move(header.client));
  transport_->limit_reads(net::Loop::kReadSlabBytes);
  received_.erase(0, header.size);
  owner_.on_proxied(*this, listener_, std::move(transport_), std::move(received_));
}

// One that says nothing at all is a probe of the port.
void ProxiedConnection::on_read_end() {
  if (over_) return;
  received_.empty() ? close() : fail("closed before its end");
}

void ProxiedConnection::on_transport_error(Error) { close(); }

void ProxiedConnection::on_timer() { fail("timeouts.header"); }

void ProxiedConnection::refuse(ErrorCode code) {
  services_.stats.local_errors[static_cast<std::size_t>(code)].add();
  close();
}

std::size_t ProxiedConnection::cut() {
  transport_->reset();
  close();
  return 0;
}

void ProxiedConnection::fail(const char* fault) {
  constexpr auto kReason = ErrorCode::proxy_header;
  services_.stats.local_errors[static_cast<std::size_t>(kReason)].add();
  observe::log(observe::Level::debug, "listener " + listener_->name + ", " + transport_->peer() +
                                          ": PROXY protocol: " + fault);
  close();
}

void ProxiedConnection::close() {
  if (std::exchange(over_, true)) return;
  timer_.cancel();
  owner_.on_connection_done(*this);
}

}  // namespace banyan::downstream
