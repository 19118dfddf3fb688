// proxy/codec/http1_client_codec.h: HTTP/1.1 towards an upstream (RFC 9112), one exchange at a
// time.
//
//   idle -> head -> body -> idle …       an error, or bytes that nobody asked for: broken
//
// reusable() is already right inside on_response_end(): where more bytes than the response came
// with it, the connection is not to be used again. Stray bytes found later turn it false, too.
#pragma once

#include "proxy/codec/body_reader.h"
#include "proxy/codec/body_writer.h"
#include "proxy/codec/codec.h"
#include "proxy/codec/head_buffer.h"

namespace banyan::codec {

// Heads of 1xx before the response: more are upstream_malformed.
inline constexpr unsigned kInformationalMax = 32;

class Http1ClientCodec final : public ClientCodec, private PayloadSink {
 public:
  // All three outlive the codec, except that `limits` is copied.
  Http1ClientCodec(ClientEvents& events, ByteSink& sink, const HeadLimits& limits);

  StreamId send_head(const RequestHead& head) override;
  void send_body(StreamId stream, Bytes bytes) override;
  void send_trailers(StreamId stream, const Headers& trailers) override;
  void send_end(StreamId stream) override;
  void feed(Bytes bytes) override;
  void feed_eof() override;
  [[nodiscard]] bool reusable() const override;
  // A response byte of the open exchange was seen.
  [[nodiscard]] bool response_begun() const { return response_begun_; }

 private:
  enum class Read : std::uint8_t { idle, head, body, tunnel, broken };

  void read_head(Bytes& in);
  void read_head_by_lines(Bytes& in, ResponseHead& head);
  void take_response(ResponseHead& head, bool more_follows);
  void take_informational(ResponseHead& head);
  void take_switch(ResponseHead& head);
  void append_connection(const Headers& headers, TextBuffer& out);
  void read_body(Bytes& in);
  void end_response(bool more_follows);
  void fail(Error error);
  void on_payload(Bytes bytes) override;
  void on_trailers(const Headers& trailers) override;

  ClientEvents& events_;
  ByteSink& sink_;
  const HeadLimits limits_;
  BodyReader body_;
  HeadBuffer section_;  // the head, later the trailers
  BodyWriter writer_;
  StreamId stream_ = 0;
  Read read_ = Read::idle;
  Method method_ = Method::get;
  std::uint8_t informational_ = 0;
  bool request_ended_ = true;
  bool response_begun_ = false;
  bool keep_alive_ = true;
  bool until_close_ = false;
  bool upgrade_asked_ = false;
  bool trailers_pass_ = false;  // of the response
};

}  // namespace banyan::codec
