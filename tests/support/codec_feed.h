// tests/support/codec_feed.h: wire bytes into a codec whole, byte by byte and in random pieces, and
// what came of it as lines of text, so that two runs can be compared.
//
//   "request 1 GET /a HTTP/1.1 none host=h" "field X: y" "body 1 abc" "end 1" "error 1 bad_host"
//
// Adjacent body events are one line: how payload is cut is not part of what was said.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/codec/http1_client_codec.h"
#include "proxy/codec/http1_server_codec.h"
#include "tests/support/seed.h"

namespace banyan::test {

using Lines = std::vector<std::string>;

class StringSink final : public ByteSink {
 public:
  void copy(Bytes bytes) override {
    text.append(bytes);
    ++copies;
  }
  void borrow(Bytes bytes) override {
    text.append(bytes);
    ++borrows;
  }
  std::string text;
  int copies = 0;
  int borrows = 0;
};

inline std::string_view to_string(HttpVersion version) {
  return version == HttpVersion::http10 ? "HTTP/1.0" : "HTTP/1.1";
}

inline std::string to_string(Framing framing, std::optional<std::uint64_t> length) {
  const std::string told = length ? " length=" + std::to_string(*length) : std::string();
  switch (framing) {
    case Framing::none:
      return "none" + told;
    case Framing::content_length:
      return "counted" + told;
    case Framing::chunked:
      return "chunked";
    case Framing::until_close:
      return "until_close";
  }
  return {};
}

inline void add_fields(Lines& lines, const Headers& headers) {
  for (const Header h : headers) {
    lines.push_back("field " + std::string(h.name) + ": " + std::string(h.value));
  }
}

inline void add_body(Lines& lines, codec::StreamId stream, Bytes bytes) {
  const std::string prefix = "body " + std::to_string(stream) + " ";
  if (lines.empty() || !lines.back().starts_with(prefix)) lines.push_back(prefix);
  lines.back().append(bytes);
}

inline std::string line(std::string_view what, codec::StreamId stream) {
  return std::string(what) + " " + std::to_string(stream);
}

inline void add_trailers(Lines& lines, codec::StreamId stream, const Headers& trailers) {
  EXPECT_FALSE(trailers.empty());
  for (const Header h : trailers) {
    lines.push_back(line("trailer", stream) + " " + std::string(h.name) + ": " +
                    std::string(h.value));
  }
}

class ServerLines final : public codec::ServerEvents {
 public:
  void on_request(codec::StreamId stream, RequestHead& head) override {
    const bool counted = head.framing == Framing::content_length;
    const auto length = counted ? std::optional(head.content_length) : std::nullopt;
    lines.push_back(line("request", stream) + " " + std::string(head.method_text) + " " + head.target + " " +
                    std::string(to_string(head.version)) + " " + to_string(head.framing, length) +
                    " host=" + head.authority + (head.keep_alive ? "" : " close") +
                    (head.expect_continue ? " expects" : ""));
    add_fields(lines, head.headers);
    if (on_head) on_head(stream, head);
  }
  void on_request_body(codec::StreamId stream, Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    add_body(lines, stream, bytes);
  }
  void on_request_trailers(codec::StreamId stream, const Headers& trailers) override {
    add_trailers(lines, stream, trailers);
  }
  void on_request_end(codec::StreamId stream) override {
    lines.push_back(line("end", stream));
    to_answer = stream;
  }
  void on_request_error(codec::StreamId stream, const RequestHead&, Error error) override {
    lines.push_back(line("error", stream) + " " + std::string(reason_of(error.code)));
    EXPECT_FALSE(error.detail.empty());
  }

  Lines lines;
  codec::StreamId to_answer = 0;
  std::function<void(codec::StreamId, RequestHead&)> on_head;
};

class ClientLines final : public codec::ClientEvents {
 public:
  void on_informational(codec::StreamId stream, ResponseHead& head) override {
    lines.push_back(line("informational", stream) + " " + std::to_string(head.status));
    add_fields(lines, head.headers);
  }
  void on_response(codec::StreamId stream, ResponseHead& head) override {
    lines.push_back(line("response", stream) + " " + std::to_string(head.status) + " " +
                    head.reason + " " + std::string(to_string(head.version)) + " " +
                    to_string(head.framing, head.content_length) +
                    (head.keep_alive ? "" : " close"));
    add_fields(lines, head.headers);
  }
  void on_response_body(codec::StreamId stream, Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    add_body(lines, stream, bytes);
  }
  void on_response_trailers(codec::StreamId stream, const Headers& trailers) override {
    add_trailers(lines, stream, trailers);
  }
  void on_response_end(codec::StreamId stream) override {
    lines.push_back(line("end", stream));
    if (on_end) on_end();
  }
  void on_response_error(codec::StreamId stream, Error error) override {
    lines.push_back(line("error", stream) + " " + std::string(reason_of(error.code)));
    EXPECT_FALSE(error.detail.empty());
  }

  Lines lines;
  std::function<void()> on_end;
};

// One piece of input in a block of exactly its size, so that a sanitizer sees a step outside it.
class Piece {
 public:
  explicit Piece(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    bytes.copy(bytes_.get(), bytes.size());
  }
  [[nodiscard]] Bytes bytes() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// How a wire text is cut: the sizes of all pieces but the last.
using Cuts = std::vector<std::size_t>;

inline std::vector<std::string_view> cut(std::string_view wire, const Cuts& cuts) {
  std::vector<std::string_view> pieces;
  for (const std::size_t size : cuts) {
    if (wire.empty()) break;
    pieces.push_back(wire.substr(0, size));
    wire.remove_prefix(pieces.back().size());
  }
  if (!wire.empty()) pieces.push_back(wire);
  return pieces;
}

inline void answer(codec::ServerCodec& server, codec::StreamId stream, int status = 204) {
  ResponseHead head;
  head.status = status;
  server.send_head(stream, head);
  server.send_end(stream);
}

// Feeds the pieces to a new server codec that answers every whole request at once with 204.
inline Lines server_lines(std::string_view wire, const Cuts& cuts, codec::HeadLimits limits = {}) {
  StringSink sink;
  ServerLines events;
  codec::Http1ServerCodec server(events, sink, limits);
  std::string held;
  for (const std::string_view piece : cut(wire, cuts)) {
    held.append(piece);
    while (!held.empty()) {
      const Piece block(held);
      const std::size_t consumed = server.feed(block.bytes());
      held.erase(0, consumed);
      if (events.to_answer == 0) break;
      answer(server, std::exchange(events.to_answer, 0));
    }
    EXPECT_TRUE(held.empty());
  }
  if (server.must_close()) events.lines.emplace_back("must close");
  return events.lines;
}

// Feeds the pieces to a new client codec that asked `method`; `eof` after them.
inline Lines client_lines(std::string_view wire, const Cuts& cuts, Method method = Method::get,
                          bool eof = false, codec::HeadLimits limits = {}) {
  StringSink sink;
  ClientLines events;
  codec::Http1ClientCodec client(events, sink, limits);
  RequestHead head;
  head.method = method;
  head.method_text = method == Method::head ? "HEAD" : "GET";
  head.target = "/";
  head.authority = "h";
  client.send_end(client.send_head(head));
  for (const std::string_view piece : cut(wire, cuts)) client.feed(Piece(piece).bytes());
  if (eof) client.feed_eof();
  events.lines.emplace_back(client.reusable() ? "reusable" : "not reusable");
  return events.lines;
}

// Runs `run(cuts)` with the wire text whole, byte by byte and in random pieces, expects the same
// lines each time and returns them.
template <class Run>
Lines however_cut(std::string_view wire, Run run) {
  constexpr int kRandomRuns = 12;
  static std::mt19937_64 random = seeded_random();
  const Lines whole = run(Cuts{});
  const std::string_view shown = wire.substr(0, 300);
  EXPECT_EQ(run(Cuts(wire.size(), 1)), whole) << "byte by byte: " << shown;
  for (int i = 0; i < kRandomRuns; ++i) {
    const auto size_max = std::uniform_int_distribution<std::size_t>(1, wire.size() + 1)(random);
    Cuts cuts;
    for (std::size_t size = 0; size < wire.size(); size += cuts.back()) {
      cuts.push_back(std::uniform_int_distribution<std::size_t>(1, size_max)(random));
    }
    EXPECT_EQ(run(cuts), whole) << "random pieces: " << shown;
  }
  return whole;
}

inline Lines request_lines(std::string_view wire, codec::HeadLimits limits = {}) {
  return however_cut(wire, [&](const Cuts& cuts) { return server_lines(wire, cuts, limits); });
}

inline Lines response_lines(std::string_view wire, Method method = Method::get, bool eof = false,
                            codec::HeadLimits limits = {}) {
  return however_cut(
      wire, [&](const Cuts& cuts) { return client_lines(wire, cuts, method, eof, limits); });
}

// The reason word of the first error, or "accepted".
inline std::string verdict(const Lines& lines) {
  for (const std::string& l : lines) {
    if (l.starts_with("error ")) return l.substr(l.rfind(' ') + 1);
  }
  return "accepted";
}

inline std::string request_verdict(std::string_view wire, codec::HeadLimits limits = {}) {
  return verdict(request_lines(wire, limits));
}

inline std::string response_verdict(std::string_view wire, Method method = Method::get) {
  return verdict(response_lines(wire, method));
}

}  // namespace banyan::test
