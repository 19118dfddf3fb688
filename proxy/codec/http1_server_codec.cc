#include "proxy/codec/http1_server_codec.h"

#include <utility>

#include "proxy/codec/framing.h"
#include "proxy/codec/head_parser.h"
#include "proxy/codec/head_writer.h"
#include "proxy/codec/scratch_head.h"
#include "proxy/codec/trailers.h"

namespace banyan::codec {
namespace {

Error client_closed() {
  return Error{ErrorCode::client_closed, Side::downstream, Retry::unsafe, "cut off"};
}

}  // namespace

Http1ServerCodec::Http1ServerCodec(ServerEvents& events, ByteSink& sink, const HeadLimits& limits)
    : events_(events), sink_(sink), limits_(limits) {}

// ---- Reading ----------------------------------------------------------------------------------

std::size_t Http1ServerCodec::feed(Bytes bytes) {
  const std::size_t size = bytes.size();
  while (!bytes.empty() && read_ != Read::held) {
    switch (read_) {
      case Read::head:
        read_head(bytes);
        break;
      case Read::body:
        read_body(bytes);
        break;
      case Read::held:
        break;
      case Read::tunnel:
        events_.on_request_body(stream_, bytes);
        return size;
      case Read::dropping:
        return size;
    }
  }
  return read_ == Read::dropping ? size : size - bytes.size();
}

void Http1ServerCodec::feed_eof() {
  if (read_ == Read::tunnel) return events_.on_request_end(stream_);
  if (read_ == Read::body || in_head()) refuse(client_closed());
}

void Http1ServerCodec::refuse(Error error) {
  if (read_ != Read::head && read_ != Read::body) return;
  ScratchHead<RequestHead> nothing;
  fail(*nothing, std::move(error));
}

bool Http1ServerCodec::in_head() const { return read_ == Read::head && section_.begun(); }

void Http1ServerCodec::read_head(Bytes& in) {
  ScratchHead<RequestHead> head;
  if (section_.untouched()) {
    if (const Result<std::size_t> size = parse_request_head(in, limits_, *head)) {
      in.remove_prefix(*size);
      return take_request(*head);
    }
    head->clear();
  }
  read_head_by_lines(in, *head);
}

// One that came in pieces, or that something is wrong with.
void Http1ServerCodec::read_head_by_lines(Bytes& in, RequestHead& head) {
  Bytes section;
  switch (section_.take(in, request_scan_limits(limits_), section)) {
    case HeadBuffer::Step::incomplete:
      return;
    case HeadBuffer::Step::refused:
      return refuse(request_error(section_.fault()));
    case HeadBuffer::Step::complete:
      break;
  }
  Result<std::size_t> parsed = parse_request_head(section, limits_, head);
  section_.reset();
  if (!parsed) return fail(head, std::move(parsed.error()));
  take_request(head);
}

void Http1ServerCodec::take_request(RequestHead& head) {
  method_ = head.method;
  version_ = head.version;
  keep_alive_ = head.keep_alive;
  write_ = Write::pending;
  const StreamId stream = ++stream_;
  const bool has_body = head.has_body();
  read_ = has_body ? Read::body : Read::held;
  if (has_body) {
    body_.begin(head.framing, head.content_length);
    trailers_pass_ = head.framing == Framing::chunked && trailers_may_pass(head.headers);
  }
  events_.on_request(stream, head);
  const bool answered = stream_ != stream || write_ == Write::none;
  if (!has_body && !answered) events_.on_request_end(stream);
}

void Http1ServerCodec::read_body(Bytes& in) {
  Result<BodyStep> step = body_.read(in, section_, limits_, *this);
  if (read_ != Read::body) return;  // answered by a handler, in the middle of it
  if (!step) return refuse(std::move(step.error()));
  if (*step == BodyStep::more) return;
  read_ = Read::held;
  events_.on_request_end(stream_);
}

void Http1ServerCodec::on_payload(Bytes bytes) {
  if (read_ == Read::body) events_.on_request_body(stream_, bytes);
}

void Http1ServerCodec::on_trailers(const Headers& trailers) {
  if (read_ == Read::body && trailers_pass_) events_.on_request_trailers(stream_, trailers);
}

void Http1ServerCodec::fail(const RequestHead& head, Error error) {
  const bool has_stream = read_ == Read::body;
  if (!has_stream) {
    ++stream_;
    write_ = Write::pending;
    method_ = head.method;
    version_ = head.version;
  }
  section_.reset();
  read_ = Read::dropping;
  keep_alive_ = false;
  events_.on_request_error(stream_, head, std::move(error));
}

// ---- Writing ----------------------------------------------------------------------------------

bool Http1ServerCodec::may_write(StreamId stream, Write state) const {
  return stream == stream_ && write_ == state;
}

void Http1ServerCodec::send_informational(StreamId stream, const ResponseHead& head) {
  if (!may_write(stream, Write::pending) || version_ == HttpVersion::http10) return;
  TextBuffer& out = head_scratch();
  append_status_line(out, head);
  append_fields(out, head.headers);
  append_end(out);
  sink_.copy(out.view());
}

void Http1ServerCodec::send_head(StreamId stream, const ResponseHead& head) {
  if (!may_write(stream, Write::pending)) return;
  // Answered before its end: the rest is not waited for, and the client is told (RFC 9112 §9.6).
  if (read_ == Read::body) keep_alive_ = false;
  TextBuffer& out = head_scratch();
  append_status_line(out, head);
  append_fields(out, head.headers);
  begin_body(head, out);
  append_connection(out);
  append_end(out);
  write_ = Write::body;
  sink_.copy(out.view());
}

void Http1ServerCodec::switch_protocols(StreamId stream, const ResponseHead& head) {
  if (!may_write(stream, Write::pending) || read_ != Read::held) return;
  TextBuffer& out = head_scratch();
  append_status_line(out, head);
  append_fields(out, head.headers);
  out.append("Connection: upgrade\r\n");
  append_end(out);
  writer_.begin(BodyMode::raw);
  read_ = Read::tunnel;
  write_ = Write::body;
  closing_ = true;
  sink_.copy(out.view());
}

void Http1ServerCodec::begin_body(const ResponseHead& head, TextBuffer& out) {
  const bool unlimited = head.framing == Framing::chunked || head.framing == Framing::until_close;
  if (is_bodyless(method_, head.status)) {
    // RFC 9110 §8.6: the length that a GET would have had, and none with 204.
    if (head.content_length && head.status != 204) append_content_length(out, *head.content_length);
    return writer_.begin(BodyMode::dropped);
  }
  if (!unlimited) {
    const bool has_body = head.framing == Framing::content_length;
    const std::uint64_t length = has_body ? head.content_length.value_or(0) : 0;
    append_content_length(out, length);
    return writer_.begin(BodyMode::counted, length);
  }
  if (version_ == HttpVersion::http10) {
    keep_alive_ = false;
    return writer_.begin(BodyMode::raw);
  }
  out.append("Transfer-Encoding: chunked\r\n");
  writer_.begin(BodyMode::chunked);
}

void Http1ServerCodec::append_connection(TextBuffer& out) const {
  if (!keep_alive_ || draining_) {
    out.append("Connection: close\r\n");
  } else if (version_ == HttpVersion::http10) {
    out.append("Connection: keep-alive\r\n");
  }
}

void Http1ServerCodec::send_body(StreamId stream, Bytes bytes) {
  if (may_write(stream, Write::body)) writer_.write(sink_, bytes);
}

void Http1ServerCodec::send_trailers(StreamId stream, const Headers& trailers) {
  if (may_write(stream, Write::body)) writer_.write_trailers(sink_, trailers);
}

void Http1ServerCodec::send_end(StreamId stream) {
  if (!may_write(stream, Write::body)) return;
  const bool as_promised = writer_.end(sink_);
  const bool request_read = read_ == Read::held;
  write_ = Write::none;
  closing_ = !as_promised || !request_read || !keep_alive_ || draining_;
  read_ = closing_ ? Read::dropping : Read::head;
}

}  // namespace banyan::codec
