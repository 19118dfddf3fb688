// A Http2ClientCodec and a server of hand-written frames.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/codec/http2_client_codec.h"
#include "tests/support/codec_feed.h"
#include "tests/support/http2_frames.h"

namespace banyan::codec {

struct Answer {
  int informational = 0;
  int status = 0;
  Framing framing = Framing::none;
  std::optional<std::uint64_t> content_length;
  std::string fields;  // "name: value\n"
  std::string body;
  std::string trailers;
  bool ended = false;
  bool blocked = false;
  std::optional<Error> error;

  [[nodiscard]] bool over() const { return ended || error; }
  [[nodiscard]] std::string_view reason() const {
    return error ? reason_of(error->code) : std::string_view("none");
  }
};

class Http2ClientTest : public ::testing::Test, public Http2ClientEvents {
 protected:
  using Frame = test::http2::Frame;

  Http2ClientTest() { make(); }
  // The server's settings as given.
  void make(HeadLimits limits = {}, const std::string& settings = test::http2::settings()) {
    client = std::make_unique<Http2ClientCodec>(*this, sink, limits);
    server = std::make_unique<test::http2::Reader>();
    client->start();
    feed(settings + test::http2::settings_ack());
    sink.text.clear();
    (void)said();
  }
  void feed(std::string_view bytes) { client->feed(test::Piece(bytes).bytes()); }

  static RequestHead request(std::string_view method = "GET", Framing framing = Framing::none) {
    RequestHead head;
    head.method = method_of(method);
    head.method_text = method;
    head.target = "/a?b";
    head.authority = "shop.test";
    head.framing = framing;
    return head;
  }
  // A whole GET.
  StreamId ask() {
    const StreamId stream = client->send_head(request());
    client->send_end(stream);
    return stream;
  }
  StreamId begin_upload() { return client->send_head(request("POST", Framing::chunked)); }
  // Frames since the last call.
  std::vector<Frame> said() {
    auto frames = server->read(sink.text);
    sink.text.clear();
    return frames;
  }
  std::vector<Frame> said(test::http2::Type type) {
    std::vector<Frame> of_type;
    for (const Frame& f : said()) {
      if (f.type == type) of_type.push_back(f);
    }
    return of_type;
  }
  Answer& answer(StreamId stream) { return answers[stream]; }

  // Http2ClientEvents
  void on_informational(StreamId stream, ResponseHead& head) override {
    EXPECT_LT(head.status, 200);
    ++open_answer(stream).informational;
  }
  void on_response(StreamId stream, ResponseHead& head) override {
    Answer& a = open_answer(stream);
    EXPECT_EQ(a.status, 0);
    a.status = head.status;
    a.framing = head.framing;
    a.content_length = head.content_length;
    a.fields = text(head.headers);
    if (when_answered) when_answered(stream);
  }
  void on_response_body(StreamId stream, Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    open_answer(stream).body.append(bytes);
  }
  void on_response_trailers(StreamId stream, const Headers& trailers) override {
    open_answer(stream).trailers = text(trailers);
  }
  void on_response_end(StreamId stream) override {
    open_answer(stream).ended = true;
    if (when_over) when_over(stream);
  }
  void on_response_error(StreamId stream, Error error) override {
    EXPECT_FALSE(error.detail.empty());
    open_answer(stream).error = std::move(error);
    if (when_over) when_over(stream);
  }
  void on_request_blocked(StreamId stream) override {
    EXPECT_FALSE(answers[stream].blocked);
    answers[stream].blocked = true;
  }
  void on_request_writable(StreamId stream) override {
    EXPECT_TRUE(answers[stream].blocked);
    answers[stream].blocked = false;
  }

  void on_unflushed() override {
    if (flushes_at_once) client->flush();
  }

  test::StringSink sink;
  bool flushes_at_once = true;
  std::unique_ptr<Http2ClientCodec> client;
  std::unique_ptr<test::http2::Reader> server;
  std::map<StreamId, Answer> answers;
  std::function<void(StreamId)> when_answered;
  std::function<void(StreamId)> when_over;

 private:
  // Nothing comes behind the last event.
  Answer& open_answer(StreamId stream) {
    Answer& a = answers[stream];
    EXPECT_FALSE(a.over()) << "stream " << stream;
    return a;
  }
  static std::string text(const Headers& headers) {
    std::string all;
    for (const Header h : headers) {
      all.append(h.name).append(": ").append(h.value).append("\n");
    }
    return all;
  }
};

}  // namespace banyan::codec
