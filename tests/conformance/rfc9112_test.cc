// What RFC 9112 and RFC 9110 demand and no test beside the code shows; the table is in
// docs/conformance.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxy/exchange/forwarding.h"
#include "tests/support/codec_feed.h"

namespace banyan::test {
namespace {

using ::testing::Contains;

// A request through both codecs and the rules between them.
std::string forwarded(std::string_view request) {
  struct Relay final : codec::ServerEvents {
    void on_request(codec::StreamId, RequestHead& head) override {
      RequestHead out;
      exchange::forward_request(head, {.x_forwarded = false}, out);
      stream = client.send_head(out);
    }
    void on_request_body(codec::StreamId, Bytes bytes) override { client.send_body(stream, bytes); }
    void on_request_trailers(codec::StreamId, const Headers& trailers) override {
      client.send_trailers(stream, trailers);
    }
    void on_request_end(codec::StreamId) override { client.send_end(stream); }
    void on_request_error(codec::StreamId, const RequestHead&, Error error) override {
      sink.text = reason_of(error.code);
    }
    StringSink sink;
    ClientLines unused;
    codec::Http1ClientCodec client{unused, sink, {}};
    codec::StreamId stream = 0;
  } relay;
  StringSink answers;
  codec::Http1ServerCodec server(relay, answers, {});
  EXPECT_EQ(server.feed(request), request.size());
  return relay.sink.text;
}

// A response to `request` through both codecs and the rules between them.
std::string answered(std::string_view response,
                     std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n") {
  struct Relay final : codec::ClientEvents {
    explicit Relay(codec::ServerCodec& to) : server(to) {}
    void on_informational(codec::StreamId, ResponseHead& head) override {
      exchange::forward_response(head, false);
      server.send_informational(1, head);
    }
    void on_response(codec::StreamId, ResponseHead& head) override {
      exchange::forward_response(head, false);
      server.send_head(1, head);
    }
    void on_response_body(codec::StreamId, Bytes bytes) override { server.send_body(1, bytes); }
    void on_response_trailers(codec::StreamId, const Headers& trailers) override {
      server.send_trailers(1, trailers);
    }
    void on_response_end(codec::StreamId) override { server.send_end(1); }
    void on_response_error(codec::StreamId, Error error) override { failed = error.code; }
    codec::ServerCodec& server;
    std::optional<ErrorCode> failed;
  };
  ServerLines asked;
  StringSink sink;
  codec::Http1ServerCodec server(asked, sink, {});
  EXPECT_EQ(server.feed(request), request.size());
  Relay relay(server);
  StringSink unused;
  codec::Http1ClientCodec client(relay, unused, {});
  RequestHead head;
  head.method_text = "GET";
  head.target = "/";
  head.authority = "h";
  client.send_end(client.send_head(head));
  client.feed(response);
  if (relay.failed) return std::string(reason_of(*relay.failed));
  return sink.text;
}

TEST(Conformance, Rfc9112Section2_2OctetsAreNoCharacters) {
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nHost: h\r\nX: \xc3\xa4\xff\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nX: \xc3\xa4\xff\r\n\r\n");
}

TEST(Conformance, Rfc9112Section2_3AMessageIsForwardedInOurOwnVersion) {
  EXPECT_EQ(forwarded("GET / HTTP/1.0\r\nHost: h\r\n\r\n"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(
      answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET / HTTP/1.0\r\nHost: h\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(Conformance, Rfc9112Section3_2_2HostIsThatOfTheTarget) {
  EXPECT_EQ(forwarded("GET http://b:81/c?d HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"),
            "GET /c?d HTTP/1.1\r\nHost: b:81\r\nX: y\r\n\r\n");
}

TEST(Conformance, Rfc9112Section3_2_4OptionsOfTheWholeServerIsAsterisk) {
  EXPECT_EQ(forwarded("OPTIONS http://b:81 HTTP/1.1\r\nHost: a\r\n\r\n"),
            "OPTIONS * HTTP/1.1\r\nHost: b:81\r\n\r\n");
  EXPECT_EQ(forwarded("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Conformance, Rfc9112Section3_2AHostThatNobodyNamedIsEmpty) {
  EXPECT_EQ(forwarded("GET / HTTP/1.0\r\n\r\n"), "GET / HTTP/1.1\r\nHost: \r\n\r\n");
}

TEST(Conformance, Rfc9112Section4TheSpaceBeforeAnEmptyReasonIsSent) {
  EXPECT_EQ(answered("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
}

TEST(Conformance, Rfc9112Section6_3ExtraBytesAreNoResponse) {
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
}

TEST(Conformance, Rfc9112Section7_1_1ExtensionsEndHere) {
  EXPECT_EQ(forwarded("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3;a=\"b\"\r\nabc\r\n0;x\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(
      answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
}

TEST(Conformance, Rfc9112Section7_1_2TrailersStayTrailers) {
  const std::string chunks = "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n";
  EXPECT_EQ(forwarded("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
  const std::string response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
  EXPECT_EQ(answered(response), response);
  EXPECT_EQ(answered(response, "GET / HTTP/1.0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
}

TEST(Conformance, Rfc9110Section5_3TheOrderOfRepeatedFieldsIsKept) {
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nHost: h\r\nA: 2\r\nB: x\r\na: 1\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nA: 2\r\nB: x\r\na: 1\r\n\r\n");
}

TEST(Conformance, Rfc9110Section5_6_1EmptyListElementsAreIgnored) {
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nHost: h\r\nConnection: , x-a ,, ,\r\nX-A: 1\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(request_lines("GET / HTTP/1.1\r\nHost: h\r\nConnection: ,, close\r\n\r\n"),
              Contains("must close"));
}

TEST(Conformance, Rfc9110Section7_7ThePathAndTheQueryPassUntouched) {
  for (const std::string_view target :
       {"/%61%2Fb/%2f", "//a//b/", "/a?b=%zz&c=/../d?e", "/@scope%2fname", "/a;b=c,d"}) {
    const std::string request = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    EXPECT_EQ(forwarded(request), request);
  }
}

TEST(Conformance, Rfc9110Section7_8UpgradeIsIgnored) {
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(forwarded("GET / HTTP/1.0\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
            "upstream_malformed");
}

TEST(Conformance, Rfc9110Section8_6NoLengthWhereThereCanBeNone) {
  EXPECT_EQ(answered("HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n"), "HTTP/1.1 204 X\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n"), "HTTP/1.1 103 X\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 204 X\r\n\r\n");
}

TEST(Conformance, Rfc9112Section6_1NoCodingWhereThereCanBeNone) {
  EXPECT_EQ(answered("HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 103 X\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 204 X\r\n\r\n");
}

TEST(Conformance, Rfc9110Section11_6CredentialsAndChallengesPassUntouched) {
  const std::string request =
      "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Digest a=\"b, c\",  d=e\r\n"
      "authorization: Basic YTpi==\r\n\r\n";
  EXPECT_EQ(forwarded(request), request);
  const std::string response =
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\", Digest x=\"y,z\"\r\n"
      "www-authenticate: Other  a\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(answered(response), response);
}

TEST(Conformance, Rfc9110Section9_1MethodsAreCaseSensitive) {
  EXPECT_EQ(forwarded("get / HTTP/1.1\r\nHost: h\r\n\r\n"), "method_not_allowed");
}

TEST(Conformance, Rfc9110Section9_3_7MaxForwardsIsNotMadeUp) {
  EXPECT_EQ(forwarded("OPTIONS /a HTTP/1.1\r\nHost: h\r\n\r\n"),
            "OPTIONS /a HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST(Conformance, Rfc9110Section15_2EveryInformationalResponseIsForwarded) {
  const std::string rest = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const std::string some = "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 E\r\nLink: <a>\r\n\r\n";
  EXPECT_EQ(answered(some + rest), some + rest);
  EXPECT_EQ(answered(some + rest, "GET / HTTP/1.0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace banyan::test
