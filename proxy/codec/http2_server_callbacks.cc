// What nghttp2 tells the codec, as calls of its members.
#include <algorithm>
#include <array>
#include <new>

#include "proxy/codec/http2_server_stream.h"

namespace banyan::codec {
namespace {

// A head in frames of the smallest kind that a client may choose, with some room.
constexpr std::size_t kFrameBytesMin = 16 * 1024;
constexpr std::size_t kContinuationsMin = 8;
// Fields of a response besides those of the upstream.
constexpr std::size_t kSentHeadBytesMin = std::size_t{256} * 1024;
constexpr std::size_t kSettingsMax = 32;  // of one frame

Bytes bytes_of(const std::uint8_t* at, std::size_t size) {
  return {reinterpret_cast<const char*>(at), size};
}

StreamId id_of(std::int32_t id) { return static_cast<StreamId>(id); }

// One without any byte was counted when it began.
bool is_padding_alone(const nghttp2_frame& data) {
  return data.data.padlen > 0 && data.data.padlen == data.hd.length;
}

Http2Option options_for(const Http2ServerSettings& settings) {
  Http2Option option = new_option();
  const std::size_t head = settings.head.header_bytes_max;
  nghttp2_option_set_stream_reset_rate_limit(option.get(), settings.reset_burst,
                                             settings.reset_rate);
  nghttp2_option_set_max_continuations(option.get(),
                                       std::max(kContinuationsMin, head / kFrameBytesMin + 2));
  nghttp2_option_set_max_send_header_block_length(option.get(),
                                                  std::max(kSentHeadBytesMin, 2 * head));
  nghttp2_option_set_max_outbound_ack(option.get(), Http2ServerCodec::kAnswersMax);
  nghttp2_option_set_max_settings(option.get(), kSettingsMax);
  return option;
}

void say_settings(nghttp2_session& session, const Http2ServerSettings& settings) {
  const std::array<nghttp2_settings_entry, 5> entries{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(settings.head.header_bytes_max)},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  (void)nghttp2_submit_settings(&session, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  (void)nghttp2_session_set_local_window_size(
      &session, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(settings.connection_window));
}

}  // namespace

Http2Session Http2ServerCodec::Callbacks::new_session(Http2ServerCodec& codec,
                                                      const Http2ServerSettings& settings) {
  static constexpr auto of = [](void* user) -> Http2ServerCodec& {
    return *static_cast<Http2ServerCodec*>(user);
  };
  const Http2Callbacks callbacks = new_callbacks();
  nghttp2_session_callbacks* const c = callbacks.get();
  nghttp2_session_callbacks_set_on_begin_frame_callback(
      c, [](nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
        of(user).on_begin_frame(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      c, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        of(user).begin_section(id_of(frame->hd.stream_id),
                               frame->headers.cat == NGHTTP2_HCAT_REQUEST);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      c, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
            const std::uint8_t* value, std::size_t value_size, std::uint8_t flags, void* user) {
        of(user).take_field({bytes_of(name, name_size), bytes_of(value, value_size),
                             (flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0});
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      c, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        const StreamId id = id_of(frame->hd.stream_id);
        const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        const bool is_ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
        if (frame->hd.type == NGHTTP2_HEADERS) {
          of(user).end_section(id, frame->headers.cat == NGHTTP2_HCAT_REQUEST, ended);
        } else if (frame->hd.type == NGHTTP2_DATA && ended) {
          of(user).end_request(id);
        } else if (frame->hd.type == NGHTTP2_DATA && is_padding_alone(*frame)) {
          of(user).on_barren_frame();
        } else if (frame->hd.type == NGHTTP2_PING && is_ack) {
          of(user).on_ping_answered(
              bytes_of(frame->ping.opaque_data, sizeof frame->ping.opaque_data));
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      c, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
            std::size_t size, void* user) {
        of(user).take_data(id_of(id), bytes_of(bytes, size));
        return 0;
      });
  nghttp2_session_callbacks_set_send_data_callback(
      c, [](nghttp2_session*, nghttp2_frame*, const std::uint8_t* frame_head, std::size_t size,
            nghttp2_data_source* source, void* user) {
        static constexpr std::size_t kFrameHeadSize = 9;
        of(user).send_data(*static_cast<Stream*>(source->ptr), bytes_of(frame_head, kFrameHeadSize),
                           size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      c, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        of(user).on_frame_sent(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      c, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        of(user).on_closed(id_of(id));
        return 0;
      });
  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new3(&session, c, &codec, options_for(settings).get(),
                                  http2_memory()) != 0) {
    throw std::bad_alloc();
  }
  say_settings(*session, settings);
  return Http2Session(session);
}

ssize_t Http2ServerCodec::Callbacks::on_read_body(nghttp2_session*, std::int32_t, std::uint8_t*,
                                                  std::size_t size_max, std::uint32_t* flags,
                                                  nghttp2_data_source* source, void* user) {
  return static_cast<Http2ServerCodec*>(user)->read_body(*static_cast<Stream*>(source->ptr),
                                                         size_max, *flags);
}

}  // namespace banyan::codec
