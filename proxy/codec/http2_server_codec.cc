#include "proxy/codec/http2_server_codec.h"

#include <algorithm>
#include <utility>

#include "proxy/codec/http2_server_stream.h"
#include "proxy/codec/scratch_head.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kFreeStreamsMax = 32;
constexpr std::size_t kHeadBytesKeptMax = std::size_t{16} * 1024;
// Of the PING whose answer says that the client has seen our GOAWAY.
constexpr Bytes kDrainPing = "draining";

Error client_closed(std::string_view detail) {
  return Error{ErrorCode::client_closed, Side::downstream, Retry::unsafe, std::string(detail)};
}

std::int32_t to_nghttp2(StreamId id) { return static_cast<std::int32_t>(id); }

}  // namespace

void Http2ServerCodec::Stream::clear() {
  Http2BodyQueue kept = std::move(body);
  Headers kept_trailers = std::move(trailers);
  *this = Stream();
  body = std::move(kept);
  trailers = std::move(kept_trailers);
  body.clear();
  trailers.clear();
}

Http2ServerCodec::Http2ServerCodec(Http2ServerEvents& events, ByteSink& sink,
                                   const Http2ServerSettings& settings)
    : events_(events),
      sink_(sink),
      limits_(settings.head),
      session_(Callbacks::new_session(*this, settings)),
      barren_(settings.barren_burst, settings.barren_rate),
      forced_resets_(settings.forced_reset_burst, settings.forced_reset_rate) {}

Http2ServerCodec::~Http2ServerCodec() = default;

// ---- streams ----------------------------------------------------------------------------------

Http2ServerCodec::Stream* Http2ServerCodec::find(StreamId id) const {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_.get(), to_nghttp2(id)));
}

Http2ServerCodec::Stream* Http2ServerCodec::answering(StreamId id) const {
  Stream* const stream = find(id);
  return stream != nullptr && !stream->let_go ? stream : nullptr;
}

Http2ServerCodec::Stream& Http2ServerCodec::add(StreamId id) {
  if (free_.empty()) {
    open_.push_back(std::make_unique<Stream>());
  } else {
    open_.push_back(std::move(free_.back()));
    free_.pop_back();
  }
  Stream& stream = *open_.back();
  stream.id = last_id_ = id;
  (void)nghttp2_session_set_stream_user_data(session_.get(), to_nghttp2(id), &stream);
  return stream;
}

void Http2ServerCodec::on_closed(StreamId id) {
  const auto at =
      std::find_if(open_.begin(), open_.end(), [&](const auto& s) { return s->id == id; });
  if (at == open_.end()) return;
  std::unique_ptr<Stream> stream = std::move(*at);
  *at = std::move(open_.back());
  open_.pop_back();
  if (section_ == id) section_ = 0;
  // What is said of it from now on is said of an unknown stream.
  (void)nghttp2_session_set_stream_user_data(session_.get(), to_nghttp2(id), nullptr);
  held_ -= stream->body.size();
  if (stream->owed > 0) (void)nghttp2_session_consume_connection(session_.get(), stream->owed);
  if (!std::exchange(stream->let_go, true)) {
    ScratchHead<RequestHead> nothing;
    events_.on_request_error(id, *nothing, client_closed("reset"));
  }
  events_.on_stream_closed(id);
  if (free_.size() >= kFreeStreamsMax) return;
  stream->clear();
  free_.push_back(std::move(stream));
}

// Nothing of the request is told any more, and what comes of it is dropped.
void Http2ServerCodec::let_go(Stream& stream) {
  stream.let_go = true;
  stream.paused = false;
  give_window(stream);
}

void Http2ServerCodec::fail_streams() {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    Stream& stream = *open_[i];
    if (stream.let_go) continue;
    let_go(stream);
    ScratchHead<RequestHead> nothing;
    events_.on_request_error(stream.id, *nothing, client_closed("connection ended"));
  }
}

// ---- reading ----------------------------------------------------------------------------------

void Http2ServerCodec::set_time(SteadyTime now) {
  barren_.advance(now);
  forced_resets_.advance(now);
}

std::size_t Http2ServerCodec::feed(Bytes bytes) {
  if (failed_) return bytes.size();
  ssize_t taken = 0;
  {
    const Inside inside(*this);
    taken = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  if (taken == NGHTTP2_ERR_FLOODED) end_soon(NGHTTP2_ENHANCE_YOUR_CALM);
  if (taken < 0) end_soon(NGHTTP2_PROTOCOL_ERROR);
  if (end_code_ != 0) end_connection(end_code_);
  return bytes.size();
}

void Http2ServerCodec::end_soon(std::uint32_t code) {
  if (end_code_ == 0) end_code_ = code;
}

void Http2ServerCodec::feed_eof() { fail_streams(); }

void Http2ServerCodec::refuse(Error error) {
  Stream* const stream = section_ != 0 && section_is_request_ ? find(section_) : nullptr;
  if (stream != nullptr) {
    section_ = 0;
    stream->let_go = false;
    refuse_request(*stream, std::move(error));
    flush();
  }
  end_connection(NGHTTP2_NO_ERROR);
}

void Http2ServerCodec::end_connection(std::uint32_t code) {
  if (nghttp2_session_terminate_session(session_.get(), code) != 0) failed_ = true;
}

void Http2ServerCodec::on_begin_frame(const nghttp2_frame_hd& frame) {
  switch (frame.type) {
    case NGHTTP2_CONTINUATION:
    case NGHTTP2_RST_STREAM:
      return;  // bounded by nghttp2
    case NGHTTP2_HEADERS:
      if (static_cast<StreamId>(frame.stream_id) > last_id_) return;
      break;
    case NGHTTP2_DATA:
      if (frame.length > 0 || (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0) return;
      break;
    case NGHTTP2_PRIORITY:
      if (frame.stream_id == 0) end_soon(NGHTTP2_PROTOCOL_ERROR);  // RFC 9113 §6.3
      break;
    default:
      break;
  }
  on_barren_frame();
}

void Http2ServerCodec::on_barren_frame() {
  if (!barren_.take()) end_soon(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2ServerCodec::begin_section(StreamId id, bool is_request) {
  section_ = id;
  section_is_request_ = is_request;
  passed_over_ = 0;
  if (is_request) {
    add(id);
    head_.clear();
    request_fields_.begin(limits_);
  } else {
    trailers_.clear();
    trailer_fields_.begin(limits_);
  }
}

void Http2ServerCodec::take_field(const Http2Field& field) {
  if (section_is_request_) {
    request_fields_.take(field, head_);
  } else {
    trailer_fields_.take(field, trailers_);
  }
  const bool refused = section_is_request_ ? request_fields_.refused() : trailer_fields_.refused();
  if (refused && ++passed_over_ > kFieldsPassedOverMax) end_soon(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2ServerCodec::end_section(StreamId id, bool is_request, bool ended) {
  section_ = 0;
  Stream* const stream = find(id);
  if (stream == nullptr) return;
  if (is_request) return take_request(*stream, ended);
  if (!stream->let_go && !stream->read_ended) take_trailers(*stream, ended);
}

void Http2ServerCodec::take_request(Stream& stream, bool ended) {
  barren_.give(kBarrenPerUseful);
  Result<void> read = request_fields_.end(ended, head_);
  stream.let_go = false;
  stream.method = head_.method;
  if (!read) return refuse_request(stream, std::move(read.error()));
  stream.read_ended = ended;
  if (head_.framing == Framing::content_length) {
    stream.promised = PromisedLength(head_.content_length);
  }
  events_.on_request(stream.id, head_);
  head_.headers.shrink(kHeadBytesKeptMax);
  if (ended && !stream.let_go) events_.on_request_end(stream.id);
}

void Http2ServerCodec::take_trailers(Stream& stream, bool ended) {
  Result<void> read = trailer_fields_.end();
  if (!read) return refuse_request(stream, std::move(read.error()));
  if (!ended) {
    return refuse_request(stream, {ErrorCode::malformed_request, Side::downstream, Retry::unsafe,
                                   "fields behind the head that end nothing"});
  }
  if (!trailers_.empty() && stream.promised.is_kept()) {
    events_.on_request_trailers(stream.id, trailers_);
  }
  end_request(stream.id);
}

void Http2ServerCodec::take_data(StreamId id, Bytes bytes) {
  Stream* const stream = find(id);
  if (stream == nullptr || stream->let_go || stream->read_ended) {
    (void)nghttp2_session_consume(session_.get(), to_nghttp2(id), bytes.size());
    return;
  }
  stream->owed += bytes.size();
  if (!stream->promised.take(bytes.size())) {
    refuse_request(*stream, {ErrorCode::bad_framing, Side::downstream, Retry::unsafe,
                             "more than Content-Length"});
  } else {
    events_.on_request_body(id, bytes);
  }
  if (!stream->paused) give_window(*stream);
}

void Http2ServerCodec::end_request(StreamId id) {
  Stream* const stream = find(id);
  if (stream == nullptr || stream->let_go || stream->read_ended) return;
  if (!stream->promised.is_kept()) {
    return refuse_request(*stream, {ErrorCode::bad_framing, Side::downstream, Retry::unsafe,
                                    "less than Content-Length"});
  }
  stream->read_ended = true;
  events_.on_request_end(id);
}

void Http2ServerCodec::refuse_request(Stream& stream, Error error) {
  stream.read_ended = true;
  stream.malformed = status_of(error.code) == 400;
  ScratchHead<RequestHead> refused;
  refused->swap(head_);
  events_.on_request_error(stream.id, *refused, std::move(error));
}

void Http2ServerCodec::pause(StreamId id) {
  if (Stream* const stream = answering(id)) stream->paused = true;
}

void Http2ServerCodec::resume(StreamId id) {
  Stream* const stream = answering(id);
  if (stream == nullptr) return;
  stream->paused = false;
  give_window(*stream);
}

void Http2ServerCodec::give_window(Stream& stream) {
  if (stream.owed == 0) return;
  (void)nghttp2_session_consume(session_.get(), to_nghttp2(stream.id),
                                std::exchange(stream.owed, 0));
}

// ---- the end ----------------------------------------------------------------------------------

void Http2ServerCodec::start_drain() {
  if (std::exchange(draining_, true)) return;
  (void)nghttp2_submit_shutdown_notice(session_.get());
}

// Right behind that GOAWAY.
void Http2ServerCodec::ask_for_round_trip() {
  (void)nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE,
                            reinterpret_cast<const std::uint8_t*>(kDrainPing.data()));
}

void Http2ServerCodec::on_ping_answered(Bytes opaque) {
  if (draining_ && opaque == kDrainPing) finish();
}

void Http2ServerCodec::finish() {
  if (std::exchange(finishing_, true)) return;
  (void)nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(session_.get()),
                              NGHTTP2_NO_ERROR, nullptr, 0);
}

bool Http2ServerCodec::must_close() const {
  return failed_ || (nghttp2_session_want_read(session_.get()) == 0 &&
                     nghttp2_session_want_write(session_.get()) == 0);
}

}  // namespace banyan::codec
