// A keep-alive exchange through both codecs allocates nothing once it is warm.
#include <gtest/gtest.h>

#include <utility>

#include "proxy/codec/http1_client_codec.h"
#include "proxy/codec/http1_server_codec.h"
#include "tests/support/allocation_count.h"

namespace banyan::codec {
namespace {

class ReservedSink final : public ByteSink {
 public:
  ReservedSink() { bytes.reserve(64 * 1024); }
  void copy(Bytes b) override { bytes.append(b); }
  void borrow(Bytes b) override { bytes.append(b); }
  std::string bytes;
};

// A proxy in memory: what the server codec reads the client codec sends, and back.
class Relay final : public ServerEvents, public ClientEvents {
 public:
  void on_request(StreamId, RequestHead& head) override {
    std::swap(request, head);
    upstream_stream = client.send_head(request);
  }
  void on_request_body(StreamId, Bytes bytes) override { client.send_body(upstream_stream, bytes); }
  void on_request_trailers(StreamId, const Headers& trailers) override {
    client.send_trailers(upstream_stream, trailers);
  }
  void on_request_end(StreamId stream) override {
    downstream_stream = stream;
    client.send_end(upstream_stream);
  }
  void on_request_error(StreamId, const RequestHead&, Error) override { ++errors; }
  void on_informational(StreamId, ResponseHead&) override { ++errors; }
  void on_response(StreamId, ResponseHead& head) override {
    std::swap(response, head);
    server.send_head(downstream_stream, response);
  }
  void on_response_body(StreamId, Bytes bytes) override {
    server.send_body(downstream_stream, bytes);
  }
  void on_response_trailers(StreamId, const Headers& trailers) override {
    server.send_trailers(downstream_stream, trailers);
  }
  void on_response_end(StreamId) override {
    server.send_end(downstream_stream);
    ++exchanges;
  }
  void on_response_error(StreamId, Error) override { ++errors; }

  ReservedSink to_client;
  ReservedSink to_upstream;
  Http1ServerCodec server{*this, to_client, {}};
  Http1ClientCodec client{*this, to_upstream, {}};
  RequestHead request;
  ResponseHead response;
  StreamId upstream_stream = 0;
  StreamId downstream_stream = 0;
  int exchanges = 0;
  int errors = 0;
};

constexpr Bytes kRequest =
    "POST /api/orders/1234567890?expand=lines&currency=EUR HTTP/1.1\r\n"
    "Host: orders.shop.test\r\nUser-Agent: some client of reasonable length/1.0\r\n"
    "Accept: application/json\r\nContent-Type: application/json\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
constexpr Bytes kResponse =
    "HTTP/1.1 200 A rather long reason phrase, longer than a short string\r\n"
    "Content-Type: application/json; charset=utf-8\r\nETag: \"0123456789abcdef\"\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Length: 16\r\n\r\n{\"orders\":[1,2]}";

// Until both of the heads that are swapped have grown.
constexpr int kWarm = 3;

TEST(SteadyState, AThousandExchangesAllocateNothing) {
  constexpr int kExchanges = 1000;
  Relay relay;
  std::uint64_t before = 0;
  for (int i = 0; i < kWarm + kExchanges; ++i) {
    if (i == kWarm) before = test::allocation_count();
    if (relay.server.feed(kRequest) != kRequest.size()) ++relay.errors;
    relay.client.feed(kResponse);
    if (!relay.client.reusable() || relay.server.must_close()) ++relay.errors;
    relay.to_client.bytes.clear();
    relay.to_upstream.bytes.clear();
  }
  EXPECT_EQ(test::allocation_count() - before, 0U);
  EXPECT_EQ(relay.exchanges, kWarm + kExchanges);
  EXPECT_EQ(relay.errors, 0);
}

TEST(SteadyState, AHeadInTwoPiecesAllocatesItsBufferOnly) {
  constexpr std::uint64_t kBufferAllocationsMax = 3;
  Relay relay;
  const std::size_t half = kRequest.find("\r\n\r\n") / 2;
  for (int i = 0; i < 2 * kWarm; ++i) {
    const std::uint64_t before = test::allocation_count();
    if (relay.server.feed(kRequest.substr(0, half)) != half) ++relay.errors;
    if (relay.server.feed(kRequest.substr(half)) != kRequest.size() - half) ++relay.errors;
    relay.client.feed(kResponse);
    const std::uint64_t allocations = test::allocation_count() - before;
    EXPECT_TRUE(i < kWarm || allocations <= kBufferAllocationsMax) << allocations;
  }
  EXPECT_EQ(relay.exchanges, 2 * kWarm);
  EXPECT_EQ(relay.errors, 0);
}

}  // namespace
}  // namespace banyan::codec
