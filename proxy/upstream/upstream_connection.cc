#include "proxy/upstream/upstream_connection.h"

#include <algorithm>
#include <utility>

namespace banyan::upstream {

UpstreamConnection::UpstreamConnection(Lane& lane, std::shared_ptr<Endpoint> endpoint,
                                       SteadyTime too_old_at, CountedPlace counted)
    : lane_(lane),
      cluster_(lane.cluster_),
      endpoint_(std::move(endpoint)),
      counted_(std::move(counted)),
      transport_(cluster_.dial(lane.role_, *endpoint_, *this)),
      timer_(net::Timer::calling<&UpstreamConnection::on_timer>(cluster_.loop().timers(), this)),
      too_old_at_(too_old_at) {
  timer_.set_in(cluster_.settings().timeouts.connect);
}

UpstreamConnection::~UpstreamConnection() = default;

net::FlushList& UpstreamConnection::flush_list() const {
  return cluster_.loop().flush_list(lane_.role_);
}

Milliseconds UpstreamConnection::idle_for() const {
  return std::chrono::duration_cast<Milliseconds>(cluster_.loop().timers().now() - idle_since_);
}

bool UpstreamConnection::count_to(const ConnectionBound& bound) {
  if (bound.open == nullptr || counted_.is_of(*bound.open)) return true;
  if (!idle()) return false;
  CountedPlace counted = CountedPlace::take(*bound.open, bound.max);
  if (!counted) return false;
  counted_ = std::move(counted);
  return true;
}

bool UpstreamConnection::spent() const {
  return requests_ >= cluster_.settings().upstream.max_requests_per_connection ||
         cluster_.loop().timers().now() >= too_old_at_;
}

void UpstreamConnection::wait_for_connection(int delta) {
  waiting_ += static_cast<std::size_t>(delta);
  lane_.waiting_ += static_cast<std::size_t>(delta);
}

void UpstreamConnection::told_of_connect(bool taken) {
  if (lane_.role_ != Role::primary) return;  // a shadow never marks an endpoint
  if (taken) {
    endpoint_->health.on_connected();
  } else {
    endpoint_->health.on_connect_failed(cluster_.loop().timers().now());
    cluster_.on_primary_failure();
  }
}

void UpstreamConnection::told_of_error(const Error& error) {
  const bool is_tls = error.code == ErrorCode::upstream_tls;
  if (is_tls) cluster_.say_tls_failure(*endpoint_, error);
  if (state_ == State::connecting) {
    told_of_connect(!is_tls && error.code != ErrorCode::connect_refused);
  }
}

void UpstreamConnection::become_busy() {
  if (state_ == State::connecting) {
    lane_.waiting_ -= std::exchange(waiting_, 0);
    timer_.cancel();
  }
  // That of an idle one runs on and is ignored: it is set again when it is kept.
  state_ = State::busy;
}

void UpstreamConnection::become_idle() {
  state_ = State::idle;
  idle_since_ = cluster_.loop().timers().now();
  timer_.set(std::min(idle_since_ + cluster_.settings().upstream.idle_timeout, too_old_at_));
}

void UpstreamConnection::on_timer() {
  if (state_ == State::idle) return close();
  if (state_ != State::connecting) return;
  told_of_connect(false);
  on_connect_timeout();
}

void UpstreamConnection::close() {
  if (state_ == State::closed) return;
  on_close();
  state_ = State::closed;
  lane_.waiting_ -= std::exchange(waiting_, 0);
  timer_.cancel();
  transport_->pause_reading();
  lane_.remove(*this);
}

}  // namespace banyan::upstream
