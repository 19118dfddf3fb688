// proxy/codec/http1_server_codec.h: HTTP/1.0 and 1.1 towards a client (RFC 9112).
//
// One request at a time: after a whole request nothing more is read until send_end() of its
// response.
//
//   reading   head -> body -> held -> head …     an error, or the end of the last response:
//                               \-> tunnel      dropping
//   writing   none -> pending -> body -> none …
//
// Beyond the contract of codec.h:
// - send_end() ends the stream. Where it comes before the request was read to its end, no event
//   of that stream follows. A response that begins before that end says `Connection: close`, and
//   must_close() holds after it.
// - An error has no reader for what follows: its response says `Connection: close`.
// - feed_eof() under a whole request is no event and changes nothing: the caller closes when the
//   response is sent and it holds no more bytes of the client.
// An idle codec owns no memory besides itself.
#pragma once

#include "proxy/codec/body_reader.h"
#include "proxy/codec/body_writer.h"
#include "proxy/codec/codec.h"
#include "proxy/codec/head_buffer.h"

namespace banyan::codec {

class Http1ServerCodec final : public ServerCodec, private PayloadSink {
 public:
  // All three outlive the codec, except that `limits` is copied.
  Http1ServerCodec(ServerEvents& events, ByteSink& sink, const HeadLimits& limits);

  [[nodiscard]] std::size_t feed(Bytes bytes) override;
  void feed_eof() override;
  void refuse(Error error) override;
  void send_informational(StreamId stream, const ResponseHead& head) override;
  void send_head(StreamId stream, const ResponseHead& head) override;
  void send_body(StreamId stream, Bytes bytes) override;
  void send_trailers(StreamId stream, const Headers& trailers) override;
  void send_end(StreamId stream) override;
  void start_drain() override { draining_ = true; }
  [[nodiscard]] bool in_head() const override;
  [[nodiscard]] bool must_close() const override { return closing_; }
  // Answers with this 101, whose Upgrade is among its fields, in the place of send_head(). From now
  // on bytes pass as they are: what is fed is the request's body, feed_eof() its end, and the
  // connection carries no other request.
  void switch_protocols(StreamId stream, const ResponseHead& head);

 private:
  enum class Read : std::uint8_t { head, body, held, tunnel, dropping };
  enum class Write : std::uint8_t { none, pending, body };

  void read_head(Bytes& in);
  void read_head_by_lines(Bytes& in, RequestHead& head);
  void take_request(RequestHead& head);
  void read_body(Bytes& in);
  void end_request();
  void fail(const RequestHead& head, Error error);
  void on_payload(Bytes bytes) override;
  void on_trailers(const Headers& trailers) override;

  [[nodiscard]] bool may_write(StreamId stream, Write state) const;
  void begin_body(const ResponseHead& head, TextBuffer& out);
  void append_connection(TextBuffer& out) const;

  ServerEvents& events_;
  ByteSink& sink_;
  const HeadLimits limits_;
  BodyReader body_;
  HeadBuffer section_;  // the head, later the trailers
  BodyWriter writer_;
  StreamId stream_ = 0;
  Read read_ = Read::head;
  Write write_ = Write::none;
  Method method_ = Method::get;  // of the request under way, as is the version
  HttpVersion version_ = HttpVersion::http11;
  bool keep_alive_ = true;
  bool trailers_pass_ = false;  // of the request
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace banyan::codec
