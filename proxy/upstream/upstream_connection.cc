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
      transport_(
          net::TcpTransport::connect(cluster_.loop(), lane.role_, endpoint_->address, *this)),
      codec_(*this, *transport_, cluster_.settings().head_limits),
      timer_(net::Timer::calling<&UpstreamConnection::on_timer>(cluster_.loop().timers(), this)),
      too_old_at_(too_old_at) {
  lane_.connecting(+1);
  timer_.set_in(cluster_.settings().timeouts.connect);
}

UpstreamConnection::~UpstreamConnection() = default;

void UpstreamConnection::lease_to(StreamEvents& events) {
  events_ = &events;
  if (state_ != State::idle) return;
  state_ = State::leased;
  reused_ = true;
  sent_any_ = false;  // the timer runs on and is ignored: it is set again when this one is kept
}

Milliseconds UpstreamConnection::idle_for() const {
  return std::chrono::duration_cast<Milliseconds>(cluster_.loop().timers().now() - idle_since_);
}

bool UpstreamConnection::count_to(const ConnectionBound& bound) {
  if (bound.open == nullptr || counted_.is_of(*bound.open)) return true;
  CountedPlace counted = CountedPlace::take(*bound.open, bound.max);
  if (!counted) return false;
  counted_ = std::move(counted);
  return true;
}

bool UpstreamConnection::spent() const {
  return requests_ >= cluster_.settings().upstream.max_requests_per_connection ||
         cluster_.loop().timers().now() >= too_old_at_;
}

void UpstreamConnection::on_connected() {
  if (state_ != State::connecting) return;  // closed in this iteration
  state_ = State::leased;
  lane_.connecting(-1);
  timer_.cancel();
  told_of_connect(true);
  if (events_ != nullptr) events_->on_stream_ready();
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

void UpstreamConnection::send_head(const RequestHead& head) {
  sent_any_ = true;
  ++requests_;
  request_over_ = response_told_ = response_over_ = false;
  stream_ = codec_.send_head(head);
}

void UpstreamConnection::send_body(Bytes bytes) { codec_.send_body(stream_, bytes); }

void UpstreamConnection::send_trailers(const Headers& trailers) {
  codec_.send_trailers(stream_, trailers);
}

void UpstreamConnection::send_end() {
  request_over_ = true;
  codec_.send_end(stream_);
}

bool UpstreamConnection::may_be_kept() const {
  return state_ == State::leased && !broken_ && sent_any_ && codec_.reusable() &&
         transport_->backlog() == 0 && !endpoint_->gone && !spent();
}

void UpstreamConnection::release() {
  events_ = nullptr;
  if (state_ == State::closed) return;
  if (!may_be_kept()) {
    // What is not over by now is cut off, and the upstream must see that it was.
    if (sent_any_ && !(request_over_ && response_over_)) transport_->reset();
    close();
    return;
  }
  state_ = State::idle;
  idle_since_ = cluster_.loop().timers().now();
  timer_.set(std::min(idle_since_ + cluster_.settings().upstream.idle_timeout, too_old_at_));
  transport_->resume_reading();
  lane_.keep(*this);
}

void UpstreamConnection::on_read(Bytes bytes) {
  if (state_ == State::idle) return close();  // nobody asked
  if (events_ != nullptr) codec_.feed(bytes);
}

void UpstreamConnection::on_read_end() {
  if (state_ == State::idle) return close();
  broken_ = true;
  if (events_ != nullptr) codec_.feed_eof();
}

void UpstreamConnection::on_blocked() {
  if (events_ != nullptr) events_->on_stream_blocked();
}

void UpstreamConnection::on_writable() {
  if (events_ != nullptr) events_->on_stream_writable();
}

void UpstreamConnection::on_transport_error(Error error) {
  if (state_ == State::idle || state_ == State::closed) return close();
  if (state_ == State::connecting) {
    told_of_connect(error.code != ErrorCode::connect_refused);
  } else if (response_told_) {
    error.code = ErrorCode::upstream_cut_off;
  }
  fail(std::move(error));
}

void UpstreamConnection::on_timer() {
  if (state_ == State::idle) return close();
  if (state_ != State::connecting) return;
  told_of_connect(false);
  fail({ErrorCode::connect_timeout, Side::upstream, Retry::safe, endpoint_->name});
}

void UpstreamConnection::on_informational(codec::StreamId, ResponseHead& head) {
  if (events_ != nullptr) events_->on_stream_informational(head);
}

void UpstreamConnection::on_response(codec::StreamId, ResponseHead& head) {
  response_told_ = true;
  if (events_ != nullptr) events_->on_stream_response(head);
}

void UpstreamConnection::on_response_body(codec::StreamId, Bytes bytes) {
  if (events_ != nullptr) events_->on_stream_body(bytes);
}

void UpstreamConnection::on_response_trailers(codec::StreamId, const Headers& trailers) {
  if (events_ != nullptr) events_->on_stream_trailers(trailers);
}

void UpstreamConnection::on_response_end(codec::StreamId) {
  response_over_ = true;
  if (events_ != nullptr) events_->on_stream_end();
}

void UpstreamConnection::on_response_error(codec::StreamId, Error error) { fail(std::move(error)); }

void UpstreamConnection::fail(Error error) {
  broken_ = true;
  if (events_ == nullptr) return close();
  if (!sent_any_) {
    error.retry = Retry::safe;
  } else if (reused_ && !codec_.response_begun()) {
    error.retry = Retry::if_repeatable;
  } else {
    error.retry = Retry::unsafe;
  }
  events_->on_stream_error(std::move(error));
}

void UpstreamConnection::close() {
  if (state_ == State::closed) return;
  if (state_ == State::connecting) lane_.connecting(-1);
  state_ = State::closed;
  timer_.cancel();
  transport_->pause_reading();
  lane_.remove(*this);
}

}  // namespace banyan::upstream
