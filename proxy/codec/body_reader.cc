#include "proxy/codec/body_reader.h"

#include <algorithm>

namespace banyan::codec {
namespace {

Failure bad_framing(std::string_view detail) {
  return Failure(
      Error{ErrorCode::bad_framing, Side::downstream, Retry::unsafe, std::string(detail)});
}

int pause(llhttp_t*) { return HPE_PAUSED; }

// Fields that say how a message is framed or routed came too late to be believed
// (RFC 9110 §6.5.1).
int on_trailer_name(llhttp_t*, const char* at, std::size_t size) {
  switch (header_id({at, size})) {
    case HeaderId::connection:
    case HeaderId::content_length:
    case HeaderId::host:
    case HeaderId::te:
    case HeaderId::trailer:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
      return -1;
    default:
      return 0;
  }
}

constexpr llhttp_settings_t make_trailer_settings() {
  llhttp_settings_t s{};
  s.on_header_field = on_trailer_name;
  s.on_message_complete = pause;
  return s;
}
constexpr llhttp_settings_t kTrailerSettings = make_trailer_settings();

void use(llhttp_t& parser, const llhttp_settings_t& settings, void* data) {
  parser.settings = const_cast<llhttp_settings_t*>(&settings);  // llhttp only reads it
  parser.data = data;
}

}  // namespace

// One call of read(): how far the frame bytes are counted.
struct BodyReader::Walk {
  BodyReader& reader;
  PayloadSink& sink;
  const char* counted_to;

  [[nodiscard]] bool count_to(const char* at) {
    constexpr std::uint32_t kMax = kChunkFrameBytesMax + kChunkFrameBytesFree;
    const auto size = static_cast<std::size_t>(at - counted_to);
    reader.frame_bytes_ += static_cast<std::uint32_t>(std::min<std::size_t>(size, kMax + 1));
    counted_to = at;
    return reader.frame_bytes_ <= kMax;
  }
};

int BodyReader::on_payload(llhttp_t* parser, const char* at, std::size_t size) {
  Walk& walk = *static_cast<Walk*>(parser->data);
  BodyReader& reader = walk.reader;
  if (!walk.count_to(at)) return -1;
  if (reader.chunk_began_) {
    reader.frame_bytes_ -= std::min(reader.frame_bytes_, kChunkFrameBytesFree);
    reader.chunk_began_ = false;
  }
  walk.counted_to = at + size;
  if (size > 0) walk.sink.on_payload({at, size});
  return 0;
}

int BodyReader::on_chunk(llhttp_t* parser) {
  BodyReader& reader = static_cast<Walk*>(parser->data)->reader;
  reader.chunk_began_ = true;
  reader.in_trailers_ = parser->content_length == 0;
  return reader.in_trailers_ ? HPE_PAUSED : 0;
}

const llhttp_settings_t& BodyReader::settings() {
  static constexpr llhttp_settings_t kSettings = [] {
    llhttp_settings_t s{};
    s.on_body = on_payload;
    s.on_chunk_header = on_chunk;
    s.on_message_complete = pause;
    return s;
  }();
  return kSettings;
}

void BodyReader::begin() {
  frame_bytes_ = 0;
  chunk_began_ = false;
  in_trailers_ = false;
}

Result<BodyStep> BodyReader::read(Bytes& in, HeadBuffer& section, const HeadLimits& limits,
                                  PayloadSink& sink) {
  if (!in_trailers_) {
    Result<BodyStep> step = read_payload(in, sink);
    if (!step || *step == BodyStep::end || !in_trailers_) return step;
    section.reset();
  }
  return read_trailers(in, section, limits);
}

Result<BodyStep> BodyReader::read_payload(Bytes& in, PayloadSink& sink) {
  Walk walk{*this, sink, in.data()};
  use(parser_, settings(), &walk);
  const llhttp_errno_t result = llhttp_execute(&parser_, in.data(), in.size());
  const char* at = result == HPE_PAUSED ? llhttp_get_error_pos(&parser_) : in.data() + in.size();
  const bool bounded = walk.count_to(at);
  parser_.data = nullptr;
  if (!bounded) return bad_framing("too much around chunks");
  if (result != HPE_OK && result != HPE_PAUSED) {
    return bad_framing(llhttp_get_error_reason(&parser_));
  }
  in.remove_prefix(static_cast<std::size_t>(at - in.data()));
  const bool ended = result == HPE_PAUSED && !in_trailers_;
  return ended ? BodyStep::end : BodyStep::more;
}

Result<BodyStep> BodyReader::read_trailers(Bytes& in, HeadBuffer& section,
                                           const HeadLimits& limits) {
  Bytes trailers;
  switch (section.take(in, trailer_scan_limits(limits), trailers)) {
    case HeadBuffer::Step::incomplete:
      return BodyStep::more;
    case HeadBuffer::Step::refused:
      return bad_framing(to_string(section.fault()));
    case HeadBuffer::Step::complete:
      break;
  }
  Result<BodyStep> step = end_with(trailers);
  section.reset();
  return step;
}

Result<BodyStep> BodyReader::end_with(Bytes section) {
  use(parser_, kTrailerSettings, nullptr);
  llhttp_resume(&parser_);
  const llhttp_errno_t result = llhttp_execute(&parser_, section.data(), section.size());
  if (result != HPE_PAUSED) return bad_framing("trailer section");
  return BodyStep::end;
}

}  // namespace banyan::codec
