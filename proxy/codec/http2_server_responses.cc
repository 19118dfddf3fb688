// Responses: from what is said of a stream to frames.
#include <utility>

#include "proxy/codec/body_writer.h"
#include "proxy/codec/framing.h"
#include "proxy/codec/http2_field_list.h"
#include "proxy/codec/http2_server_stream.h"

namespace banyan::codec {
namespace {

std::int32_t to_nghttp2(StreamId id) { return static_cast<std::int32_t>(id); }

// Made necessary by what the client sent, not by us or by an answer before the end of its request.
bool is_forced(std::uint32_t code) {
  return code != NGHTTP2_NO_ERROR && code != NGHTTP2_INTERNAL_ERROR && code != NGHTTP2_CANCEL;
}

}  // namespace

void Http2ServerCodec::send_informational(StreamId id, const ResponseHead& head) {
  Stream* const stream = answering(id);
  if (stream == nullptr || stream->write != Stream::Write::pending) return;
  Http2FieldList& fields = field_list_scratch();
  fields.set_response(head, indexing_);
  (void)nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, to_nghttp2(id), nullptr,
                               fields.data(), fields.size(), nullptr);
}

void Http2ServerCodec::send_head(StreamId id, const ResponseHead& head) {
  Stream* const stream = answering(id);
  if (stream == nullptr || stream->write != Stream::Write::pending) return;
  stream->write = Stream::Write::body;
  stream->bodyless = head.framing == Framing::none || is_bodyless(stream->method, head.status);
  if (head.framing == Framing::content_length && !stream->bodyless) {
    stream->response_promised = PromisedLength(head.content_length.value_or(0));
  }
  Http2FieldList& fields = field_list_scratch();
  fields.set_response(head, indexing_);
  nghttp2_data_provider body{{.ptr = stream}, Callbacks::on_read_body};
  if (nghttp2_submit_response(session_.get(), to_nghttp2(id), fields.data(), fields.size(),
                              stream->bodyless ? nullptr : &body) != 0) {
    reset(id);
  }
}

void Http2ServerCodec::open_tunnel(StreamId id, const ResponseHead& head) {
  if (Stream* const stream = answering(id)) stream->tunnel = true;
  send_head(id, head);
}

void Http2ServerCodec::send_body(StreamId id, Bytes bytes) {
  Stream* const stream = answering(id);
  if (stream == nullptr || stream->write != Stream::Write::body || stream->bodyless) return;
  if (!stream->response_promised.take(bytes.size())) return reset(id);
  held_ += bytes.size();
  stream->body.hold();
  stream->body.offer(bytes);
  if (bytes.size() <= kCopiedPayloadMax) stream->body.hold();
  if (std::exchange(stream->deferred, false)) {
    (void)nghttp2_session_resume_data(session_.get(), to_nghttp2(id));
  }
  tell_blocked(*stream);
}

void Http2ServerCodec::send_trailers(StreamId id, const Headers& trailers) {
  Stream* const stream = answering(id);
  if (stream != nullptr && stream->write == Stream::Write::body) stream->trailers = trailers;
}

void Http2ServerCodec::send_end(StreamId id) {
  Stream* const stream = answering(id);
  if (stream == nullptr || stream->write != Stream::Write::body) return;
  if (!stream->response_promised.is_kept()) return reset(id);
  stream->write = Stream::Write::ended;
  if (!stream->tunnel) let_go(*stream);
  if (std::exchange(stream->deferred, false)) {
    (void)nghttp2_session_resume_data(session_.get(), to_nghttp2(id));
  }
}

void Http2ServerCodec::reset(StreamId id) {
  Stream* const stream = find(id);
  if (stream == nullptr || std::exchange(stream->was_reset, true)) return;
  held_ -= stream->body.size();
  stream->body.clear();
  if (!stream->let_go) let_go(*stream);
  (void)nghttp2_submit_rst_stream(
      session_.get(), NGHTTP2_FLAG_NONE, to_nghttp2(id),
      stream->malformed ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_INTERNAL_ERROR);
}

std::size_t Http2ServerCodec::unsent(StreamId id) const {
  const Stream* const stream = find(id);
  return stream != nullptr ? stream->body.size() : 0;
}

std::ptrdiff_t Http2ServerCodec::read_body(Stream& stream, std::size_t size_max,
                                           std::uint32_t& flags) {
  const bool all_there = stream.write == Stream::Write::ended && !stream.was_reset;
  const std::size_t size = stream.body.next(size_max);
  if (size == 0 && !all_there) {
    stream.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (!all_there || size < stream.body.size()) return static_cast<std::ptrdiff_t>(size);
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream.trailers.empty()) return static_cast<std::ptrdiff_t>(size);
  flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  Http2FieldList& fields = field_list_scratch();
  fields.set_trailers(stream.trailers, indexing_);
  (void)nghttp2_submit_trailer(session_.get(), to_nghttp2(stream.id), fields.data(), fields.size());
  return static_cast<std::ptrdiff_t>(size);
}

void Http2ServerCodec::send_data(Stream& stream, Bytes frame_head, std::size_t size) {
  sink_.copy(frame_head);
  if (size == 0) return;
  stream.body.write(sink_, size);
  held_ -= size;
}

void Http2ServerCodec::on_frame_sent(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_RST_STREAM:
      if (is_forced(frame.rst_stream.error_code) && !forced_resets_.take()) {
        end_soon(NGHTTP2_ENHANCE_YOUR_CALM);
      }
      break;
    case NGHTTP2_GOAWAY:
      if (draining_ && !finishing_) ask_for_round_trip();
      break;
    case NGHTTP2_DATA:
      barren_.give(kBarrenPerUseful);
      [[fallthrough]];
    case NGHTTP2_HEADERS:
      if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) on_message_sent(frame.hd.stream_id);
      break;
    default:
      break;
  }
}

// The rest of the request is not wanted (RFC 9113 §8.1).
void Http2ServerCodec::on_message_sent(std::int32_t id) {
  if (nghttp2_session_get_stream_remote_close(session_.get(), id) != 0) return;
  const Stream* const stream = find(static_cast<StreamId>(id));
  if (stream != nullptr && stream->tunnel) return;
  const bool malformed = stream != nullptr && stream->malformed;
  (void)nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id,
                                  malformed ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_NO_ERROR);
}

void Http2ServerCodec::flush() {
  if (inside_) return;
  if (!failed_ && !blocked_) {
    const Inside inside(*this);
    failed_ = !drain(*session_, sink_);
    if (end_code_ != 0 && !failed_) {
      end_connection(end_code_);
      failed_ = failed_ || !drain(*session_, sink_);
    }
  }
  for (const auto& stream : open_) stream->body.hold();
  if (must_close()) return fail_streams();
  tell_writable();
}

void Http2ServerCodec::tell_blocked(Stream& stream) {
  const bool over = stream.body.size() > Http2BodyQueue::kHeldHigh || held_ > kHeldMax;
  if (!over || stream.blocked) return;
  stream.blocked = some_blocked_ = true;
  events_.on_response_blocked(stream.id);
}

void Http2ServerCodec::tell_writable() {
  if (!std::exchange(some_blocked_, false)) return;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    Stream& stream = *open_[i];
    if (!stream.blocked || stream.let_go) continue;
    if (stream.body.size() > Http2BodyQueue::kHeldLow || held_ > kHeldMax) {
      some_blocked_ = true;
      continue;
    }
    stream.blocked = false;
    events_.on_response_writable(stream.id);
  }
}

}  // namespace banyan::codec
