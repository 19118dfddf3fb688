// proxy/codec/body_reader.h: the body of a message behind its head: payload out of its framing.
//
// A counted body and one that ends with the connection need no parser; what frames a chunked one is
// read by llhttp (docs/adr/0003-llhttp.md). Payload is passed on as spans of the caller's bytes,
// never copied. The trailer section is collected, checked, and told without the fields that do not
// belong there. What frames a chunked body is bounded: each chunk may have kChunkFrameBytesFree
// bytes around it, and all that chunks have above that, together, kChunkFrameBytesMax; so neither
// long extensions nor zeros before a size go on for ever, and a long stream of small chunks does.
#pragma once

#include <llhttp.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/result.h"
#include "proxy/codec/codec.h"
#include "proxy/codec/head_buffer.h"

namespace banyan::codec {

inline constexpr std::uint32_t kChunkFrameBytesFree = 32;
inline constexpr std::uint32_t kChunkFrameBytesMax = 16 * 1024;

class PayloadSink {
 public:
  virtual void on_payload(Bytes bytes) = 0;
  // Right before `end`; never empty.
  virtual void on_trailers(const Headers& trailers) = 0;

 protected:
  ~PayloadSink() = default;
};

enum class BodyStep : std::uint8_t { more, end };

class BodyReader {
 public:
  // After the head of each message that has a body. `length` is for Framing::content_length and
  // not 0.
  void begin(Framing framing, std::uint64_t length);
  // Takes bytes of this message off the front of `in`, all of them unless the message ends. An
  // error says bad_framing and ends the connection. `section` is where trailers are collected and
  // belongs to this reader from begin() to `end`.
  [[nodiscard]] Result<BodyStep> read(Bytes& in, HeadBuffer& section, const HeadLimits& limits,
                                      PayloadSink& sink);

 private:
  struct Walk;
  [[nodiscard]] static int on_payload(llhttp_t* parser, const char* at, std::size_t size);
  [[nodiscard]] static int on_chunk(llhttp_t* parser);
  [[nodiscard]] static const llhttp_settings_t& settings();

  [[nodiscard]] BodyStep read_counted(Bytes& in, PayloadSink& sink);
  [[nodiscard]] Result<BodyStep> read_chunked(Bytes& in, HeadBuffer& section,
                                              const HeadLimits& limits, PayloadSink& sink);
  [[nodiscard]] Result<BodyStep> read_chunks(Bytes& in, PayloadSink& sink);
  [[nodiscard]] Result<BodyStep> read_trailers(Bytes& in, HeadBuffer& section,
                                               const HeadLimits& limits, PayloadSink& sink);
  [[nodiscard]] Result<BodyStep> end_with(Bytes section, PayloadSink& sink);

  llhttp_t parser_;         // of a chunked body, else left as it is
  std::uint64_t left_ = 0;  // of a counted body
  Framing framing_ = Framing::none;
  std::uint32_t frame_bytes_ = 0;  // around chunks, above what is free
  bool chunk_began_ = false;       // and none of its payload was seen
  bool in_trailers_ = false;
};

}  // namespace banyan::codec
