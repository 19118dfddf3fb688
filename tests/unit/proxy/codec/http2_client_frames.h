// tests/unit/proxy/codec/http2_client_frames.h: what a client may say to a server, frame by frame
// (RFC 9113 §4, §6), right or wrong, and what the server said as text.
//
// What is written here is put together byte by byte. HPACK is written as literals without an index;
// what the other side sent is read with nghttp2's inflater.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace banyan::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

inline std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload = {}) {
  return number(payload.size(), 3) + number(static_cast<unsigned>(type), 1) +
         number(static_cast<unsigned>(flags), 1) + number(stream, 4) + std::string(payload);
}

// RFC 7541 §5.1 with a prefix of seven bits, and §5.2.
inline std::string hpack_text(std::string_view text) {
  std::string out;
  std::size_t size = text.size();
  if (size < 127) {
    out += static_cast<char>(size);
  } else {
    out += '\x7f';
    for (size -= 127; size >= 128; size >>= 7) out += static_cast<char>((size & 0x7F) | 0x80);
    out += static_cast<char>(size);
  }
  return out.append(text);
}
inline std::string hpack(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += '\0' + hpack_text(name) + hpack_text(value);
  return out;
}

inline constexpr int kEndStream = 1;
inline constexpr int kAck = 1;
inline constexpr int kEndHeaders = 4;
inline constexpr int kPadded = 8;
inline constexpr int kPriority = 32;

inline std::string headers(std::uint32_t stream, const Fields& fields, int flags = kEndStream) {
  return frame(NGHTTP2_HEADERS, flags | kEndHeaders, stream, hpack(fields));
}
inline std::string data(std::uint32_t stream, std::string_view bytes, int flags = 0) {
  return frame(NGHTTP2_DATA, flags, stream, bytes);
}
inline std::string rst_stream(std::uint32_t stream, std::uint32_t code = NGHTTP2_CANCEL) {
  return frame(NGHTTP2_RST_STREAM, 0, stream, number(code, 4));
}
inline std::string window_update(std::uint32_t stream, std::uint32_t by) {
  return frame(NGHTTP2_WINDOW_UPDATE, 0, stream, number(by, 4));
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
inline std::string settings_ack() { return frame(NGHTTP2_SETTINGS, kAck, 0); }

// A frame that was received.
struct Frame {
  int type = 0;
  int flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  Fields fields;  // of HEADERS

  [[nodiscard]] std::uint32_t word(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
      value = value << 8U | static_cast<unsigned char>(payload.at(i));
    }
    return value;
  }
  [[nodiscard]] bool ends_stream() const {
    return (type == NGHTTP2_DATA || type == NGHTTP2_HEADERS) && (flags & kEndStream) != 0;
  }
};

// "HEADERS 1 :status=200 x=y", "DATA 1 hello END", "RST_STREAM 1 CANCEL", "GOAWAY 1 NO_ERROR"…
inline std::string text_of(const Frame& f) {
  static constexpr const char* kNames[] = {"DATA",       "HEADERS",  "PRIORITY",
                                           "RST_STREAM", "SETTINGS", "PUSH",
                                           "PING",       "GOAWAY",   "WINDOW_UPDATE"};
  std::string text = f.type < 9 ? kNames[f.type] : "unknown";
  const auto code = [&](std::size_t at) { return std::string(nghttp2_http2_strerror(f.word(at))); };
  switch (f.type) {
    case NGHTTP2_DATA:
      text += " " + std::to_string(f.stream) + " " + f.payload;
      break;
    case NGHTTP2_HEADERS:
      text += " " + std::to_string(f.stream);
      for (const auto& [name, value] : f.fields) text += " " + name + "=" + value;
      break;
    case NGHTTP2_RST_STREAM:
      text += " " + std::to_string(f.stream) + " " + code(0);
      break;
    case NGHTTP2_GOAWAY:
      text += " " + std::to_string(f.word(0) & 0x7FFFFFFF) + " " + code(4);
      break;
    case NGHTTP2_WINDOW_UPDATE:
      text += " " + std::to_string(f.stream) + " " + std::to_string(f.word(0));
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

// Reads what one endpoint sent. CONTINUATION is put behind its HEADERS.
class FrameReader {
 public:
  FrameReader() { nghttp2_hd_inflate_new(&inflater_); }
  ~FrameReader() { nghttp2_hd_inflate_del(inflater_); }
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  [[nodiscard]] std::vector<Frame> read(std::string_view bytes) {
    rest_.append(bytes);
    std::vector<Frame> frames;
    for (;;) {
      if (rest_.size() < 9) return frames;
      Frame f;
      const auto at = [&](std::size_t i) -> unsigned {
        return static_cast<unsigned char>(rest_[i]);
      };
      const std::size_t size = at(0) * 65'536U + at(1) * 256U + at(2);
      if (rest_.size() < 9 + size) return frames;
      f.type = static_cast<int>(at(3));
      f.flags = static_cast<int>(at(4));
      f.stream = at(5) * 16'777'216U + at(6) * 65'536U + at(7) * 256U + at(8);
      f.payload = rest_.substr(9, size);
      rest_.erase(0, 9 + size);
      if (f.type == NGHTTP2_HEADERS) inflate(f);
      frames.push_back(std::move(f));
    }
  }

 private:
  void inflate(Frame& f) {
    auto* in = reinterpret_cast<std::uint8_t*>(f.payload.data());
    std::size_t left = f.payload.size();
    for (;;) {
      nghttp2_nv nv;
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &nv, &flags, in, left, 1);
      if (used < 0) return;
      in += used;
      left -= static_cast<std::size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        f.fields.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                              std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
  }

  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string rest_;
};

}  // namespace banyan::test
