#include "proxy/upstream/http1_connection.h"

#include <utility>

namespace banyan::upstream {

Http1Connection::Http1Connection(Lane& lane, std::shared_ptr<Endpoint> endpoint,
                                 SteadyTime too_old_at, CountedPlace counted)
    : UpstreamConnection(lane, std::move(endpoint), too_old_at, std::move(counted)),
      codec_(*this, *transport_, cluster_.settings().head_limits) {
  wait_for_connection(+1);
}

UpstreamStream& Http1Connection::lease_to(StreamEvents& events) {
  events_ = &events;
  if (state_ == State::idle) {
    become_busy();
    reused_ = true;
    sent_any_ = false;
  }
  return *this;
}

void Http1Connection::on_connected() {
  if (state_ != State::connecting) return;  // closed in this iteration
  become_busy();
  told_of_connect(true);
  if (events_ != nullptr) events_->on_stream_ready();
}

void Http1Connection::send_head(const RequestHead& head) {
  sent_any_ = true;
  ++requests_;
  request_over_ = response_told_ = response_over_ = false;
  stream_ = codec_.send_head(head);
}

void Http1Connection::send_body(Bytes bytes) { codec_.send_body(stream_, bytes); }

void Http1Connection::send_trailers(const Headers& trailers) {
  codec_.send_trailers(stream_, trailers);
}

void Http1Connection::send_end() {
  request_over_ = true;
  codec_.send_end(stream_);
}

void Http1Connection::end_tunnel() {
  request_over_ = true;
  transport_->finish();
}

bool Http1Connection::may_be_kept() const {
  return state_ == State::busy && !broken_ && sent_any_ && codec_.reusable() &&
         transport_->backlog() == 0 && !endpoint_->gone && !spent();
}

void Http1Connection::release() {
  events_ = nullptr;
  if (state_ == State::closed) return;
  if (!may_be_kept()) {
    // What is not over by now is cut off, and the upstream must see that it was.
    if (sent_any_ && !(request_over_ && response_over_)) transport_->reset();
    close();
    return;
  }
  become_idle();
  transport_->resume_reading();
  offer();
}

void Http1Connection::on_read(Bytes bytes) {
  if (state_ == State::idle) return close();  // nobody asked
  if (events_ != nullptr) codec_.feed(bytes);
}

void Http1Connection::on_read_end() {
  if (state_ == State::idle) return close();
  broken_ = true;
  if (events_ != nullptr) codec_.feed_eof();
}

void Http1Connection::on_blocked() {
  if (events_ != nullptr) events_->on_stream_blocked();
}

void Http1Connection::on_writable() {
  if (events_ != nullptr) events_->on_stream_writable();
}

void Http1Connection::on_transport_error(Error error) {
  if (state_ == State::idle || state_ == State::closed) return close();
  told_of_error(error);
  if (state_ != State::connecting && response_told_) error.code = ErrorCode::upstream_cut_off;
  fail(std::move(error));
}

void Http1Connection::on_connect_timeout() {
  fail({ErrorCode::connect_timeout, Side::upstream, Retry::safe, endpoint_->name});
}

void Http1Connection::on_informational(codec::StreamId, ResponseHead& head) {
  if (events_ != nullptr) events_->on_stream_informational(head);
}

void Http1Connection::on_response(codec::StreamId, ResponseHead& head) {
  response_told_ = true;
  if (head.status == 101) request_over_ = false;  // it ends with the tunnel
  if (events_ != nullptr) events_->on_stream_response(head);
}

void Http1Connection::on_response_body(codec::StreamId, Bytes bytes) {
  if (events_ != nullptr) events_->on_stream_body(bytes);
}

void Http1Connection::on_response_trailers(codec::StreamId, const Headers& trailers) {
  if (events_ != nullptr) events_->on_stream_trailers(trailers);
}

void Http1Connection::on_response_end(codec::StreamId) {
  response_over_ = true;
  if (events_ != nullptr) events_->on_stream_end();
}

void Http1Connection::on_response_error(codec::StreamId, Error error) { fail(std::move(error)); }

void Http1Connection::fail(Error error) {
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

}  // namespace banyan::upstream
