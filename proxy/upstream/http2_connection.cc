#include "proxy/upstream/http2_connection.h"

#include <algorithm>
#include <utility>

#include "proxy/codec/http2_field_list.h"

namespace banyan::upstream {
namespace {

Error unprocessed(std::string_view detail) {
  return {ErrorCode::upstream_reset, Side::upstream, Retry::unprocessed, std::string(detail)};
}

}  // namespace

class Http2Connection::Stream final : public UpstreamStream {
 public:
  explicit Stream(Http2Connection& of) : connection_(of) {}

  [[nodiscard]] bool ready() const override { return !waits_; }
  [[nodiscard]] Tunnels tunnels() const override {
    return connection_.codec_.takes_tunnels() ? Tunnels::websocket : Tunnels::none;
  }
  void send_head(const RequestHead& head) override {
    tunnel_ = codec::is_extended_connect(head);
    id_ = connection_.codec_.send_head(head);
    connection_.sent_.push_back(this);
    if (paused_) connection_.codec_.pause(id_);
  }
  void send_body(Bytes bytes) override { connection_.codec_.send_body(id_, bytes); }
  void send_trailers(const Headers& trailers) override {
    connection_.codec_.send_trailers(id_, trailers);
  }
  // The end of a request that becomes a tunnel is not that of what is sent.
  void send_end() override {
    if (!tunnel_) connection_.codec_.send_end(id_);
  }
  void end_tunnel() override { connection_.codec_.send_end(id_); }
  void pause_reading() override {
    paused_ = true;
    connection_.codec_.pause(id_);
  }
  void resume_reading() override {
    paused_ = false;
    connection_.codec_.resume(id_);
  }
  void report_to(StreamEvents& events) override { events_ = &events; }
  [[nodiscard]] std::size_t backlog() const override {
    return connection_.codec_.held(id_) + connection_.transport_->backlog();
  }
  void release() override { connection_.give_back(*this); }

 private:
  friend class Http2Connection;

  Http2Connection& connection_;
  StreamEvents* events_ = nullptr;
  codec::StreamId id_ = 0;  // none of the connection's until send_head()
  std::size_t place_ = 0;   // in leased_
  bool waits_ = false;
  bool reused_ = false;  // leased on a connection that was there
  bool paused_ = false;
  bool tunnel_ = false;
};

Http2Connection::Http2Connection(Lane& lane, std::shared_ptr<Endpoint> endpoint,
                                 SteadyTime too_old_at, CountedPlace counted)
    : UpstreamConnection(lane, std::move(endpoint), too_old_at, std::move(counted)),
      codec_(*this, *transport_, cluster_.settings().head_limits),
      flush_list_(flush_list()) {}

Http2Connection::~Http2Connection() { flush_list_.remove(*this); }

void Http2Connection::on_unflushed() {
  if (state_ != State::closed) flush_list_.add(*this);
}

void Http2Connection::flush() {
  if (state_ != State::closed) codec_.flush();
}

// ---- leases -----------------------------------------------------------------------------------

std::size_t Http2Connection::streams_max() const {
  const std::size_t told = codec_.settled() ? codec_.streams_max() : endpoint_->streams_max;
  return std::min({kStreamsMax, told, allowed_});
}

std::size_t Http2Connection::room() const {
  if (state_ == State::closed || spent() || endpoint_->gone || !codec_.reusable()) return 0;
  const std::size_t max = streams_max();
  const std::uint64_t requests_left =
      cluster_.settings().upstream.max_requests_per_connection - requests_;
  return max <= leased_.size() ? 0 : std::min<std::uint64_t>(max - leased_.size(), requests_left);
}

UpstreamStream& Http2Connection::lease_to(StreamEvents& events) {
  if (free_.empty()) free_.push_back(std::make_unique<Stream>(*this));
  Stream& stream = *leased_.emplace_back(std::move(free_.back()));
  free_.pop_back();
  stream.events_ = &events;
  stream.id_ = 0;
  stream.place_ = leased_.size() - 1;
  stream.waits_ = state_ == State::connecting;
  stream.reused_ = !stream.waits_;
  stream.paused_ = false;
  ++requests_;
  if (stream.waits_) {
    wait_for_connection(+1);
  } else {
    become_busy();
  }
  return stream;
}

void Http2Connection::give_back(Stream& stream) {
  stream.events_ = nullptr;
  if (std::exchange(stream.waits_, false) && state_ == State::connecting) wait_for_connection(-1);
  if (const auto sent = place_of(stream.id_); sent != sent_.end()) sent_.erase(sent);
  codec_.cancel(stream.id_);
  const std::size_t place = stream.place_;
  free_.push_back(std::move(leased_[place]));
  if (place + 1 != leased_.size()) {
    leased_[place] = std::move(leased_.back());
    leased_[place]->place_ = place;
  }
  leased_.pop_back();
  settle();
}

bool Http2Connection::may_be_kept() const {
  return state_ == State::busy && codec_.reusable() && !refuses_ && !endpoint_->gone && !spent();
}

// After whatever may have changed whether it is of use: it is offered, idles, or ends.
void Http2Connection::settle() {
  if (state_ == State::closed) return;
  if (!leased_.empty()) {
    if (room() > 0) offer();
    return;
  }
  if (state_ == State::idle && codec_.reusable()) return;
  if (!may_be_kept()) return close();
  become_idle();
  offer();
}

void Http2Connection::on_close() {
  if (codec_.settled()) codec_.leave();
}

// ---- connecting -------------------------------------------------------------------------------

void Http2Connection::on_connected() {
  if (state_ == State::connecting) codec_.start(transport_->tls() != nullptr ? "https" : "http");
}

// The settings came.
void Http2Connection::begin() {
  told_of_connect(true);
  endpoint_->streams_max = codec_.streams_max();
  become_busy();
  const Error too_many = unprocessed("MAX_CONCURRENT_STREAMS");
  tell_waiting(&too_many, streams_max());
  tell_waiting(nullptr, 0);
}

// All that wait, but the first ones, get the error, or are ready. Whatever they do then, leases
// that begin meanwhile do not wait.
void Http2Connection::tell_waiting(const Error* error, std::size_t but_first) {
  std::vector<Stream*> waiting;
  for (const auto& stream : leased_) {
    if (stream->waits_) waiting.push_back(stream.get());
  }
  for (std::size_t i = but_first; i < waiting.size(); ++i) {
    if (!std::exchange(waiting[i]->waits_, false)) continue;
    if (error == nullptr && codec_.reusable()) {
      waiting[i]->events_->on_stream_ready();
    } else {
      waiting[i]->events_->on_stream_error(error != nullptr ? *error : unprocessed("GOAWAY"));
    }
  }
}

void Http2Connection::on_connect_timeout() {
  fail_connect({ErrorCode::connect_timeout, Side::upstream, Retry::safe, endpoint_->name});
}

void Http2Connection::fail_connect(Error error) {
  error.retry = Retry::safe;
  codec_.fail(error);
  tell_waiting(&error, 0);
  settle();
}

// ---- net::TransportEvents ---------------------------------------------------------------------

void Http2Connection::on_read(Bytes bytes) {
  if (state_ == State::closed) return;
  codec_.feed(bytes);
  if (state_ == State::connecting) {
    if (codec_.failed()) {
      told_of_connect(false);
      return fail_connect({ErrorCode::connect_refused, Side::upstream, Retry::safe,
                           endpoint_->name + " speaks no HTTP/2"});
    }
    if (codec_.settled()) begin();
  }
  settle();
}

void Http2Connection::on_read_end() {
  on_transport_error(
      {ErrorCode::upstream_reset, Side::upstream, Retry::if_repeatable, "connection closed"});
}

void Http2Connection::on_transport_error(Error error) {
  if (state_ == State::closed) return;
  if (state_ == State::connecting) {
    told_of_connect(false);
    if (error.code == ErrorCode::upstream_tls) {
      cluster_.say_tls_failure(*endpoint_, error);
    } else {
      error.code = ErrorCode::connect_refused;
    }
    return fail_connect(std::move(error));
  }
  error.retry = Retry::if_repeatable;
  codec_.fail(error);
  settle();
}

// ---- codec::Http2ClientEvents -----------------------------------------------------------------

std::vector<Http2Connection::Stream*>::const_iterator Http2Connection::place_of(
    codec::StreamId id) const {
  const auto found = std::lower_bound(sent_.begin(), sent_.end(), id,
                                      [](const Stream* s, auto wanted) { return s->id_ < wanted; });
  return found != sent_.end() && (*found)->id_ == id ? found : sent_.end();
}

Http2Connection::Stream* Http2Connection::find(codec::StreamId id) const {
  const auto found = place_of(id);
  return found == sent_.end() ? nullptr : *found;
}

StreamEvents* Http2Connection::events_of(codec::StreamId id) {
  Stream* const stream = find(id);
  return stream == nullptr ? nullptr : stream->events_;
}

void Http2Connection::on_informational(codec::StreamId id, ResponseHead& head) {
  if (auto* events = events_of(id)) events->on_stream_informational(head);
}

void Http2Connection::on_response(codec::StreamId id, ResponseHead& head) {
  refuses_ = false;
  if (allowed_ < kStreamsMax) ++allowed_;
  if (auto* events = events_of(id)) events->on_stream_response(head);
}

void Http2Connection::on_response_body(codec::StreamId id, Bytes bytes) {
  if (auto* events = events_of(id)) events->on_stream_body(bytes);
}

void Http2Connection::on_response_trailers(codec::StreamId id, const Headers& trailers) {
  if (auto* events = events_of(id)) events->on_stream_trailers(trailers);
}

void Http2Connection::on_response_end(codec::StreamId id) {
  if (auto* events = events_of(id)) events->on_stream_end();
}

// Refused for their number: no more than go on without it are leased, until answers come.
void Http2Connection::on_response_error(codec::StreamId id, Error error) {
  const Stream* const stream = find(id);
  if (stream == nullptr) return;
  if (error.retry == Retry::unprocessed) {
    refuses_ = true;
    allowed_ = std::max<std::size_t>(1, std::min(allowed_, leased_.size() - 1));
  } else if (error.retry == Retry::if_repeatable && !stream->reused_) {
    error.retry = Retry::unsafe;
  }
  stream->events_->on_stream_error(std::move(error));
}

void Http2Connection::on_request_blocked(codec::StreamId id) {
  if (auto* events = events_of(id)) events->on_stream_blocked();
}

void Http2Connection::on_request_writable(codec::StreamId id) {
  if (auto* events = events_of(id)) events->on_stream_writable();
}

}  // namespace banyan::upstream
