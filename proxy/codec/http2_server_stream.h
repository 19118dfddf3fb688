// proxy/codec/http2_server_stream.h: what Http2ServerCodec knows of one stream, and its callbacks
// for nghttp2. Included by its two source files only.
#pragma once

#include "proxy/codec/http2_server_codec.h"

namespace banyan::codec {

struct Http2ServerCodec::Stream {
  enum class Write : std::uint8_t { pending, body, ended };

  StreamId id = 0;
  Method method = Method::get;
  Write write = Write::pending;
  bool let_go = true;       // not told yet, or no event but on_stream_closed() comes any more
  bool read_ended = false;  // the request was told to its end
  bool bodyless = false;    // the response
  bool deferred = false;    // nghttp2 waits for payload
  bool paused = false;
  bool blocked = false;  // on_response_blocked() was told
  bool malformed = false;
  bool was_reset = false;
  bool tunnel = false;  // each side ends by itself
  Http2BodyQueue body;
  Headers trailers;  // of the response
  PromisedLength promised;
  PromisedLength response_promised;
  std::size_t owed = 0;  // window that is given back when it is resumed

  void clear();
};

// Static functions that nghttp2 calls with the codec as their user data.
struct Http2ServerCodec::Callbacks {
  [[nodiscard]] static Http2Session new_session(Http2ServerCodec& codec,
                                                const Http2ServerSettings& settings);
  static ssize_t on_read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                              std::size_t size_max, std::uint32_t* flags,
                              nghttp2_data_source* source, void* user);
};

// While one of these lives nghttp2 is being run, and can not be run again further up the stack.
class Http2ServerCodec::Inside {
 public:
  explicit Inside(Http2ServerCodec& codec) : codec_(codec) { codec_.inside_ = true; }
  ~Inside() { codec_.inside_ = false; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Http2ServerCodec& codec_;
};

}  // namespace banyan::codec
