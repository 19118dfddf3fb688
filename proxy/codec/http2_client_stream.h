// proxy/codec/http2_client_stream.h: what Http2ClientCodec knows of one stream, and its callbacks
// for nghttp2. Included by its two source files only.
#pragma once

#include "proxy/codec/http2_client_codec.h"

namespace banyan::codec {

struct Http2ClientCodec::Stream {
  StreamId id = 0;
  Method asked = Method::get;
  Http2BodyQueue body;
  Headers request_trailers;
  PromisedLength promised;
  std::size_t owed = 0;            // window that is given back when it is resumed
  std::uint8_t informational = 0;  // heads
  bool head_sent = false;
  bool request_ended = false;  // all of it was handed in
  bool request_over = false;   // and has left
  bool held_up = false;        // on_request_blocked() was told
  bool paused = false;
  bool any_byte = false;  // of an answer
  bool head_told = false;
  bool bodyless = false;
  bool tunnel = false;  // was asked for
  bool response_over = false;

  void clear();
};

// Static functions that nghttp2 calls with the codec as their user data.
struct Http2ClientCodec::Callbacks {
  [[nodiscard]] static Http2Session new_session(Http2ClientCodec& codec);
  static ssize_t on_read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                              std::size_t size_max, std::uint32_t* flags,
                              nghttp2_data_source* source, void* user);
  static int on_send_data(nghttp2_session* session, nghttp2_frame* frame,
                          const std::uint8_t* frame_head, std::size_t size,
                          nghttp2_data_source* source, void* user);
  static int on_begin_frame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user);
  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t flags, void* user);
  static int on_frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_data_chunk(nghttp2_session* session, std::uint8_t flags, std::int32_t id,
                           const std::uint8_t* bytes, std::size_t size, void* user);
  static int on_invalid_frame(nghttp2_session* session, const nghttp2_frame* frame, int error,
                              void* user);
  static int on_frame_not_send(nghttp2_session* session, const nghttp2_frame* frame, int error,
                               void* user);
  static int on_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t code,
                             void* user);
};

}  // namespace banyan::codec
