// tests/unit/proxy/codec/http2_server_fixture.h: an Http2ServerCodec between frames and a record of
// its events.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/codec/http2_server_codec.h"
#include "tests/unit/proxy/codec/http2_client_frames.h"

namespace banyan::codec {

class TextSink final : public ByteSink {
 public:
  void copy(Bytes bytes) override { text.append(bytes); }
  void borrow(Bytes bytes) override {
    text.append(bytes);
    borrowed += bytes.size();
  }
  std::string text;
  std::size_t borrowed = 0;
};

class Http2Server : public ::testing::Test, public Http2ServerEvents {
 protected:
  // "1 GET /a", "1 body abc", "1 trailers x: y", "1 end", "1 error bad_framing", "1 blocked"…
  std::vector<std::string> events;
  std::function<void(StreamId)> when_asked = [](StreamId) {};  // in on_request
  Http2ServerSettings limits;
  TextSink sink;
  std::unique_ptr<Http2ServerCodec> codec;
  test::FrameReader reader;

  static test::Fields get(const test::Fields& more = {}, const std::string& path = "/a") {
    test::Fields f{{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}, {":path", path}};
    f.insert(f.end(), more.begin(), more.end());
    return f;
  }
  static test::Fields post(const test::Fields& more = {}) {
    test::Fields f = get(more);
    f[0].second = "POST";
    return f;
  }

  void start() { codec = std::make_unique<Http2ServerCodec>(*this, sink, limits); }
  // The client's preface, and the answer to ours.
  void open() {
    start();
    feed(std::string(kHttp2Preface) + test::settings() + test::settings_ack());
    (void)sent();
    events.clear();
  }
  void feed(std::string_view bytes) { EXPECT_EQ(codec->feed(bytes), bytes.size()); }
  // What was said since the last call, WINDOW_UPDATE and SETTINGS apart.
  std::vector<std::string> sent() {
    std::vector<std::string> texts;
    for (const test::Frame& f : frames()) {
      if (f.type == NGHTTP2_SETTINGS || f.type == NGHTTP2_WINDOW_UPDATE) continue;
      texts.push_back(test::text_of(f));
    }
    return texts;
  }
  std::vector<test::Frame> frames() {
    codec->flush();
    std::vector<test::Frame> all = reader.read(sink.text);
    sink.text.clear();
    return all;
  }
  std::vector<std::string> told() { return std::exchange(events, {}); }
  // The code of the GOAWAY that ended the connection, or "" where it did not end.
  std::string end_of_connection() {
    std::string code;
    for (const std::string& text : sent()) {
      if (text.starts_with("GOAWAY ")) code = text.substr(text.rfind(' ') + 1);
    }
    EXPECT_EQ(codec->must_close(), !code.empty()) << code;
    return code;
  }
  std::string end_after(const std::string& bytes) {
    open();
    feed(bytes);
    return end_of_connection();
  }

  void respond(StreamId id, std::string_view body, std::optional<std::uint64_t> length = {}) {
    codec->send_head(id, head_of(200, length));
    if (!body.empty()) codec->send_body(id, body);
    codec->send_end(id);
  }
  static ResponseHead head_of(int status, std::optional<std::uint64_t> length = {}) {
    ResponseHead head;
    head.status = status;
    head.framing = length ? Framing::content_length : Framing::chunked;
    head.content_length = length;
    return head;
  }

  void note(StreamId id, const std::string& what) {
    events.push_back(std::to_string(id) + " " + what);
  }
  void on_request(StreamId id, RequestHead& head) override {
    note(id, std::string(head.method_text) + " " + head.target);
    when_asked(id);
  }
  void on_request_body(StreamId id, Bytes bytes) override {
    note(id, "body " + std::string(bytes));
  }
  void on_request_trailers(StreamId id, const Headers& trailers) override {
    note(id, "trailers " + std::string(trailers.lines()));
  }
  void on_request_end(StreamId id) override { note(id, "end"); }
  void on_request_error(StreamId id, const RequestHead&, Error error) override {
    note(id, "error " + std::string(reason_of(error.code)));
    const int status = status_of(error.code);
    if (status == 0) return codec->reset(id);
    codec->send_head(id, head_of(status, 0));
    codec->send_end(id);
  }
  void on_response_blocked(StreamId id) override { note(id, "blocked"); }
  void on_response_writable(StreamId id) override { note(id, "writable"); }
  void on_stream_closed(StreamId id) override { note(id, "closed"); }
};

}  // namespace banyan::codec
