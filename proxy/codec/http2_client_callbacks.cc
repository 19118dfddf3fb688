// How nghttp2 speaks to Http2ClientCodec.
#include <new>

#include "proxy/codec/head_parser.h"
#include "proxy/codec/http2_client_stream.h"
#include "proxy/codec/http2_field_list.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kFrameHeadSize = 9;
// A head of ours is bounded where it comes in; nghttp2's own bound is lower.
constexpr std::size_t kRequestHeadMax = std::size_t{16} * 1024 * 1024;

Http2ClientCodec& codec_of(void* user) { return *static_cast<Http2ClientCodec*>(user); }

StreamId id_of(std::int32_t id) { return static_cast<StreamId>(id); }

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

}  // namespace

void Http2ClientCodec::Stream::clear() {
  Http2BodyQueue queue = std::move(body);
  Headers trailers = std::move(request_trailers);
  queue.clear();
  trailers.clear();
  *this = Stream();
  body = std::move(queue);
  request_trailers = std::move(trailers);
}

Http2Session Http2ClientCodec::Callbacks::new_session(Http2ClientCodec& codec) {
  const Http2Callbacks made = new_callbacks();
  nghttp2_session_callbacks* const callbacks = made.get();
  nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_send);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  const Http2Option option = new_option();
  nghttp2_option_set_max_send_header_block_length(option.get(), kRequestHeadMax);
  nghttp2_option_set_max_reserved_remote_streams(option.get(), 0);
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new3(&session, callbacks, &codec, option.get(), http2_memory()) != 0) {
    throw std::bad_alloc();
  }
  return Http2Session(session);
}

// ---- sending ----------------------------------------------------------------------------------

ssize_t Http2ClientCodec::Callbacks::on_read_body(nghttp2_session* session, std::int32_t id,
                                                  std::uint8_t*, std::size_t size_max,
                                                  std::uint32_t* flags, nghttp2_data_source*,
                                                  void* user) {
  Http2ClientCodec& codec = codec_of(user);
  Stream* const stream = codec.find(id_of(id));
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // it is about to be reset
  const std::size_t size = stream->body.next(size_max);
  const bool ends = stream->request_ended && size == stream->body.size();
  if (size == 0 && !ends) return NGHTTP2_ERR_DEFERRED;
  if (size > 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (ends && !stream->request_trailers.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    Http2FieldList& fields = field_list_scratch();
    fields.set_trailers(stream->request_trailers, codec.indexing_);
    nghttp2_submit_trailer(session, id, fields.data(), fields.size());
  }
  return static_cast<ssize_t>(size);
}

int Http2ClientCodec::Callbacks::on_send_data(nghttp2_session*, nghttp2_frame* frame,
                                              const std::uint8_t* frame_head, std::size_t size,
                                              nghttp2_data_source*, void* user) {
  Http2ClientCodec& codec = codec_of(user);
  Stream* const stream = codec.find(id_of(frame->hd.stream_id));
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  codec.sink_.copy(text(frame_head, kFrameHeadSize));
  stream->body.write(codec.sink_, size);
  if (stream->held_up && stream->body.size() <= Http2BodyQueue::kHeldLow) {
    codec.some_are_writable_ = true;
  }
  return 0;
}

int Http2ClientCodec::Callbacks::on_frame_send(nghttp2_session*, const nghttp2_frame* frame,
                                               void* user) {
  const bool is_of_request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
  if (!is_of_request) return 0;
  Http2ClientCodec& codec = codec_of(user);
  if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.length > 0) codec.barren_ = 0;
  Stream* const stream = codec.find(id_of(frame->hd.stream_id));
  if (stream == nullptr) return 0;
  stream->head_sent = true;
  if (ends_stream(*frame)) stream->request_over = true;
  return 0;
}

// The request has not left and will not: a GOAWAY came before it.
int Http2ClientCodec::Callbacks::on_frame_not_send(nghttp2_session*, const nghttp2_frame* frame,
                                                   int error, void* user) {
  const bool is_request =
      frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
  if (!is_request) return 0;
  codec_of(user).fail_stream(
      id_of(frame->hd.stream_id),
      {ErrorCode::upstream_reset, Side::upstream, Retry::unprocessed, nghttp2_strerror(error)});
  return 0;
}

// ---- receiving --------------------------------------------------------------------------------

// What HTTP/1.1 would have said. Any length is without meaning (RFC 9110 §9.3.6).
void Http2ClientCodec::make_switch(ResponseHead& head) {
  head.status = 101;
  head.framing = Framing::none;
  head.content_length.reset();
  head.headers.add(HeaderId::upgrade, "websocket");
}

int Http2ClientCodec::Callbacks::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd*,
                                                void* user) {
  return codec_of(user).is_barren_too_long() ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

int Http2ClientCodec::Callbacks::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame,
                                                  void* user) {
  const bool is_promise = frame->hd.type != NGHTTP2_HEADERS;  // which nghttp2 refuses
  codec_of(user).begin_section(is_promise ? 0 : id_of(frame->hd.stream_id));
  return 0;
}

int Http2ClientCodec::Callbacks::on_header(nghttp2_session*, const nghttp2_frame*,
                                           const std::uint8_t* name, std::size_t name_size,
                                           const std::uint8_t* value, std::size_t value_size,
                                           std::uint8_t flags, void* user) {
  codec_of(user).take_field(
      {text(name, name_size), text(value, value_size), (flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0});
  return 0;
}

int Http2ClientCodec::Callbacks::on_frame_recv(nghttp2_session*, const nghttp2_frame* frame,
                                               void* user) {
  Http2ClientCodec& codec = codec_of(user);
  const StreamId id = id_of(frame->hd.stream_id);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      codec.end_section(id, ends_stream(*frame));
      break;
    case NGHTTP2_DATA:
      if (ends_stream(*frame)) codec.end_response(id);
      break;
    case NGHTTP2_SETTINGS:
      codec.settled_ = true;
      break;
    default:
      break;
  }
  return 0;
}

int Http2ClientCodec::Callbacks::on_data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id,
                                               const std::uint8_t* bytes, std::size_t size,
                                               void* user) {
  codec_of(user).take_data(id_of(id), text(bytes, size));
  return 0;
}

int Http2ClientCodec::Callbacks::on_invalid_frame(nghttp2_session*, const nghttp2_frame*, int error,
                                                  void* user) {
  codec_of(user).fault_ = nghttp2_strerror(error);
  return 0;
}

int Http2ClientCodec::Callbacks::on_stream_close(nghttp2_session*, std::int32_t id,
                                                 std::uint32_t code, void* user) {
  codec_of(user).on_closed(id_of(id), code);
  return 0;
}

}  // namespace banyan::codec
