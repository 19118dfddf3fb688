#include "proxy/downstream/downstream_connection.h"

#include <utility>

#include "proxy/observe/logging.h"

namespace banyan::downstream {
namespace {

codec::HeadLimits limits_of(const exchange::Services& services) {
  const config::Limits& limits = services.plan->snapshot->limits;
  return {.header_bytes_max = limits.header_bytes,
          .header_count_max = limits.header_count,
          .url_bytes_max = limits.url_bytes};
}

}  // namespace

DownstreamConnection::DownstreamConnection(Connection::Owner& owner, exchange::Services& services,
                                           std::shared_ptr<const config::Listener> listener,
                                           std::unique_ptr<net::Transport> transport)
    : owner_(owner),
      services_(services),
      listener_(std::move(listener)),
      transport_(std::move(transport)),
      codec_(*this, *transport_, limits_of(services)),
      timer_(net::Timer::calling<&DownstreamConnection::on_timer>(services.loop.timers(), this)) {
  if (services.draining) codec_.start_drain();
}

DownstreamConnection::~DownstreamConnection() = default;

void DownstreamConnection::start() {
  transport_->start(*this);
  arm_timer();
}

void DownstreamConnection::refuse(ErrorCode code) {
  begun_ = true;
  transport_->start(*this);
  codec_.start_drain();
  codec_.refuse({code, Side::local, Retry::unsafe, {}});
}

void DownstreamConnection::start_drain() { codec_.start_drain(); }

void DownstreamConnection::close_when_idle() {
  codec_.start_drain();
  closing_ = true;
  const bool in_preface = !begun_ && !preface_.taken().empty();
  const bool idle = exchange_ == nullptr && !codec_.in_head() && !in_preface;
  if (idle && state_ == State::open) linger();
}

std::size_t DownstreamConnection::cut() {
  const bool busy = exchange_ != nullptr;
  transport_->reset();
  close();  // first: no request that waits may begin now
  if (busy) exchange_->on_request_error({ErrorCode::draining, Side::local, Retry::unsafe, {}});
  return busy ? 1 : 0;
}

// ---- bytes in ---------------------------------------------------------------------------------

void DownstreamConnection::on_read(Bytes bytes) {
  if (state_ == State::lingering) {
    lingered_ += bytes.size();
    if (lingered_ > kLingerBytesMax) close();
    return;
  }
  if (state_ != State::open) return;
  if (!begun_) return begin(bytes);
  if (!waiting_.empty()) {
    waiting_.append(bytes);
    return;
  }
  feed(bytes);
}

// The first bytes say which protocol it is.
void DownstreamConnection::begin(Bytes bytes) {
  switch (preface_.take(bytes)) {
    case Http2Preface::Seen::part:
      return arm_timer();
    case Http2Preface::Seen::other:
      return begin_http1(bytes);
    case Http2Preface::Seen::whole:
      state_ = State::closed;
      timer_.cancel();
      if (next_listener_) listener_ = std::move(next_listener_);
      owner_.on_http2(*this, listener_, std::move(transport_), bytes);
  }
}

void DownstreamConnection::begin_http1(Bytes bytes) {
  begun_ = true;
  if (!preface_.taken().empty()) feed(preface_.taken());
  if (state_ != State::open || bytes.empty()) return;
  if (!waiting_.empty()) {
    waiting_.append(bytes);
  } else {
    feed(bytes);
  }
}

void DownstreamConnection::feed(Bytes bytes) {
  feeding_ = true;
  while (!bytes.empty() && state_ == State::open) {
    const std::size_t used = codec_.feed(bytes);
    bytes.remove_prefix(used);
    if (used == 0) break;
  }
  feeding_ = false;
  if (state_ != State::open) return;
  if (!bytes.empty()) {
    waiting_.assign(bytes);
    transport_->pause_reading();
  }
  arm_timer();
}

void DownstreamConnection::next_request() {
  if (state_ != State::open) return;
  if (blocked_) {
    transport_->pause_reading();
    return arm_timer();
  }
  feed_waiting();
  if (state_ != State::open) return;
  if (waiting_.empty() && !body_paused_) transport_->resume_reading();
  if (exchange_ != nullptr) return;
  if (read_ended_) return linger();
  arm_timer();
}

void DownstreamConnection::feed_waiting() {
  if (waiting_.empty()) return;
  // A body among them may be borrowed by an upstream until the iteration ends.
  auto held = std::make_unique<net::HeldBytes>(std::exchange(waiting_, {}));
  const Bytes bytes = held->bytes();
  services_.loop.defer_delete(std::move(held));
  feed(bytes);
}

void DownstreamConnection::on_read_end() {
  if (state_ == State::lingering) return close();
  read_ended_ = true;
  if (state_ != State::open) return;
  if (!begun_) begin_http1({});
  codec_.feed_eof();
  if (state_ == State::open && exchange_ == nullptr && waiting_.empty()) linger();
}

void DownstreamConnection::on_transport_error(Error error) {
  if (error.code == ErrorCode::tls_handshake || error.code == ErrorCode::plain_http) {
    services_.stats.local_errors[static_cast<std::size_t>(error.code)].add();
    observe::log(observe::Level::debug,
                 "listener " + listener_->name + ", " + peer() + ": " + error.detail);
    return close();
  }
  const Error gone{ErrorCode::client_closed, Side::downstream, Retry::unsafe, "reset"};
  if (exchange_ != nullptr) {
    exchange_->on_request_error(gone);
  } else if (state_ == State::open && codec_.in_head()) {
    codec_.refuse(gone);
  }
  close();
}

// ---- one request after the other --------------------------------------------------------------

void DownstreamConnection::on_request(codec::StreamId stream, RequestHead& head) {
  stream_ = stream;
  in_head_ =
      false;  // the timer runs on: it is set again after this exchange, if not ignored before
  transport_->limit_reads(head.has_body() ? net::Loop::kReadSlabBytes : kPipelineReadMax);
  if (next_listener_) listener_ = std::move(next_listener_);
  exchange_ = std::make_unique<exchange::Exchange>(*this, services_, *this, *listener_);
  exchange_->start(head);
}

void DownstreamConnection::on_request_body(codec::StreamId, Bytes bytes) {
  if (exchange_ != nullptr) exchange_->on_request_body(bytes);
}

void DownstreamConnection::on_request_trailers(codec::StreamId, const Headers& trailers) {
  if (exchange_ != nullptr) exchange_->on_request_trailers(trailers);
}

void DownstreamConnection::on_request_end(codec::StreamId) {
  transport_->limit_reads(kPipelineReadMax);
  if (exchange_ != nullptr) exchange_->on_request_end();
}

void DownstreamConnection::on_request_error(codec::StreamId stream, const RequestHead& head,
                                            Error error) {
  if (exchange_ != nullptr) return exchange_->on_request_error(std::move(error));
  if (stream == stream_ && stream_ != 0) return;  // answered already
  stream_ = stream;
  timer_.cancel();
  exchange_ = std::make_unique<exchange::Exchange>(*this, services_, *this, *listener_);
  exchange_->refuse(head, std::move(error));
}

void DownstreamConnection::on_exchange_done() {
  services_.loop.defer_delete(std::move(exchange_));
  transport_->limit_reads(net::Loop::kReadSlabBytes);
  if (body_paused_) resume_reading();
  if (state_ != State::open) return;
  if (codec_.must_close() || closing_) return linger();
  if (!feeding_) next_request();
}

// ---- bytes out --------------------------------------------------------------------------------

void DownstreamConnection::send_informational(const ResponseHead& head) {
  codec_.send_informational(stream_, head);
}
void DownstreamConnection::send_head(const ResponseHead& head) { codec_.send_head(stream_, head); }
void DownstreamConnection::send_body(Bytes bytes) { codec_.send_body(stream_, bytes); }
void DownstreamConnection::send_trailers(const Headers& trailers) {
  codec_.send_trailers(stream_, trailers);
}
void DownstreamConnection::send_end() { codec_.send_end(stream_); }

void DownstreamConnection::open_tunnel(const ResponseHead& head) {
  codec_.switch_protocols(stream_, head);
  transport_->limit_reads(net::Loop::kReadSlabBytes);
  feed_waiting();
  if (state_ != State::open) return;
  if (!body_paused_) transport_->resume_reading();
  if (read_ended_) codec_.feed_eof();
}

void DownstreamConnection::abort() {
  transport_->reset();
  close();
}

void DownstreamConnection::pause_reading() {
  body_paused_ = true;
  transport_->pause_reading();
}

void DownstreamConnection::resume_reading() {
  body_paused_ = false;
  if (waiting_.empty()) transport_->resume_reading();
}

void DownstreamConnection::on_blocked() {
  blocked_ = true;
  if (exchange_ != nullptr) return exchange_->on_downstream_blocked();
  if (state_ == State::open) transport_->pause_reading();
}

void DownstreamConnection::on_writable() {
  blocked_ = false;
  if (exchange_ != nullptr) return exchange_->on_downstream_writable();
  next_request();
}

// ---- the end ----------------------------------------------------------------------------------

void DownstreamConnection::linger() {
  state_ = State::lingering;
  waiting_.clear();
  transport_->finish();
  transport_->resume_reading();
  timer_.set_in(Milliseconds(0));  // the last response is written by then, or waits for the client
}

void DownstreamConnection::on_linger_timer() {
  const std::size_t backlog = transport_->backlog();
  if (backlog == 0) {
    // A client that has closed its side has nothing to say any more.
    if (read_ended_ || std::exchange(drained_, true)) return close();
    return timer_.set_in(kLingerMax);
  }
  if (backlog >= std::exchange(linger_backlog_, backlog)) {
    transport_->reset();  // what is missing must be seen to be missing
    return close();
  }
  timer_.set_in(idle_timeout());  // the client still takes it, slowly
}

void DownstreamConnection::close() {
  if (std::exchange(state_, State::closed) == State::closed) return;
  timer_.cancel();
  owner_.on_connection_done(*this);
}

void DownstreamConnection::arm_timer() {
  if (exchange_ != nullptr || state_ != State::open) return;
  const bool in_head = codec_.in_head() || (!begun_ && !preface_.taken().empty());
  if (in_head && in_head_) return;  // counted from its first byte
  in_head_ = in_head;
  timer_.set_in(in_head ? services_.plan->snapshot->timeouts.header : idle_timeout());
}

Milliseconds DownstreamConnection::idle_timeout() const {
  return services_.plan->snapshot->timeouts.idle;
}

void DownstreamConnection::on_timer() {
  if (state_ == State::lingering) return on_linger_timer();
  if (exchange_ != nullptr) return;  // which has a timer of its own
  if (!begun_ && !preface_.taken().empty()) begin_http1({});
  if (codec_.in_head()) {
    return codec_.refuse(
        {ErrorCode::request_timeout, Side::downstream, Retry::unsafe, "timeouts.header"});
  }
  linger();  // idle for too long
}

}  // namespace banyan::downstream
