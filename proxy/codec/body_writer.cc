#include "proxy/codec/body_writer.h"

#include <array>
#include <charconv>

#include "proxy/codec/head_writer.h"

namespace banyan::codec {
namespace {

void put(ByteSink& sink, Bytes bytes) {
  if (bytes.size() <= kCopiedPayloadMax) {
    sink.copy(bytes);
  } else {
    sink.borrow(bytes);
  }
}

void put_chunk(ByteSink& sink, Bytes bytes) {
  std::array<char, 18> line;  // 16 hexadecimal digits and CRLF
  char* end = std::to_chars(line.data(), line.data() + 16, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  sink.copy({line.data(), static_cast<std::size_t>(end - line.data())});
  put(sink, bytes);
  sink.copy("\r\n");
}

}  // namespace

void BodyWriter::begin(BodyMode mode, std::uint64_t length) {
  mode_ = mode;
  left_ = length;
  overrun_ = false;
}

void BodyWriter::write(ByteSink& sink, Bytes bytes) {
  if (bytes.empty() || mode_ == BodyMode::dropped || mode_ == BodyMode::trailed) return;
  if (mode_ == BodyMode::chunked) return put_chunk(sink, bytes);
  if (mode_ == BodyMode::counted) {
    overrun_ = overrun_ || bytes.size() > left_;
    bytes = bytes.substr(0, left_);
    left_ -= bytes.size();
    if (bytes.empty()) return;
  }
  put(sink, bytes);
}

void BodyWriter::write_trailers(ByteSink& sink, const Headers& trailers) {
  if (mode_ != BodyMode::chunked) return;
  TextBuffer& out = head_scratch();
  out.append("0\r\n");
  append_fields(out, trailers);
  sink.copy(out.view());
  mode_ = BodyMode::trailed;
}

bool BodyWriter::end(ByteSink& sink) {
  if (mode_ == BodyMode::chunked) sink.copy("0\r\n\r\n");
  if (mode_ == BodyMode::trailed) sink.copy("\r\n");
  const bool as_promised = mode_ != BodyMode::counted || (left_ == 0 && !overrun_);
  mode_ = BodyMode::dropped;
  return as_promised;
}

}  // namespace banyan::codec
