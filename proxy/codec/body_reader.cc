#include "proxy/codec/body_reader.h"

#include <algorithm>
#include <utility>

#include "proxy/codec/scratch_head.h"
#include "proxy/codec/trailers.h"

namespace banyan::codec {
namespace {

Failure bad_framing(std::string_view detail) {
  return Failure(
      Error{ErrorCode::bad_framing, Side::downstream, Retry::unsafe, std::string(detail)});
}

int pause(llhttp_t*) { return HPE_PAUSED; }

struct TrailerBuild {
  Headers& kept;
  Bytes name = {};
  Bytes value = {};
};

int on_trailer_name(llhttp_t* parser, const char* at, std::size_t size) {
  auto& build = *static_cast<TrailerBuild*>(parser->data);
  build.name = {at, size};
  build.value = {};
  return trailer_use(build.name) == TrailerUse::refuse ? -1 : 0;
}

int on_trailer_value(llhttp_t* parser, const char* at, std::size_t size) {
  static_cast<TrailerBuild*>(parser->data)->value = {at, size};
  return 0;
}

int on_trailer(llhttp_t* parser) {
  auto& build = *static_cast<TrailerBuild*>(parser->data);
  if (trailer_use(build.name) != TrailerUse::forward) return 0;
  const std::size_t last = build.value.find_last_not_of(" \t");
  build.kept.add(build.name, build.value.substr(0, last + 1));
  return 0;
}

constexpr llhttp_settings_t make_trailer_settings() {
  llhttp_settings_t s{};
  s.on_header_field = on_trailer_name;
  s.on_header_value = on_trailer_value;
  s.on_header_value_complete = on_trailer;
  s.on_message_complete = pause;
  return s;
}
constexpr llhttp_settings_t kTrailerSettings = make_trailer_settings();

void use(llhttp_t& parser, const llhttp_settings_t& settings, void* data) {
  parser.settings = const_cast<llhttp_settings_t*>(&settings);  // llhttp only reads it
  parser.data = data;
}

// llhttp reads a body only behind a head. Ours was read and judged by then; this one says the same
// of the body and nothing else.
void begin_chunks(llhttp_t& parser) {
  static constexpr llhttp_settings_t kNoEvents{};
  static constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  llhttp_init(&parser, HTTP_REQUEST, &kNoEvents);
  (void)llhttp_execute(&parser, kHead.data(), kHead.size());
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
    return s;
  }();
  return kSettings;
}

void BodyReader::begin(Framing framing, std::uint64_t length) {
  framing_ = framing;
  left_ = length;
  if (framing == Framing::chunked) begin_chunks(parser_);
  frame_bytes_ = 0;
  chunk_began_ = false;
  in_trailers_ = false;
}

Result<BodyStep> BodyReader::read(Bytes& in, HeadBuffer& section, const HeadLimits& limits,
                                  PayloadSink& sink) {
  if (framing_ == Framing::chunked) return read_chunked(in, section, limits, sink);
  if (framing_ == Framing::content_length) return read_counted(in, sink);
  sink.on_payload(std::exchange(in, {}));
  return BodyStep::more;
}

BodyStep BodyReader::read_counted(Bytes& in, PayloadSink& sink) {
  const Bytes payload = in.substr(0, left_);
  in.remove_prefix(payload.size());
  left_ -= payload.size();
  if (!payload.empty()) sink.on_payload(payload);
  return left_ == 0 ? BodyStep::end : BodyStep::more;
}

Result<BodyStep> BodyReader::read_chunked(Bytes& in, HeadBuffer& section, const HeadLimits& limits,
                                          PayloadSink& sink) {
  if (!in_trailers_) {
    Result<BodyStep> step = read_chunks(in, sink);
    if (!step || !in_trailers_) return step;
    section.reset();
  }
  return read_trailers(in, section, limits, sink);
}

Result<BodyStep> BodyReader::read_chunks(Bytes& in, PayloadSink& sink) {
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
  return BodyStep::more;
}

Result<BodyStep> BodyReader::read_trailers(Bytes& in, HeadBuffer& section, const HeadLimits& limits,
                                           PayloadSink& sink) {
  Bytes trailers;
  switch (section.take(in, trailer_scan_limits(limits), trailers)) {
    case HeadBuffer::Step::incomplete:
      return BodyStep::more;
    case HeadBuffer::Step::refused:
      return bad_framing(to_string(section.fault()));
    case HeadBuffer::Step::complete:
      break;
  }
  Result<BodyStep> step = end_with(trailers, sink);
  section.reset();
  return step;
}

Result<BodyStep> BodyReader::end_with(Bytes section, PayloadSink& sink) {
  ScratchHead<ResponseHead> scratch;
  TrailerBuild build{scratch->headers};
  use(parser_, kTrailerSettings, &build);
  llhttp_resume(&parser_);
  const llhttp_errno_t result = llhttp_execute(&parser_, section.data(), section.size());
  parser_.data = nullptr;
  if (result == HPE_PAUSED && !build.kept.empty()) sink.on_trailers(build.kept);
  if (result != HPE_PAUSED) return bad_framing("trailer section");
  return BodyStep::end;
}

}  // namespace banyan::codec
