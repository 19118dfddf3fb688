// proxy/codec/body_writer.h: payload to bytes, framed as the head before it said.
//
//   begin -> write* -> trailers? -> end
//
// Small pieces are copied, so that they leave in one write with the head before them; larger ones
// are borrowed. More than a Content-Length promised is never written.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/headers.h"

namespace banyan::codec {

inline constexpr std::size_t kCopiedPayloadMax = std::size_t{4} * 1024;

enum class BodyMode : std::uint8_t {
  dropped,  // a message without a body: whatever is written goes nowhere
  counted,  // Content-Length
  chunked,
  trailed,  // chunked, and the trailers were written
  raw,      // until the connection closes
};

class BodyWriter {
 public:
  // `length` is for `counted` only.
  void begin(BodyMode mode, std::uint64_t length = 0);
  void write(ByteSink& sink, Bytes bytes);
  // Once at most, after all payload. Nothing where the message is not chunked.
  void write_trailers(ByteSink& sink, const Headers& trailers);
  // False where the body was not as long as promised: the reader of it is out of step.
  [[nodiscard]] bool end(ByteSink& sink);

  [[nodiscard]] BodyMode mode() const { return mode_; }

 private:
  std::uint64_t left_ = 0;  // counted: still to come
  BodyMode mode_ = BodyMode::dropped;
  bool overrun_ = false;  // counted: more came than was promised
};

}  // namespace banyan::codec
