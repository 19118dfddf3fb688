#include "proxy/downstream/http2_connection.h"

#include <algorithm>
#include <utility>

#include "proxy/downstream/http2_stream.h"

namespace banyan::downstream {
namespace {

codec::Http2ServerSettings settings_of(const exchange::Services& services,
                                       const config::Listener& listener) {
  const config::Limits& limits = services.plan->snapshot->limits;
  codec::Http2ServerSettings settings;
  settings.head = {.header_bytes_max = limits.header_bytes,
                   .header_count_max = limits.header_count,
                   .url_bytes_max = limits.url_bytes};
  const auto narrow = [](std::uint64_t of_the_range) {
    return static_cast<std::uint32_t>(of_the_range);
  };
  settings.streams_max = narrow(listener.http2.max_concurrent_streams);
  settings.stream_window = narrow(listener.http2.stream_window);
  settings.connection_window = narrow(listener.http2.connection_window);
  settings.reset_burst = narrow(listener.http2.reset_burst);
  settings.reset_rate = narrow(listener.http2.reset_rate);
  settings.forced_reset_burst = narrow(listener.http2.forced_reset_burst);
  settings.forced_reset_rate = narrow(listener.http2.forced_reset_rate);
  settings.barren_burst = narrow(listener.http2.control_burst);
  settings.barren_rate = narrow(listener.http2.control_rate);
  return settings;
}

}  // namespace

// ---- one stream -------------------------------------------------------------------------------

void Http2Connection::Stream::send_informational(const ResponseHead& head) {
  codec().send_informational(id_, head);
  connection_.flush_later();
}
void Http2Connection::Stream::send_head(const ResponseHead& head) {
  codec().send_head(id_, head);
  connection_.flush_later();
}
void Http2Connection::Stream::send_body(Bytes bytes) {
  codec().send_body(id_, bytes);
  connection_.flush_later();
}
void Http2Connection::Stream::send_trailers(const Headers& trailers) {
  codec().send_trailers(id_, trailers);
}
void Http2Connection::Stream::send_end() {
  codec().send_end(id_);
  connection_.flush_later();
}
void Http2Connection::Stream::expect_tunnel() {
  expects_tunnel_ = true;
  pause_reading();
}
// RFC 8441 §5: what was asked for without a key is answered without one.
void Http2Connection::Stream::open_tunnel(const ResponseHead& head) {
  ResponseHead opened;
  opened.status = 200;
  opened.framing = Framing::chunked;
  opened.headers.add_from(head.headers, [](const Header& h) {
    return h.id != HeaderId::upgrade && !equals_ignoring_case(h.name, "sec-websocket-accept");
  });
  codec().open_tunnel(id_, opened);
  expects_tunnel_ = false;
  resume_reading();
  if (!early_.empty()) {
    auto held = std::make_unique<net::HeldBytes>(std::exchange(early_, {}));
    const Bytes bytes = held->bytes();
    connection_.services_.loop.defer_delete(std::move(held));
    take_body(bytes);
  }
  if (early_end_) take_end();
}
void Http2Connection::Stream::take_body(Bytes bytes) {
  if (expects_tunnel_) {
    early_.append(bytes);
  } else if (exchange_ != nullptr) {
    exchange_->on_request_body(bytes);
  }
}
void Http2Connection::Stream::take_end() {
  if (expects_tunnel_) {
    early_end_ = true;
  } else if (exchange_ != nullptr) {
    exchange_->on_request_end();
  }
}
void Http2Connection::Stream::abort() {
  codec().reset(id_);
  connection_.flush_later();
}

void Http2Connection::Stream::resume_reading() {
  codec().resume(id_);
  connection_.flush_later();
}

std::size_t Http2Connection::Stream::unsent() const {
  return codec().unsent(id_) + connection_.transport_->backlog();
}

void Http2Connection::Stream::on_exchange_done() {
  early_.clear();
  connection_.services_.loop.defer_delete(std::move(exchange_));
}

void Http2Connection::Stream::expect_progress() {
  if (exchange_ != nullptr) return;
  const std::size_t left = unsent();
  if (left >= std::exchange(unsent_, left)) abort();
}

// ---- the connection ---------------------------------------------------------------------------

Http2Connection::Http2Connection(Owner& owner, exchange::Services& services,
                                 std::shared_ptr<const config::Listener> listener,
                                 std::unique_ptr<net::Transport> transport)
    : owner_(owner),
      services_(services),
      listener_(std::move(listener)),
      transport_(std::move(transport)),
      codec_(*this, *transport_, settings_of(services, *listener_)),
      timer_(net::Timer::calling<&Http2Connection::on_timer>(services.loop.timers(), this)) {
  if (services.draining) codec_.start_drain();
}

Http2Connection::~Http2Connection() { services_.loop.flush_list(Role::primary).remove(*this); }

void Http2Connection::start(Bytes rest) {
  transport_->start(*this);
  transport_->limit_reads(net::Loop::kReadSlabBytes);
  feed(codec::kHttp2Preface);
  if (!rest.empty()) feed(rest);
}

void Http2Connection::refuse(ErrorCode code) {
  codec_.refuse({code, Side::local, Retry::unsafe, {}});
  flush_later();
}

void Http2Connection::start_drain() {
  codec_.start_drain();
  flush_later();
}

void Http2Connection::close_when_idle() {
  codec_.start_drain();
  codec_.finish();
  flush_later();
}

std::size_t Http2Connection::cut() {
  transport_->reset();
  close();  // first: nothing more is said
  return fail_exchanges({ErrorCode::draining, Side::local, Retry::unsafe, {}});
}

std::size_t Http2Connection::fail_exchanges(const Error& error) {
  std::size_t failed = 0;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i]->exchange() == nullptr) continue;
    streams_[i]->exchange()->on_request_error(error);
    ++failed;
  }
  return failed;
}

// ---- bytes ------------------------------------------------------------------------------------

void Http2Connection::on_read(Bytes bytes) {
  if (state_ == State::open) return feed(bytes);
  if (state_ == State::closed) return;
  lingered_ += bytes.size();
  if (lingered_ > kLingerBytesMax) close();
}

void Http2Connection::feed(Bytes bytes) {
  codec_.set_time(services_.loop.timers().now());
  (void)codec_.feed(bytes);
  flush_later();
  arm_timer();
}

void Http2Connection::on_read_end() {
  if (state_ == State::lingering) return close();
  if (state_ != State::open) return;
  codec_.feed_eof();
  linger();
}

void Http2Connection::on_writable() {
  codec_.block(false);
  flush_later();
}

void Http2Connection::on_transport_error(Error) {
  close();
  fail_exchanges({ErrorCode::client_closed, Side::downstream, Retry::unsafe, "reset"});
}

void Http2Connection::flush_later() {
  if (state_ == State::open) services_.loop.flush_list(Role::primary).add(*this);
}

void Http2Connection::flush() {
  if (state_ != State::open) return;
  codec_.flush();
  if (state_ == State::open && codec_.must_close()) linger();
}

// ---- streams ----------------------------------------------------------------------------------

Http2Connection::Stream* Http2Connection::find(codec::StreamId id) const {
  const auto at = std::lower_bound(streams_.begin(), streams_.end(), id,
                                   [](const auto& s, codec::StreamId i) { return s->id() < i; });
  return at != streams_.end() && (*at)->id() == id ? at->get() : nullptr;
}

Http2Connection::Stream& Http2Connection::add(codec::StreamId id) {
  streams_.push_back(std::make_unique<Stream>(*this, id));
  return *streams_.back();
}

void Http2Connection::on_request(codec::StreamId id, RequestHead& head) {
  add(id).exchange()->start(head);
}

void Http2Connection::on_request_body(codec::StreamId id, Bytes bytes) {
  if (Stream* const s = find(id)) s->take_body(bytes);
}

void Http2Connection::on_request_trailers(codec::StreamId id, const Headers& trailers) {
  if (Stream* const s = find(id); s != nullptr && s->exchange() != nullptr) {
    s->exchange()->on_request_trailers(trailers);
  }
}

void Http2Connection::on_request_end(codec::StreamId id) {
  if (Stream* const s = find(id)) s->take_end();
}

void Http2Connection::on_request_error(codec::StreamId id, const RequestHead& head, Error error) {
  Stream* const s = find(id);
  if (s == nullptr) return add(id).exchange()->refuse(head, std::move(error));
  if (s->exchange() != nullptr) s->exchange()->on_request_error(std::move(error));
}

void Http2Connection::on_response_blocked(codec::StreamId id) {
  if (Stream* const s = find(id); s != nullptr && s->exchange() != nullptr) {
    s->exchange()->on_downstream_blocked();
  }
}

void Http2Connection::on_response_writable(codec::StreamId id) {
  if (Stream* const s = find(id); s != nullptr && s->exchange() != nullptr) {
    s->exchange()->on_downstream_writable();
  }
}

void Http2Connection::on_stream_closed(codec::StreamId id) {
  const auto at = std::lower_bound(streams_.begin(), streams_.end(), id,
                                   [](const auto& s, codec::StreamId i) { return s->id() < i; });
  if (at == streams_.end() || (*at)->id() != id) return;
  services_.loop.defer_delete(std::move(*at));
  streams_.erase(at);
  arm_timer();
}

// ---- the end ----------------------------------------------------------------------------------

void Http2Connection::linger() {
  state_ = State::lingering;
  transport_->finish();
  transport_->resume_reading();
  timer_.set_in(kLingerMax);
}

void Http2Connection::on_linger_timer() {
  const std::size_t backlog = transport_->backlog();
  if (backlog == 0) return close();
  if (backlog >= std::exchange(linger_backlog_, backlog)) {
    transport_->reset();  // what is missing must be seen to be missing
    return close();
  }
  timer_.set_in(idle_timeout());  // the client still takes it, slowly
}

void Http2Connection::close() {
  if (std::exchange(state_, State::closed) == State::closed) return;
  timer_.cancel();
  owner_.on_connection_done(*this);
}

void Http2Connection::arm_timer() {
  if (state_ != State::open) return;
  const bool in_head = codec_.in_head();
  if (in_head && in_head_) return;  // counted from its first byte
  in_head_ = in_head;
  if (in_head) {
    timer_.set_in(services_.plan->snapshot->timeouts.header);
  } else if (streams_.empty() || !timer_.is_set()) {
    timer_.set_in(idle_timeout());
  }
}

Milliseconds Http2Connection::idle_timeout() const {
  return services_.plan->snapshot->timeouts.idle;
}

void Http2Connection::on_timer() {
  if (state_ == State::lingering) return on_linger_timer();
  if (codec_.in_head()) {
    codec_.refuse({ErrorCode::request_timeout, Side::downstream, Retry::unsafe, "timeouts.header"});
  } else if (streams_.empty()) {
    codec_.finish();  // idle for too long
  } else {
    for (const auto& stream : streams_) stream->expect_progress();
  }
  timer_.set_in(idle_timeout());
  flush_later();
}

}  // namespace banyan::downstream
