// proxy/downstream/proxied_connection.h: an accepted connection of which the proxy in front has not
// yet said whose it is (PROXY protocol, proxy/codec/proxy_header.h).
//
//   open -> handed on       once the header is whole: another connection takes its place
//     \--> closed           no header, a bad one, or from a peer that is not trusted
//
// Before TLS and before HTTP, so there is nobody to answer: what is refused is closed and counted.
#pragma once

#include <memory>
#include <string>

#include "proxy/downstream/connection.h"
#include "proxy/exchange/services.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/timer_wheel.h"

namespace banyan::downstream {

class ProxiedConnection final : public Connection, private net::TransportEvents {
 public:
  ProxiedConnection(Owner& owner, exchange::Services& services,
                    std::shared_ptr<const config::Listener> listener,
                    std::unique_ptr<net::TcpTransport> transport);

  void start();
  void refuse(ErrorCode code) override;
  void start_drain() override {}
  void close_when_idle() override { close(); }
  std::size_t cut() override;
  [[nodiscard]] const std::string& listener() const override { return listener_->name; }
  void follow(std::shared_ptr<const config::Listener> settings) override {
    listener_ = std::move(settings);
  }

 private:
  // net::TransportEvents
  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_transport_error(Error error) override;

  [[nodiscard]] bool peer_is_trusted() const;
  void on_timer();
  void fail(const char* fault);
  void close();

  Owner& owner_;
  exchange::Services& services_;
  std::shared_ptr<const config::Listener> listener_;
  std::unique_ptr<net::TcpTransport> transport_;
  net::Timer timer_;      // timeouts.header
  std::string received_;  // one read above kProxyHeaderBytesMax at most
  bool over_ = false;
};

}  // namespace banyan::downstream
