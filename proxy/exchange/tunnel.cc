#include "proxy/exchange/tunnel.h"

#include <utility>

namespace banyan::exchange {

Tunnel::Tunnel(Owner& owner, DownstreamStream& client, upstream::UpstreamStream& upstream,
               net::TimerWheel& timers, Milliseconds idle)
    : owner_(owner),
      client_(client),
      upstream_(upstream),
      idle_(idle),
      timer_(net::Timer::calling<&Tunnel::on_timer>(timers, this)) {
  timer_.set_in(idle_);
}

// ---- from the client --------------------------------------------------------------------------

void Tunnel::on_client_bytes(Bytes bytes) {
  if (over_ || client_ended_) return;
  client_bytes_ += bytes.size();
  upstream_.send_body(bytes);
  moved();
}

void Tunnel::on_client_end() {
  if (over_ || std::exchange(client_ended_, true)) return;
  upstream_.end_tunnel();
  end_if_both_did();
}

void Tunnel::on_client_blocked() {
  if (!over_) upstream_.pause_reading();
}

void Tunnel::on_client_writable() {
  if (over_) return;
  upstream_.resume_reading();
  moved();
}

// ---- from the upstream ------------------------------------------------------------------------

void Tunnel::on_stream_body(Bytes bytes) {
  if (over_) return;
  upstream_bytes_ += bytes.size();
  client_.send_body(bytes);
  moved();
}

void Tunnel::on_stream_end() {
  if (over_ || std::exchange(upstream_ended_, true)) return;
  client_.end_tunnel();
  end_if_both_did();
}

void Tunnel::on_stream_error(Error error) { finish(std::move(error)); }

void Tunnel::on_stream_blocked() {
  if (!over_) client_.pause_reading();
}

void Tunnel::on_stream_writable() {
  if (over_) return;
  client_.resume_reading();
  moved();
}

// ---- the end ----------------------------------------------------------------------------------

void Tunnel::moved() {
  quiet_polls_ = 0;
  waiting_ = 0;
  if (!both_ended()) timer_.set_in(idle_);
}

// The client's last bytes are the connection's to send, the upstream's go with its stream.
void Tunnel::end_if_both_did() {
  moved();
  if (!both_ended()) return;
  timer_.set_in(Milliseconds(0));  // by then they are written, or wait for the upstream
}

void Tunnel::on_timer() {
  if (over_) return;
  if (both_ended() && upstream_.backlog() == 0) return finish(std::nullopt);
  const std::size_t waiting = upstream_.backlog() + (both_ended() ? 0 : client_.unsent());
  const std::size_t before = std::exchange(waiting_, waiting);
  const bool moves = waiting > 0 && (before == 0 || waiting < before);
  quiet_polls_ = moves ? 0 : quiet_polls_ + 1;
  const Milliseconds quiet = both_ended() ? kLastBytesPoll * quiet_polls_ : idle_ * quiet_polls_;
  if (quiet < idle_) return timer_.set_in(both_ended() ? kLastBytesPoll : idle_);
  finish(Error{ErrorCode::idle_timeout, Side::local, Retry::unsafe, "timeouts.idle"});
}

void Tunnel::stop() {
  over_ = true;
  timer_.cancel();
}

void Tunnel::finish(std::optional<Error> error) {
  if (over_) return;
  stop();
  owner_.on_tunnel_over(std::move(error));
}

}  // namespace banyan::exchange
