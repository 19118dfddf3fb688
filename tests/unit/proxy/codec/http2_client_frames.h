// tests/unit/proxy/codec/http2_client_frames.h: what a client may say to a server, right or wrong,
// and what the server said as text. Over tests/support/http2_frames.h, with types and flags as
// numbers, since any of them may be said.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/http2_frames.h"

namespace banyan::test {

using http2::data;
using http2::Fields;
using http2::number;
using http2::settings_ack;
using http2::window_update;

inline constexpr int kEndStream = http2::kEndStream;
inline constexpr int kAck = http2::kAck;
inline constexpr int kEndHeaders = http2::kEndHeaders;
inline constexpr int kPadded = 8;
inline constexpr int kPriority = 32;

inline std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload = {}) {
  return http2::frame(static_cast<http2::Type>(type), flags, stream, payload);
}
inline std::string hpack(const Fields& fields) { return http2::section(fields); }
inline std::string hpack_text(std::string_view text) { return http2::literal(text); }
inline std::string headers(std::uint32_t stream, const Fields& fields, int flags = kEndStream) {
  return http2::headers(stream, fields, flags);
}
inline std::string rst_stream(std::uint32_t stream) {
  return http2::rst_stream(stream, http2::kCancel);
}
inline std::string ping(std::string_view opaque = "12345678", int flags = 0) {
  return frame(NGHTTP2_PING, flags, 0, opaque);
}
inline std::string settings(std::initializer_list<std::pair<int, std::uint32_t>> entries = {}) {
  std::string payload;
  for (const auto& [id, value] : entries) {
    payload += number(static_cast<unsigned>(id), 2) + number(value, 4);
  }
  return frame(NGHTTP2_SETTINGS, 0, 0, payload);
}

// A frame that was received, with the fields of HEADERS.
struct Frame : http2::Frame {
  Fields fields;
  [[nodiscard]] bool is_message() const { return type == NGHTTP2_DATA || type == NGHTTP2_HEADERS; }
  [[nodiscard]] bool ends_stream() const { return is_message() && http2::Frame::ends_stream(); }
};

// "HEADERS 1 :status=200 x=y", "DATA 1 hello END", "RST_STREAM 1 CANCEL", "GOAWAY 1 NO_ERROR"…
inline std::string text_of(const Frame& f) {
  static constexpr const char* kNames[] = {"DATA",       "HEADERS",  "PRIORITY",
                                           "RST_STREAM", "SETTINGS", "PUSH",
                                           "PING",       "GOAWAY",   "WINDOW_UPDATE"};
  std::string text = f.type < 9 ? kNames[f.type] : "unknown";
  const std::string stream = " " + std::to_string(f.stream) + " ";
  switch (f.type) {
    case NGHTTP2_DATA:
      text += stream + f.payload;
      break;
    case NGHTTP2_HEADERS:
      text += " " + std::to_string(f.stream);
      for (const auto& [name, value] : f.fields) text += " " + name + "=" + value;
      break;
    case NGHTTP2_RST_STREAM:
      text += stream + nghttp2_http2_strerror(f.code());
      break;
    case NGHTTP2_GOAWAY:
      text += " " + std::to_string(f.number_at(0) & 0x7FFFFFFF) + " " +
              nghttp2_http2_strerror(f.code());
      break;
    case NGHTTP2_WINDOW_UPDATE:
      text += stream + std::to_string(f.number_at(0));
      break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
      if ((f.flags & kAck) != 0) text += " ACK";
      break;
    default:
      break;
  }
  return f.ends_stream() ? text + " END" : text;
}

class FrameReader {
 public:
  [[nodiscard]] std::vector<Frame> read(std::string_view bytes) {
    std::vector<Frame> frames;
    for (http2::Frame& one : reader_.read(bytes)) {
      Frame f{std::move(one), {}};
      if (f.type == NGHTTP2_HEADERS) f.fields = reader_.fields(f);
      frames.push_back(std::move(f));
    }
    return frames;
  }

 private:
  http2::Reader reader_;
};

}  // namespace banyan::test
