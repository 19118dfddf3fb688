#include "proxy/codec/http2_client_codec.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "proxy/codec/body_writer.h"
#include "proxy/codec/head_parser.h"
#include "proxy/codec/http1_client_codec.h"
#include "proxy/codec/http2_client_stream.h"
#include "proxy/codec/http2_field_list.h"

namespace banyan::codec {
namespace {

std::int32_t id_of(StreamId stream) { return static_cast<std::int32_t>(stream); }

Error unprocessed(std::string_view detail) {
  return {ErrorCode::upstream_reset, Side::upstream, Retry::unprocessed, std::string(detail)};
}

}  // namespace

// Marks that nghttp2 is at work further up the stack.
class Http2ClientCodec::Inside {
 public:
  explicit Inside(Http2ClientCodec& codec) : codec_(codec) { codec_.inside_ = true; }
  ~Inside() { codec_.inside_ = false; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Http2ClientCodec& codec_;
};

Http2ClientCodec::Http2ClientCodec(Http2ClientEvents& events, ByteSink& sink,
                                   const HeadLimits& limits)
    : events_(events), sink_(sink), limits_(limits), session_(Callbacks::new_session(*this)) {}

Http2ClientCodec::~Http2ClientCodec() = default;

void Http2ClientCodec::start(std::string_view scheme) {
  scheme_ = scheme;
  const auto header_bytes_max =
      static_cast<std::uint32_t>(std::min<std::size_t>(limits_.header_bytes_max, 0xffff'ffff));
  const std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, header_bytes_max},
  };
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  drain_session();
}

std::size_t Http2ClientCodec::streams_max() const {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool Http2ClientCodec::takes_tunnels() const {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

bool Http2ClientCodec::reusable() const {
  return !failed_ && !leaving_ && nghttp2_session_check_request_allowed(session_.get()) != 0;
}

// ---- streams ----------------------------------------------------------------------------------

std::size_t Http2ClientCodec::place_of(StreamId id) const {
  const auto found = std::ranges::lower_bound(open_, id, {}, &Open::id);
  const bool is_it = found != open_.end() && found->id == id;
  return is_it ? static_cast<std::size_t>(found - open_.begin()) : open_.size();
}

Http2ClientCodec::Stream* Http2ClientCodec::find(StreamId id) const {
  const std::size_t place = place_of(id);
  return place < open_.size() ? open_[place].stream : nullptr;
}

Http2ClientCodec::Stream& Http2ClientCodec::add(StreamId id) {
  if (free_.empty()) free_.push_back(streams_.emplace_back(std::make_unique<Stream>()).get());
  Stream& stream = *free_.back();
  free_.pop_back();
  stream.id = id;
  open_.push_back({id, &stream});
  return stream;
}

void Http2ClientCodec::forget(StreamId id) {
  const std::size_t place = place_of(id);
  if (place == open_.size()) return;
  open_[place].stream->clear();
  free_.push_back(open_[place].stream);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(place));
}

// ---- writing ----------------------------------------------------------------------------------

StreamId Http2ClientCodec::send_head(const RequestHead& head) {
  Http2FieldList& fields = field_list_scratch();
  fields.set_request(head, scheme_, indexing_);
  const bool tunnel = is_extended_connect(head);
  const bool has_body = tunnel || head.framing != Framing::none;
  nghttp2_data_provider body{{}, &Callbacks::on_read_body};
  const std::int32_t id = nghttp2_submit_request(
      session_.get(), nullptr, fields.data(), fields.size(), has_body ? &body : nullptr, nullptr);
  if (id == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
  Stream& stream = add(static_cast<StreamId>(id));
  stream.asked = head.method;
  stream.tunnel = tunnel;
  stream.request_over = !has_body;
  const StreamId made = stream.id;
  flush_later();
  return made;
}

void Http2ClientCodec::send_body(StreamId id, Bytes bytes) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->request_ended || stream->request_over) return;
  stream->body.offer(bytes);
  nghttp2_session_resume_data(session_.get(), id_of(id));
  if (bytes.size() <= kCopiedPayloadMax) {
    stream->body.hold();
    flush_later();
  } else {
    drain_session();
  }
  stream = find(id);  // it may have failed
  if (stream == nullptr) return;
  stream->body.hold();
  if (stream->body.size() <= Http2BodyQueue::kHeldHigh || std::exchange(stream->held_up, true)) {
    return;
  }
  events_.on_request_blocked(id);
}

void Http2ClientCodec::send_trailers(StreamId id, const Headers& trailers) {
  Stream* const stream = find(id);
  if (stream != nullptr && !stream->request_over) stream->request_trailers = trailers;
}

void Http2ClientCodec::send_end(StreamId id) {
  Stream* const stream = find(id);
  if (stream == nullptr || stream->request_over) return;
  stream->request_ended = true;
  nghttp2_session_resume_data(session_.get(), id_of(id));
  flush_later();
}

void Http2ClientCodec::cancel(StreamId id) {
  const Stream* const stream = find(id);
  if (stream == nullptr) return;
  const bool over = stream->request_over && stream->response_over;
  forget(id);
  if (over || failed_) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id_of(id), NGHTTP2_CANCEL);
  flush_later();
}

void Http2ClientCodec::pause(StreamId id) {
  if (Stream* const stream = find(id)) stream->paused = true;
}

void Http2ClientCodec::resume(StreamId id) {
  Stream* const stream = find(id);
  if (stream == nullptr || !std::exchange(stream->paused, false)) return;
  nghttp2_session_consume_stream(session_.get(), id_of(id), std::exchange(stream->owed, 0));
  flush_later();
}

std::size_t Http2ClientCodec::held(StreamId id) const {
  const Stream* const stream = find(id);
  return stream == nullptr ? 0 : stream->body.size();
}

void Http2ClientCodec::leave() {
  if (failed_ || std::exchange(leaving_, true)) return;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  drain_session();
}

void Http2ClientCodec::block(bool blocked) {
  blocked_ = blocked;
  if (!blocked) drain_and_tell();
}

void Http2ClientCodec::flush_later() {
  if (!std::exchange(unflushed_, true)) events_.on_unflushed();
}

void Http2ClientCodec::flush() {
  unflushed_ = false;
  if (!inside_ && !failed_) drain_and_tell();
}

void Http2ClientCodec::drain_session() {
  if (inside_ || blocked_ || failed_) return;
  const Inside inside(*this);
  quiet_ = true;
  const bool whole = drain(*session_, sink_);
  quiet_ = false;
  if (!whole) throw std::bad_alloc();  // nothing else ends it
}

void Http2ClientCodec::drain_and_tell() {
  tell_late();
  if (!blocked_ && !failed_) {
    const Inside inside(*this);
    if (!drain(*session_, sink_)) throw std::bad_alloc();
  }
  tell_writable();
}

void Http2ClientCodec::tell_late() {
  for (auto& [id, error] : std::exchange(late_, {})) fail_stream(id, std::move(error));
}

void Http2ClientCodec::tell_writable() {
  if (!std::exchange(some_are_writable_, false)) return;
  std::vector<StreamId> ids;
  for (const auto& [id, s] : open_) {
    if (s->held_up && s->body.size() <= Http2BodyQueue::kHeldLow) ids.push_back(id);
  }
  for (const StreamId id : ids) {
    Stream* const stream = find(id);
    if (stream == nullptr) continue;  // one of the others' events ended it
    stream->held_up = false;
    events_.on_request_writable(id);
  }
}

// ---- reading ----------------------------------------------------------------------------------

void Http2ClientCodec::feed(Bytes bytes) {
  if (failed_) return;
  receive(bytes);
  drain_and_tell();
  const bool dead = nghttp2_session_want_read(session_.get()) == 0;
  if (dead && !failed_) fail(response_error(fault_.empty() ? "HTTP/2" : fault_));
}

void Http2ClientCodec::receive(Bytes bytes) {
  ssize_t taken = 0;
  {
    const Inside inside(*this);
    taken = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  if (taken >= 0) return;
  const bool barren = barren_ > kBarrenFramesMax || taken == NGHTTP2_ERR_FLOODED;
  fault_ = barren ? "a flood of frames" : nghttp2_strerror(static_cast<int>(taken));
  nghttp2_session_terminate_session(session_.get(),
                                    barren ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  drain_and_tell();
  fail(response_error(fault_));
}

void Http2ClientCodec::feed_eof() {
  fail({ErrorCode::upstream_reset, Side::upstream, Retry::if_repeatable, "connection closed"});
}

void Http2ClientCodec::fail(const Error& error) {
  failed_ = true;
  tell_late();
  while (!open_.empty()) {
    const Stream& stream = *open_.back().stream;
    Error own = error;
    if (stream.head_told && own.code == ErrorCode::upstream_reset) {
      own.code = ErrorCode::upstream_cut_off;
    }
    if (stream.any_byte) own.retry = Retry::unsafe;
    if (!stream.head_sent) own.retry = Retry::safe;
    fail_stream(stream.id, std::move(own));
  }
}

void Http2ClientCodec::begin_section(StreamId id) {
  const Stream* const stream = find(id);
  reading_ = Reading::nothing;
  if (stream == nullptr) return;
  if (stream->head_told) {
    reading_ = Reading::trailers;
    trailers_.clear();
    trailer_fields_.begin(limits_);
  } else {
    reading_ = Reading::head;
    head_.clear();
    response_fields_.begin(limits_);
  }
}

void Http2ClientCodec::take_field(const Http2Field& field) {
  if (reading_ == Reading::head) response_fields_.take(field, head_);
  if (reading_ == Reading::trailers) trailer_fields_.take(field, trailers_);
}

void Http2ClientCodec::end_section(StreamId id, bool ended) {
  Stream* const stream = find(id);
  if (stream == nullptr) return;
  barren_ = 0;
  stream->any_byte = true;
  switch (std::exchange(reading_, Reading::nothing)) {
    case Reading::nothing:
      return;
    case Reading::head:
      return take_response(*stream, ended);
    case Reading::trailers:
      return take_trailers(*stream, ended);
  }
}

void Http2ClientCodec::take_response(Stream& stream, bool ended) {
  const StreamId id = stream.id;
  if (Result<void> head = response_fields_.end(stream.asked, ended, head_); !head) {
    return refuse(id, head.error().detail);
  }
  if (head_.status < 200) {
    if (++stream.informational > kInformationalMax) return refuse(id, "too many 1xx");
    return events_.on_informational(id, head_);
  }
  stream.head_told = true;
  const bool opened = stream.tunnel && head_.status < 300;  // RFC 8441 §5
  if (opened) make_switch(head_);
  stream.bodyless = !opened && head_.framing == Framing::none;
  if (!stream.bodyless) stream.promised = PromisedLength(head_.content_length);
  events_.on_response(id, head_);
  if (ended) end_response(id);
}

void Http2ClientCodec::take_trailers(Stream& stream, bool ended) {
  const StreamId id = stream.id;
  if (Result<void> fields = trailer_fields_.end(); !fields) {
    return refuse(id, fields.error().detail);
  }
  if (!ended) return refuse(id, "trailers that do not end the stream");
  if (!trailers_.empty()) events_.on_response_trailers(id, trailers_);
  end_response(id);
}

void Http2ClientCodec::take_data(StreamId id, Bytes bytes) {
  nghttp2_session_consume_connection(session_.get(), bytes.size());
  Stream* stream = find(id);
  if (stream == nullptr) return;
  barren_ = 0;
  if (!stream->head_told) return refuse(id, "a body before its head");
  if (stream->bodyless) return refuse(id, "a body where there is none");
  if (!stream->promised.take(bytes.size())) return refuse(id, "more than Content-Length");
  events_.on_response_body(id, bytes);
  stream = find(id);
  if (stream == nullptr) return;
  if (stream->paused) {
    stream->owed += bytes.size();
  } else {
    nghttp2_session_consume_stream(session_.get(), id_of(id), bytes.size());
  }
}

void Http2ClientCodec::end_response(StreamId id) {
  Stream* const stream = find(id);
  if (stream == nullptr || stream->response_over) return;
  if (!stream->head_told) return refuse(id, "ended without a head");
  if (!stream->bodyless && !stream->promised.is_kept())
    return refuse(id, "less than Content-Length");
  stream->response_over = true;
  events_.on_response_end(id);
}

void Http2ClientCodec::refuse(StreamId id, std::string_view detail) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id_of(id), NGHTTP2_PROTOCOL_ERROR);
  fail_stream(id, response_error(detail));
}

void Http2ClientCodec::fail_stream(StreamId id, Error error) {
  const Stream* const stream = find(id);
  if (stream == nullptr) return;
  if (quiet_) return void(late_.emplace_back(id, std::move(error)));
  const bool told = stream->response_over;
  forget(id);
  if (!told) events_.on_response_error(id, std::move(error));
}

// What the upstream, or nghttp2 for it, ended. RFC 9113 §8.7: a stream above the last one of a
// GOAWAY is closed as refused.
void Http2ClientCodec::on_closed(StreamId id, std::uint32_t code) {
  const Stream* const stream = find(id);
  if (stream == nullptr) return;
  const std::string detail = std::string("RST_STREAM ") + nghttp2_http2_strerror(code);
  if (code == NGHTTP2_REFUSED_STREAM && !stream->any_byte) {
    return fail_stream(id, unprocessed(detail));
  }
  const ErrorCode what =
      stream->head_told ? ErrorCode::upstream_cut_off : ErrorCode::upstream_reset;
  fail_stream(id, {what, Side::upstream, Retry::unsafe, detail});
}

}  // namespace banyan::codec
