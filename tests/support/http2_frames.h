// tests/support/http2_frames.h: HTTP/2 frames written and read by hand (RFC 9113 §4.1), so that a
// test can say what no library would.
//
// Field sections are literals without indexing and without Huffman coding (RFC 7541 §6.2.2).
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace banyan::test::http2 {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum Type : std::uint8_t {
  kData,
  kHeaders,
  kPriority,
  kRstStream,
  kSettings,
  kPushPromise,
  kPing,
  kGoaway,
  kWindowUpdate,
  kContinuation
};
enum Flag : std::uint8_t { kNone = 0, kAck = 1, kEndStream = 1, kEndHeaders = 4 };
enum Setting : std::uint16_t {
  kHeaderTableSize = 1,
  kEnablePush,
  kMaxConcurrentStreams,
  kInitialWindowSize,
  kMaxFrameSize,
  kMaxHeaderListSize
};
// RFC 9113 §7.
enum Code : std::uint32_t {
  kNoError,
  kProtocolError,
  kInternalError,
  kFlowControlError,
  kSettingsTimeout,
  kStreamClosed,
  kFrameSizeError,
  kRefusedStream,
  kCancel,
  kCompressionError,
  kConnectError,
  kEnhanceYourCalm
};

inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

inline std::string frame(Type type, int flags, std::uint32_t stream, std::string_view payload) {
  return number(payload.size(), 3) + number(type, 1) + number(static_cast<unsigned>(flags), 1) +
         number(stream, 4) + std::string(payload);
}

inline std::string settings(std::initializer_list<std::pair<Setting, std::uint32_t>> values = {}) {
  std::string payload;
  for (const auto& [name, value] : values) payload += number(name, 2) + number(value, 4);
  return frame(kSettings, kNone, 0, payload);
}
inline std::string settings_ack() { return frame(kSettings, kAck, 0, ""); }
inline std::string ping(std::string_view eight = "12345678") {
  return frame(kPing, kNone, 0, eight);
}
inline std::string goaway(std::uint32_t last_stream, Code code = kNoError) {
  return frame(kGoaway, kNone, 0, number(last_stream, 4) + number(code, 4));
}
inline std::string rst_stream(std::uint32_t stream, Code code) {
  return frame(kRstStream, kNone, stream, number(code, 4));
}
inline std::string window_update(std::uint32_t stream, std::uint32_t size) {
  return frame(kWindowUpdate, kNone, stream, number(size, 4));
}
inline std::string data(std::uint32_t stream, std::string_view bytes, int flags = kNone) {
  return frame(kData, flags, stream, bytes);
}

// RFC 7541 §5.1, of a string without Huffman coding (§5.2).
inline std::string literal(std::string_view text) {
  std::string coded;
  std::size_t size = text.size();
  if (size < 127) {
    coded.push_back(static_cast<char>(size));
  } else {
    coded.push_back(127);
    for (size -= 127; size >= 128; size /= 128)
      coded.push_back(static_cast<char>(size % 128 | 128));
    coded.push_back(static_cast<char>(size));
  }
  return coded.append(text);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::string section(const Fields& fields) {
  std::string coded;
  for (const auto& [name, value] : fields) coded += '\0' + literal(name) + literal(value);
  return coded;
}
inline std::string headers(std::uint32_t stream, const Fields& fields, int flags = kNone) {
  return frame(kHeaders, flags | kEndHeaders, stream, section(fields));
}

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;

  [[nodiscard]] bool ends_stream() const { return (flags & kEndStream) != 0; }
  [[nodiscard]] std::uint32_t code() const { return number_at(type == kGoaway ? 4 : 0); }
  [[nodiscard]] std::uint32_t number_at(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4 && i < payload.size(); ++i) {
      value = value << 8U | static_cast<std::uint8_t>(payload[i]);
    }
    return value;
  }
};

// What one side said: whole frames, in order, and the fields of its sections.
class Reader {
 public:
  Reader() { EXPECT_EQ(nghttp2_hd_inflate_new(&inflater_), 0); }
  ~Reader() { nghttp2_hd_inflate_del(inflater_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // A client's preface is passed over.
  std::vector<Frame> read(std::string_view bytes) {
    rest_.append(bytes);
    if (rest_.starts_with(kPreface)) rest_.erase(0, kPreface.size());
    std::vector<Frame> frames;
    while (rest_.size() >= kHeadSize) {
      const std::size_t size = byte(0) << 16U | byte(1) << 8U | byte(2);
      if (rest_.size() < kHeadSize + size) break;
      Frame made{static_cast<std::uint8_t>(rest_[3]), static_cast<std::uint8_t>(rest_[4]), 0,
                 rest_.substr(kHeadSize, size)};
      made.stream =
          static_cast<std::uint32_t>(byte(5) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8));
      rest_.erase(0, kHeadSize + size);
      frames.push_back(std::move(made));
    }
    return frames;
  }

  // Of a HEADERS frame that is whole and has no priority; in the order in which they came.
  Fields fields(const Frame& of) {
    Fields fields;
    auto* at = reinterpret_cast<const std::uint8_t*>(of.payload.data());
    const auto* const end = at + of.payload.size();
    for (;;) {
      nghttp2_nv field;
      int flags = 0;
      const ssize_t n = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at,
                                               static_cast<std::size_t>(end - at), 1);
      EXPECT_GE(n, 0);
      if (n < 0) break;
      at += n;
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        fields.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                            std::string(reinterpret_cast<char*>(field.value), field.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return fields;
  }

 private:
  static constexpr std::size_t kHeadSize = 9;
  [[nodiscard]] std::size_t byte(std::size_t at) const {
    return static_cast<std::uint8_t>(rest_[at]);
  }

  std::string rest_;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace banyan::test::http2
