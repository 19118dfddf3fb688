// What an exchange does where the client asks for another protocol (RFC 9110 §7.8).
#include "proxy/codec/upgrade.h"
#include "proxy/exchange/exchange.h"
#include "proxy/net/websocket_key.h"

namespace banyan::exchange {
namespace {

constexpr std::string_view kKey = "sec-websocket-key";
constexpr std::string_view kAccept = "sec-websocket-accept";
constexpr std::string_view kWebsocket = "websocket";

}  // namespace

// The request itself has no body: what the client sends is held back by its connection until the
// tunnel is open.
void Exchange::expect_tunnel() {
  downstream_.expect_tunnel();
  request_body_.end();
}

// Whichever side speaks HTTP/1.1 has a key for its handshake, the other one has none (RFC 8441 §5).
bool Exchange::ask_for_tunnel() {
  Headers& fields = heads_->forwarded.headers;
  const bool from_http2 = heads_->request.version == HttpVersion::http2;
  const std::string protocols = codec::upgrade_of(heads_->request);
  const upstream::UpstreamStream::Tunnels takes = lease_->tunnels();
  const bool to_http2 = takes != upstream::UpstreamStream::Tunnels::any;
  if (from_http2 || to_http2) {
    fields.keep_only([](const Header& h) { return !equals_ignoring_case(h.name, kKey); });
  }
  if (!to_http2) {
    fields.add(HeaderId::upgrade, protocols);
    if (!from_http2) return true;
    fields.add(kKey, net::websocket_key(services_.random_bits_64(), services_.random_bits_64()));
    return true;
  }
  const bool fits = takes == upstream::UpstreamStream::Tunnels::websocket &&
                    heads_->request.headers.has_token(HeaderId::upgrade, kWebsocket);
  if (fits) fields.add(HeaderId::upgrade, kWebsocket);
  return fits;
}

// The upstream's answer to a key that was made for it.
bool Exchange::is_accepted(const ResponseHead& head) const {
  const auto key = heads_->forwarded.headers.find(kKey);
  if (heads_->request.version != HttpVersion::http2 || !key) return true;
  return head.headers.find(kAccept) == net::websocket_accept(*key);
}

// The answer to the client's key, where its upstream was not asked for one.
void Exchange::accept_key() {
  const auto key = heads_->request.headers.find(kKey);
  if (key && !heads_->forwarded.headers.find(kKey)) {
    heads_->response.headers.add(kAccept, net::websocket_accept(*key));
  }
}

void Exchange::open_tunnel(ResponseHead& head) {
  const std::string protocol(codec::switched_to(head.headers, codec::upgrade_of(heads_->request)));
  if (protocol.empty() || !is_accepted(head)) {
    return fail({ErrorCode::upstream_malformed, Side::upstream, Retry::unsafe, "101"});
  }
  stage_ = Stage::respond;
  status_ = head.status;
  timer_.cancel();
  shape_response(head);
  heads_->response.headers.add(HeaderId::upgrade, protocol);
  accept_key();
  if (adds_fields_) add_fields();
  // From here on the latency of its answers is its own affair, so this is what is measured.
  stats()
      .of(decision_.arm, role())
      .duration.observe(std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - started_));
  services_.stats.tunnels.add();
  Tunnel::Owner& owner = *this;
  tunnel_ = std::make_unique<Tunnel>(owner, downstream_, *lease_, services_.loop.timers(),
                                     timeouts_->idle);
  lease_->report_to(*tunnel_);
  downstream_.open_tunnel(heads_->response);
}

void Exchange::close_tunnel() {
  tunnel_->stop();
  services_.stats.tunnels.add(-1);
}

void Exchange::on_tunnel_over(std::optional<Error> error) {
  if (error) return fail(std::move(*error));
  lease_.reset();
  finish(shadow::Outcome::answered);
}

}  // namespace banyan::exchange
