#include "proxy/codec/http1_client_codec.h"

#include <utility>

#include "proxy/codec/head_parser.h"
#include "proxy/codec/head_writer.h"
#include "proxy/codec/scratch_head.h"
#include "proxy/codec/trailers.h"

namespace banyan::codec {
namespace {

constexpr HeaderIds kNeedConnectionOption{HeaderId::te, HeaderId::upgrade};

Error closed_by_upstream(ErrorCode code, Retry retry) {
  return Error{code, Side::upstream, retry, "connection closed"};
}

}  // namespace

Http1ClientCodec::Http1ClientCodec(ClientEvents& events, ByteSink& sink, const HeadLimits& limits)
    : events_(events), sink_(sink), limits_(limits) {}

// ---- Writing ----------------------------------------------------------------------------------

StreamId Http1ClientCodec::send_head(const RequestHead& head) {
  TextBuffer& out = head_scratch();
  append_request_line(out, head);
  append_fields(out, head.headers);
  upgrade_asked_ = false;
  if (head.headers.has_any(kNeedConnectionOption)) append_connection(head.headers, out);
  switch (head.framing) {
    case Framing::chunked:
    case Framing::until_close:
      out.append("Transfer-Encoding: chunked\r\n");
      writer_.begin(BodyMode::chunked);
      break;
    case Framing::content_length:
      append_content_length(out, head.content_length);
      writer_.begin(BodyMode::counted, head.content_length);
      break;
    case Framing::none:
      writer_.begin(BodyMode::dropped);
      break;
  }
  append_end(out);
  method_ = head.method;
  if (read_ != Read::broken) read_ = Read::head;
  informational_ = 0;
  request_ended_ = false;
  response_begun_ = false;
  sink_.copy(out.view());
  return ++stream_;
}

// RFC 9110 §10.1.4, §7.8.
void Http1ClientCodec::append_connection(const Headers& headers, TextBuffer& out) {
  upgrade_asked_ = headers.has(HeaderId::upgrade);
  const bool te = headers.has(HeaderId::te);
  out.append(te && upgrade_asked_ ? "Connection: TE, upgrade\r\n"
             : te                 ? "Connection: TE\r\n"
                                  : "Connection: upgrade\r\n");
  // Where the answer is another one, nobody can know what else on the way took it for a tunnel.
  if (upgrade_asked_) keep_alive_ = false;
}

void Http1ClientCodec::send_body(StreamId stream, Bytes bytes) {
  if (stream == stream_ && !request_ended_) writer_.write(sink_, bytes);
}

void Http1ClientCodec::send_trailers(StreamId stream, const Headers& trailers) {
  if (stream == stream_ && !request_ended_) writer_.write_trailers(sink_, trailers);
}

void Http1ClientCodec::send_end(StreamId stream) {
  if (stream != stream_ || request_ended_) return;
  request_ended_ = true;
  if (!writer_.end(sink_)) keep_alive_ = false;
}

// ---- Reading ----------------------------------------------------------------------------------

void Http1ClientCodec::feed(Bytes bytes) {
  while (!bytes.empty()) {
    switch (read_) {
      case Read::idle:
        read_ = Read::broken;
        return;
      case Read::head:
        read_head(bytes);
        break;
      case Read::body:
        read_body(bytes);
        break;
      case Read::tunnel:
        return events_.on_response_body(stream_, bytes);
      case Read::broken:
        return;
    }
  }
}

void Http1ClientCodec::feed_eof() {
  switch (std::exchange(read_, Read::broken)) {
    case Read::idle:
    case Read::broken:
      return;
    case Read::head: {
      const bool reused = stream_ > 1;
      const Retry retry = reused && !response_begun_ ? Retry::if_repeatable : Retry::unsafe;
      return fail(closed_by_upstream(ErrorCode::upstream_reset, retry));
    }
    case Read::body:
      if (until_close_) return events_.on_response_end(stream_);
      return fail(closed_by_upstream(ErrorCode::upstream_cut_off, Retry::unsafe));
    case Read::tunnel:
      return events_.on_response_end(stream_);
  }
}

bool Http1ClientCodec::reusable() const {
  return read_ == Read::idle && request_ended_ && keep_alive_;
}

void Http1ClientCodec::read_head(Bytes& in) {
  response_begun_ = true;
  ScratchHead<ResponseHead> head;
  if (section_.untouched()) {
    if (const Result<std::size_t> size = parse_response_head(in, limits_, method_, *head)) {
      in.remove_prefix(*size);
      return take_response(*head, !in.empty());
    }
    head->clear();
  }
  read_head_by_lines(in, *head);
}

// One that came in pieces, or that something is wrong with.
void Http1ClientCodec::read_head_by_lines(Bytes& in, ResponseHead& head) {
  Bytes section;
  switch (section_.take(in, response_scan_limits(limits_), section)) {
    case HeadBuffer::Step::incomplete:
      return;
    case HeadBuffer::Step::refused:
      return fail(response_error(to_string(section_.fault())));
    case HeadBuffer::Step::complete:
      break;
  }
  Result<std::size_t> parsed = parse_response_head(section, limits_, method_, head);
  section_.reset();
  if (!parsed) return fail(std::move(parsed.error()));
  take_response(head, !in.empty());
}

void Http1ClientCodec::take_response(ResponseHead& head, bool more_follows) {
  if (head.status < 200) return take_informational(head);
  keep_alive_ = keep_alive_ && head.keep_alive;
  until_close_ = head.framing == Framing::until_close;
  const bool empty = head.framing == Framing::content_length && head.content_length == 0;
  const StreamId stream = stream_;
  if (head.framing != Framing::none && !empty) {
    read_ = Read::body;
    body_.begin(head.framing, head.content_length.value_or(0));
    trailers_pass_ = head.framing == Framing::chunked && trailers_may_pass(head.headers);
    return events_.on_response(stream, head);
  }
  events_.on_response(stream, head);
  end_response(more_follows);
}

void Http1ClientCodec::take_informational(ResponseHead& head) {
  if (head.status == 101) return take_switch(head);
  if (++informational_ > kInformationalMax) return fail(response_error("too many 1xx"));
  events_.on_informational(stream_, head);
}

void Http1ClientCodec::take_switch(ResponseHead& head) {
  if (!upgrade_asked_ || !request_ended_) return fail(response_error("101 without an upgrade"));
  read_ = Read::tunnel;
  request_ended_ = false;
  writer_.begin(BodyMode::raw);
  events_.on_response(stream_, head);
}

void Http1ClientCodec::read_body(Bytes& in) {
  Result<BodyStep> step = body_.read(in, section_, limits_, *this);
  if (!step) return fail(response_error(step.error().detail));
  if (*step == BodyStep::end) end_response(!in.empty());
}

void Http1ClientCodec::end_response(bool more_follows) {
  read_ = more_follows ? Read::broken : Read::idle;
  events_.on_response_end(stream_);
}

void Http1ClientCodec::on_payload(Bytes bytes) { events_.on_response_body(stream_, bytes); }

void Http1ClientCodec::on_trailers(const Headers& trailers) {
  if (trailers_pass_) events_.on_response_trailers(stream_, trailers);
}

void Http1ClientCodec::fail(Error error) {
  section_.reset();
  read_ = Read::broken;
  events_.on_response_error(stream_, std::move(error));
}

}  // namespace banyan::codec
