// proxy/codec/http2_server_codec.h: HTTP/2 towards a client (RFC 9113), many requests at a time.
//
//   reading of a stream    head -> body -> ended
//   writing of a stream    pending -> body -> ended        answered early: RST_STREAM(NO_ERROR)
//
// A stream is known from its request to on_stream_closed(). After send_end() or reset() no other
// event of it comes, and what is said of a stream that is not known is ignored: nobody can tell
// when the other end closes it. Beyond the contract of codec.h:
// - feed() consumes everything. What is fed begins with the client's preface.
// - What is sent waits for flush(), which the caller calls once before the loop iteration ends; so
//   a response leaves in as few frames as it can. Payload is borrowed until then.
// - A malformed request is answered, then its stream is reset (RFC 9113 §8.1.1).
// - Windows open when bytes were passed on: a paused stream gets no more than its window.
//
// What a client may cost without asking for anything is bounded by named limits below and in
// Http2ServerSettings; over one of them the connection ends with ENHANCE_YOUR_CALM.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/codec/codec.h"
#include "proxy/codec/http2_body_queue.h"
#include "proxy/codec/http2_fields.h"
#include "proxy/codec/http2_indexing.h"
#include "proxy/codec/http2_session.h"
#include "proxy/codec/token_bucket.h"

namespace banyan::codec {

// What every HTTP/2 client says first (RFC 9113 §3.4).
inline constexpr Bytes kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct Http2ServerSettings {
  HeadLimits head = {};
  std::uint32_t streams_max = 100;                // open at a time
  std::uint32_t stream_window = 256 * 1024;       // of a request body, before it is passed on
  std::uint32_t connection_window = 1024 * 1024;  // of all bodies together
  std::uint32_t reset_burst = 200;  // streams that the client may reset, and how many a second
  std::uint32_t reset_rate = 33;
  // Streams that a client makes us reset.
  std::uint32_t forced_reset_burst = 100;
  std::uint32_t forced_reset_rate = 10;
  // Frames that bring nothing further (SETTINGS, PING, PRIORITY, WINDOW_UPDATE, DATA without
  // payload): how many at first, and how many a second.
  std::uint32_t barren_burst = 1'000;
  std::uint32_t barren_rate = 50;
};

class Http2ServerEvents : public ServerEvents {
 public:
  // More of the response waits here than should / it may go on.
  virtual void on_response_blocked(StreamId stream) = 0;
  virtual void on_response_writable(StreamId stream) = 0;
  // Last of all: everything was sent, or one side has reset it.
  virtual void on_stream_closed(StreamId stream) = 0;

 protected:
  ~Http2ServerEvents() = default;
};

class Http2ServerCodec final : public ServerCodec {
 public:
  // Unsent payload of all streams together above which every one of them is blocked.
  static constexpr std::size_t kHeldMax = std::size_t{1024} * 1024;
  // Frames that bring nothing which one that does gives back.
  static constexpr double kBarrenPerUseful = 4;
  // Answers to PING and SETTINGS that wait for a client that does not read.
  static constexpr std::size_t kAnswersMax = 200;
  // Fields of one section that are decoded although it is refused already.
  static constexpr std::size_t kFieldsPassedOverMax = 1'000;

  // Both outlive the codec.
  Http2ServerCodec(Http2ServerEvents& events, ByteSink& sink, const Http2ServerSettings& settings);
  ~Http2ServerCodec() override;

  // Before feed(): what is bounded per second counts from here.
  void set_time(SteadyTime now);
  [[nodiscard]] std::size_t feed(Bytes bytes) override;
  void feed_eof() override;
  // A head that is still coming is answered with the error, then the connection ends with GOAWAY.
  void refuse(Error error) override;

  void send_informational(StreamId stream, const ResponseHead& head) override;
  void send_head(StreamId stream, const ResponseHead& head) override;
  // The same for a tunnel: the client's side goes on after send_end(), and ends by itself.
  void open_tunnel(StreamId stream, const ResponseHead& head);
  void send_body(StreamId stream, Bytes bytes) override;
  void send_trailers(StreamId stream, const Headers& trailers) override;
  void send_end(StreamId stream) override;
  // The client must see that the response is not whole.
  void reset(StreamId stream);
  void pause(StreamId stream);
  void resume(StreamId stream);

  // Hands everything that may go to the sink, unless that is blocked. Nothing is borrowed from the
  // callers of send_body() afterwards.
  void flush();
  void block(bool blocked) { blocked_ = blocked; }
  // Unsent payload of one response.
  [[nodiscard]] std::size_t unsent(StreamId stream) const;

  // GOAWAY that names no stream; the last one is named a round trip later (RFC 9113 §6.8).
  void start_drain() override;
  // The streams that are open are the last ones.
  void finish();
  [[nodiscard]] bool in_head() const override { return section_ != 0; }
  // Nothing is left to be read or said.
  [[nodiscard]] bool must_close() const override;
  [[nodiscard]] std::size_t streams() const { return open_.size(); }

 private:
  struct Stream;
  struct Callbacks;  // of nghttp2
  class Inside;

  [[nodiscard]] Stream* find(StreamId id) const;
  // Where an answer may still be given.
  [[nodiscard]] Stream* answering(StreamId id) const;
  Stream& add(StreamId id);

  void begin_section(StreamId id, bool is_request);
  void take_field(const Http2Field& field);
  void end_section(StreamId id, bool is_request, bool ended);
  void take_request(Stream& stream, bool ended);
  void take_trailers(Stream& stream, bool ended);
  void take_data(StreamId id, Bytes bytes);
  void end_request(StreamId id);
  void refuse_request(Stream& stream, Error error);
  void on_begin_frame(const nghttp2_frame_hd& frame);
  void on_barren_frame();
  void on_frame_sent(const nghttp2_frame& frame);
  void on_message_sent(std::int32_t id);
  void on_closed(StreamId id);
  void ask_for_round_trip();
  void on_ping_answered(Bytes opaque);

  std::ptrdiff_t read_body(Stream& stream, std::size_t size_max, std::uint32_t& flags);
  void send_data(Stream& stream, Bytes frame_head, std::size_t size);
  void give_window(Stream& stream);
  void let_go(Stream& stream);
  void tell_blocked(Stream& stream);
  void tell_writable();
  void fail_streams();
  void end_soon(std::uint32_t code);
  void end_connection(std::uint32_t code);

  Http2ServerEvents& events_;
  ByteSink& sink_;
  const HeadLimits limits_;
  Http2Session session_;
  std::vector<std::unique_ptr<Stream>> open_;
  std::vector<std::unique_ptr<Stream>> free_;
  // The field section that is being read: they never overlap on a connection (RFC 9113 §4.3).
  Http2RequestFields request_fields_;
  Http2TrailerFields trailer_fields_;
  RequestHead head_;
  Headers trailers_;
  FieldIndexing indexing_;  // of what is sent
  TokenBucket barren_;
  TokenBucket forced_resets_;
  std::size_t held_ = 0;  // unsent payload of all streams
  std::size_t passed_over_ = 0;
  StreamId section_ = 0;  // whose fields are being read; 0: nobody's
  bool section_is_request_ = false;
  bool blocked_ = false;
  bool some_blocked_ = false;
  bool inside_ = false;         // nghttp2, which must not be entered twice
  std::uint32_t end_code_ = 0;  // why the connection is to end, found inside nghttp2
  StreamId last_id_ = 0;        // that a request came by
  bool draining_ = false;
  bool finishing_ = false;
  bool failed_ = false;  // the session can not go on, not even to say so
};

}  // namespace banyan::codec
