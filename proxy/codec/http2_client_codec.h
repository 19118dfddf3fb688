// proxy/codec/http2_client_codec.h: HTTP/2 towards an upstream (RFC 9113), many exchanges at a
// time.
//
//   start -> settling -> settled -> leaving            failed() from any of them
//              the server's SETTINGS |  no stream begins any more: GOAWAY, or leave()
//
// A stream is known from send_head() until it is over on both sides, has failed, or is cancel()led.
// What is said of an unknown one is ignored: nobody can tell when the other end closes it.
// A request that the upstream did not process (RFC 9113 §8.7) is an error with
// Retry::unprocessed.
//
// What is said waits for flush(), so that a small request leaves in as few frames as it can, except
// for large payload, which is not to be copied. Where the sink is blocked frames wait on, the
// answers to an upstream that asks much and reads nothing among them, and are bounded. Events come
// from inside feed(), feed_eof(), fail(), flush() and block(), except that send_body() may say that
// its own stream is blocked, and that on_unflushed() comes from wherever something is said.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/codec/codec.h"
#include "proxy/codec/http2_body_queue.h"
#include "proxy/codec/http2_fields.h"
#include "proxy/codec/http2_indexing.h"
#include "proxy/codec/http2_session.h"

namespace banyan::codec {

class Http2ClientEvents : public ClientEvents {
 public:
  // More than Http2BodyQueue::kHeldHigh of the request body waits here / it may go on.
  virtual void on_request_blocked(StreamId stream) = 0;
  virtual void on_request_writable(StreamId stream) = 0;
  // Something waits for flush(), which is to come before the loop iteration ends.
  virtual void on_unflushed() = 0;

 protected:
  ~Http2ClientEvents() = default;
};

class Http2ClientCodec final : public ClientCodec {
 public:
  // Bytes of a response that may come before the last ones were taken, and of all together.
  static constexpr std::int32_t kStreamWindow = 256 * 1024;
  static constexpr std::int32_t kConnectionWindow = 1024 * 1024;
  // Frames in a row that bring no part of an answer and follow no part of a request.
  static constexpr unsigned kBarrenFramesMax = 1'000;

  // All three outlive the codec, except that `limits` is copied.
  Http2ClientCodec(Http2ClientEvents& events, ByteSink& sink, const HeadLimits& limits);
  ~Http2ClientCodec() override;

  // Says hello; first and once. `scheme`: that of every request, as the connection is.
  void start(std::string_view scheme = "http");
  // The server's settings are here: streams_max() counts.
  [[nodiscard]] bool settled() const { return settled_; }
  [[nodiscard]] std::size_t streams_max() const;
  // It takes extended CONNECT (RFC 8441 §3): a head with `Upgrade: websocket` may be sent.
  [[nodiscard]] bool takes_tunnels() const;

  // Where reusable().
  StreamId send_head(const RequestHead& head) override;
  void send_body(StreamId stream, Bytes bytes) override;
  void send_trailers(StreamId stream, const Headers& trailers) override;
  void send_end(StreamId stream) override;
  // No event of this stream comes any more; the upstream is told where it is not over.
  void cancel(StreamId stream);
  // A paused stream gets no more than its window.
  void pause(StreamId stream);
  void resume(StreamId stream);
  // Bytes of the request body that have not left.
  [[nodiscard]] std::size_t held(StreamId stream) const;

  void feed(Bytes bytes) override;
  void feed_eof() override;
  // The connection broke: every stream ends with `error`, or is cut off where its head came.
  void fail(const Error& error);
  // The sink takes nothing more for now / takes it again.
  void block(bool blocked);
  void flush();
  // No further stream; the upstream is told.
  void leave();

  // Another stream may begin, of which streams_max() may be open.
  [[nodiscard]] bool reusable() const override;
  // The connection is of no use to anybody.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  struct Stream;
  struct Callbacks;  // of nghttp2
  class Inside;
  enum class Reading : std::uint8_t { nothing, head, trailers };

  [[nodiscard]] std::size_t place_of(StreamId id) const;  // in open_; its size: none
  [[nodiscard]] Stream* find(StreamId id) const;
  Stream& add(StreamId id);
  void forget(StreamId id);
  void flush_later();
  void drain_session();
  void drain_and_tell();
  void tell_writable();
  void tell_late();
  void receive(Bytes bytes);

  void begin_section(StreamId id);
  void take_field(const Http2Field& field);
  void end_section(StreamId id, bool ended);
  void take_response(Stream& stream, bool ended);
  static void make_switch(ResponseHead& head);
  void take_trailers(Stream& stream, bool ended);
  void take_data(StreamId id, Bytes bytes);
  void end_response(StreamId id);
  void on_closed(StreamId id, std::uint32_t code);
  // Tells the upstream as well.
  void refuse(StreamId id, std::string_view detail);
  void fail_stream(StreamId id, Error error);
  [[nodiscard]] bool is_barren_too_long() { return ++barren_ > kBarrenFramesMax; }

  Http2ClientEvents& events_;
  ByteSink& sink_;
  const HeadLimits limits_;
  std::string_view scheme_ = "http";  // a literal
  Http2Session session_;
  // The ids stand beside one another, so that a search does not go through all the streams.
  struct Open {
    StreamId id;
    Stream* stream;
  };
  std::vector<Open> open_;  // by their ids, ascending
  std::vector<Stream*> free_;
  std::vector<std::unique_ptr<Stream>> streams_;  // all of them
  // The field section that is being read: they never overlap on a connection (RFC 9113 §4.3).
  Http2ResponseFields response_fields_;
  Http2TrailerFields trailer_fields_;
  ResponseHead head_;
  Headers trailers_;
  FieldIndexing indexing_;  // of what is sent
  Reading reading_ = Reading::nothing;
  std::string fault_;  // of the connection
  unsigned barren_ = 0;
  bool settled_ = false;
  bool blocked_ = false;
  bool unflushed_ = false;  // and it was told
  bool inside_ = false;     // nghttp2, which must not be entered twice
  bool leaving_ = false;
  bool failed_ = false;
  bool quiet_ = false;  // whoever speaks is not ready for an event
  bool some_are_writable_ = false;
  std::vector<std::pair<StreamId, Error>> late_;  // what came while quiet
};

}  // namespace banyan::codec
