// What both codecs write, by the sections of RFC 9110 and RFC 9112.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/codec_feed.h"

namespace banyan::test {
namespace {

using ::testing::ElementsAre;

struct Answer {
  int status = 200;
  Framing framing = Framing::content_length;
  std::optional<std::uint64_t> length = std::nullopt;
  std::string_view body = {};
};

ResponseHead head_of(const Answer& answer) {
  ResponseHead head;
  head.status = answer.status;
  head.reason = "R";
  head.framing = answer.framing;
  head.content_length = answer.length;
  head.headers.add("X", "y");
  return head;
}

struct Served {
  std::string text;
  bool closes;
};

class Server {
 public:
  explicit Server(std::string_view request) { read(request); }

  void read(std::string_view bytes) { EXPECT_EQ(codec.feed(bytes), bytes.size()); }
  Served answer(const Answer& answer) {
    sink.text.clear();
    codec.send_head(1, head_of(answer));
    codec.send_body(1, answer.body);
    codec.send_end(1);
    return {sink.text, codec.must_close()};
  }

  StringSink sink;
  ServerLines events;
  codec::Http1ServerCodec codec{events, sink, {}};
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kHead = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kGetAndClose = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
constexpr std::string_view kGet10 = "GET / HTTP/1.0\r\n\r\n";
constexpr std::string_view kGet10Keep = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

TEST(Rfc9112Section6ResponseFraming, IsThatOfTheClientAndTheMessage) {
  const std::string start = "HTTP/1.1 200 R\r\nX: y\r\n";
  const std::string none = "HTTP/1.1 204 R\r\nX: y\r\n";
  const std::string same = "HTTP/1.1 304 R\r\nX: y\r\n";
  const std::string close = "Connection: close\r\n";
  const std::string keep = "Connection: keep-alive\r\n";
  const std::string coded = "Transfer-Encoding: chunked\r\n";
  const std::string two = "Content-Length: 2\r\n";
  const std::string chunks = "2\r\nab\r\n0\r\n\r\n";
  constexpr Answer kCounted{.length = 2, .body = "ab"};
  constexpr Answer kChunked{.framing = Framing::chunked, .body = "ab"};
  constexpr Answer kUntilClose{.framing = Framing::until_close, .body = "ab"};
  constexpr Answer kEmpty{.framing = Framing::none};
  constexpr Answer kNoContent{.status = 204, .framing = Framing::none, .length = 0, .body = "ab"};
  constexpr Answer kSame{.status = 304, .framing = Framing::none, .length = 2, .body = "ab"};
  const struct {
    std::string_view request;
    Answer answer;
    std::string text;
    bool closes = false;
  } rows[] = {
      {kGet, kCounted, start + two + "\r\nab"},
      {kGet, kChunked, start + coded + "\r\n" + chunks},
      {kGet, kUntilClose, start + coded + "\r\n" + chunks},
      {kGet, kEmpty, start + "Content-Length: 0\r\n\r\n"},
      {kGet, kNoContent, none + "\r\n"},
      {kGet, kSame, same + two + "\r\n"},
      {kHead, kCounted, start + two + "\r\n"},
      {kHead, kChunked, start + "\r\n"},
      {kHead, kEmpty, start + "\r\n"},
      {kGetAndClose, kCounted, start + two + close + "\r\nab", true},
      {kGet10, kCounted, start + two + close + "\r\nab", true},
      {kGet10, kChunked, start + close + "\r\nab", true},
      {kGet10Keep, kCounted, start + two + keep + "\r\nab"},
      {kGet10Keep, kChunked, start + close + "\r\nab", true},
      {kGet10Keep, kUntilClose, start + close + "\r\nab", true},
      {kGet10Keep, kNoContent, none + keep + "\r\n"},
  };
  for (const auto& row : rows) {
    const Served served = Server(row.request).answer(row.answer);
    EXPECT_EQ(served.text, row.text) << row.request;
    EXPECT_EQ(served.closes, row.closes) << row.request;
  }
}

TEST(Rfc9112Section7_1_2TrailerSection, IsWrittenBehindChunksOnly) {
  Headers trailers;
  trailers.add("X-Sum", "1");
  trailers.add("Content-Length", "5");
  const auto text = [&](std::string_view request, const Answer& answer) {
    Server server(request);
    server.codec.send_head(1, head_of(answer));
    server.codec.send_body(1, answer.body);
    server.codec.send_trailers(1, trailers);
    server.codec.send_trailers(1, trailers);
    server.codec.send_body(1, "more");
    server.codec.send_end(1);
    return server.sink.text.substr(server.sink.text.find("\r\n\r\n") + 4);
  };
  constexpr Answer kChunked{.framing = Framing::chunked, .body = "ab"};
  EXPECT_EQ(text(kGet, kChunked), "2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(text(kGet10, kChunked), "abmore");
  EXPECT_EQ(text(kHead, kChunked), "");
  EXPECT_EQ(text(kGet, {.length = 2, .body = "ab"}), "ab");
}

TEST(Rfc9112Section6_3ResponseFraming, ABodyThatIsNotAsLongAsPromisedEndsTheConnection) {
  EXPECT_TRUE(Server(kGet).answer({.length = 3, .body = "ab"}).closes);
  const Served longer = Server(kGet).answer({.length = 1, .body = "ab"});
  EXPECT_TRUE(longer.closes);
  EXPECT_TRUE(longer.text.ends_with("\r\n\r\na"));
}

TEST(Rfc9110Section15_2Informational, GoesToHttp11OnlyAndBeforeTheResponse) {
  ResponseHead hints;
  hints.status = 103;
  hints.reason = "Early Hints";
  hints.headers.add("Link", "</a>");
  Server server(kGet);
  server.codec.send_informational(1, hints);
  server.codec.send_informational(1, hints);
  const std::string one = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  EXPECT_EQ(server.sink.text, one + one);
  const std::string response = server.answer({}).text;
  server.codec.send_informational(1, hints);
  EXPECT_EQ(server.sink.text, response);

  Server old(kGet10);
  old.codec.send_informational(1, hints);
  EXPECT_EQ(old.sink.text, "");
}

TEST(Rfc9112Section9_6TearDown, ADrainIsToldWithTheNextResponse) {
  Server server(kGet);
  server.codec.start_drain();
  EXPECT_FALSE(server.codec.must_close());
  const Served served = server.answer({});
  EXPECT_THAT(served.text, ::testing::HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(served.closes);
  const Lines before = server.events.lines;
  server.read(kGet);
  EXPECT_EQ(server.events.lines, before) << "no request behind the last one";
}

TEST(Rfc9112Section9_6TearDown, AnEarlyResponseEndsTheConnectionAndTheStream) {
  Server server("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  const Served served = server.answer({.status = 413});
  EXPECT_TRUE(served.closes);
  EXPECT_THAT(served.text, ::testing::HasSubstr("Connection: close\r\n"));
  const Lines before = server.events.lines;
  server.read("defghij");
  server.read(kGet);
  server.codec.feed_eof();
  EXPECT_EQ(server.events.lines, before);
}

TEST(Rfc9112Section9_6TearDown, AnAnswerFromInsideTheBodyEndsTheStream) {
  Server server("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  class Refusing final : public codec::ServerEvents {
   public:
    void on_request(codec::StreamId, RequestHead&) override {}
    void on_request_body(codec::StreamId stream, Bytes) override {
      ++bodies;
      test::answer(*codec, stream, 413);
    }
    void on_request_trailers(codec::StreamId, const Headers&) override { ADD_FAILURE(); }
    void on_request_end(codec::StreamId) override { ADD_FAILURE(); }
    void on_request_error(codec::StreamId, const RequestHead&, Error) override { ADD_FAILURE(); }
    codec::ServerCodec* codec = nullptr;
    int bodies = 0;
  } events;
  StringSink sink;
  codec::Http1ServerCodec codec(events, sink, {});
  events.codec = &codec;
  const std::string_view wire =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n?";
  EXPECT_EQ(codec.feed(wire), wire.size());
  EXPECT_EQ(events.bodies, 1);
  EXPECT_TRUE(codec.must_close());
}

TEST(Rfc9112Section9_3_2Pipelining, TheNextRequestWaitsForTheResponse) {
  const std::string two = std::string(kGet) + std::string(kGet);
  StringSink sink;
  ServerLines events;
  codec::Http1ServerCodec codec(events, sink, {});
  EXPECT_EQ(codec.feed(two), kGet.size());
  EXPECT_EQ(codec.feed(std::string_view(two).substr(kGet.size())), 0U);
  EXPECT_EQ(events.lines.back(), "end 1");
  answer(codec, 1);
  EXPECT_EQ(codec.feed(std::string_view(two).substr(kGet.size())), kGet.size());
  EXPECT_EQ(events.lines.back(), "end 2");
}

TEST(Rfc9112Section9_3_2Pipelining, RequestsAnsweredFromInsideOnRequestAreReadInOneGo) {
  StringSink sink;
  ServerLines events;
  codec::Http1ServerCodec codec(events, sink, {});
  events.on_head = [&](codec::StreamId stream, RequestHead&) { answer(codec, stream); };
  const std::string three = std::string(kGet) + std::string(kGet) + std::string(kGet);
  EXPECT_EQ(codec.feed(three), three.size());
  EXPECT_THAT(events.lines, ElementsAre("request 1 GET / HTTP/1.1 none host=h", "field Host: h",
                                        "request 2 GET / HTTP/1.1 none host=h", "field Host: h",
                                        "request 3 GET / HTTP/1.1 none host=h", "field Host: h"));
  EXPECT_FALSE(codec.must_close());
}

TEST(ServerCodec, AnErrorIsAnsweredOnItsStreamAndEndsTheConnection) {
  Server server("GET / HTTP/1.1\r\n\r\n");
  EXPECT_FALSE(server.codec.must_close());
  const Served served = server.answer({.status = 400, .length = 1, .body = "x"});
  EXPECT_EQ(served.text,
            "HTTP/1.1 400 R\r\nX: y\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
  EXPECT_TRUE(served.closes);
}

TEST(ServerCodec, ARefusedHeadAfterAHeadRequestIsAnsweredWithABody) {
  Server server(kHead);
  answer(server.codec, 1, 200);
  server.read("GET / HTTP/1.1\r\n folded\r\n\r\n");
  EXPECT_EQ(server.events.lines.back(), "error 2 malformed_request");
  server.sink.text.clear();
  server.codec.send_head(2, head_of({.status = 400, .length = 1}));
  server.codec.send_body(2, "x");
  server.codec.send_end(2);
  EXPECT_TRUE(server.sink.text.ends_with("\r\n\r\nx"));
}

TEST(ServerCodec, RefusesOnBehalfOfItsOwner) {
  const Error slow{ErrorCode::request_timeout, Side::downstream, Retry::unsafe, "slow"};
  Server in_head("GET / HT");
  EXPECT_TRUE(in_head.codec.in_head());
  in_head.codec.refuse(slow);
  EXPECT_THAT(in_head.events.lines, ElementsAre("error 1 request_timeout"));
  EXPECT_TRUE(in_head.answer({.status = 408}).closes);

  Server in_body("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
  in_body.codec.refuse(slow);
  EXPECT_EQ(in_body.events.lines.back(), "error 1 request_timeout");

  Server whole(kGet);
  whole.codec.refuse(slow);
  EXPECT_EQ(whole.events.lines.back(), "end 1");
}

TEST(ServerCodec, TellsWhenAHeadHasBegun) {
  Server server("");
  EXPECT_FALSE(server.codec.in_head());
  server.read("\r\n");
  EXPECT_FALSE(server.codec.in_head());
  server.read("G");
  EXPECT_TRUE(server.codec.in_head());
  server.read("ET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_FALSE(server.codec.in_head());
}

TEST(Rfc9112Section8IncompleteMessages, TheEndOfTheClientCutsARequest) {
  for (const std::string_view cut :
       {"G", "GET / HTTP/1.1\r\nHost: h\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    Server server(cut);
    server.codec.feed_eof();
    EXPECT_EQ(server.events.lines.back(), "error 1 client_closed") << cut;
    const std::size_t lines = server.events.lines.size();
    server.codec.feed_eof();
    EXPECT_EQ(server.events.lines.size(), lines);
    const bool head_is_whole = cut.find("\r\n\r\n") != std::string_view::npos;
    EXPECT_EQ(lines == 1, !head_is_whole) << "nothing is told of half a head: " << cut;
  }
  for (const std::string_view whole : {std::string_view(""), std::string_view("\r\n"), kGet}) {
    Server server(whole);
    server.codec.feed_eof();
    EXPECT_EQ(verdict(server.events.lines), "accepted") << whole;
  }
}

TEST(ServerCodec, HeadAndSmallBodyAreOnePiece) {
  Server server(kGet);
  const std::string small(codec::kCopiedPayloadMax, 'x');
  server.answer({.length = small.size(), .body = small});
  EXPECT_EQ(server.sink.borrows, 0);
}

TEST(ServerCodec, IgnoresWhatIsSentForAnotherStreamOrOutOfOrder) {
  Server server(kGet);
  server.codec.send_body(1, "x");
  server.codec.send_end(1);
  server.codec.send_head(2, head_of({}));
  EXPECT_EQ(server.sink.text, "");
  const std::string text = server.answer({.length = 2, .body = "ab"}).text;
  server.codec.send_body(1, "x");
  server.codec.send_end(1);
  server.codec.send_head(1, head_of({}));
  EXPECT_EQ(server.sink.text, text);
}

// ---- Requests ---------------------------------------------------------------------------------

RequestHead post_head(Framing framing, std::uint64_t length = 0) {
  RequestHead head;
  head.method = Method::post;
  head.method_text = "POST";
  head.target = "/a?b";
  head.authority = "h:80";
  head.framing = framing;
  head.content_length = length;
  head.headers.add("X-Spelling", "kept");
  return head;
}

struct Client {
  StringSink sink;
  ClientLines events;
  codec::Http1ClientCodec codec{events, sink, {}};
};

std::string sent(const RequestHead& head, std::string_view body) {
  Client client;
  const codec::StreamId stream = client.codec.send_head(head);
  client.codec.send_body(stream, body);
  client.codec.send_end(stream);
  return client.sink.text;
}

TEST(Rfc9112Section3Request, IsWrittenWithHostAndFramingAnew) {
  const std::string start = "POST /a?b HTTP/1.1\r\nHost: h:80\r\nX-Spelling: kept\r\n";
  EXPECT_EQ(sent(post_head(Framing::none), ""), start + "\r\n");
  EXPECT_EQ(sent(post_head(Framing::content_length, 2), "ab"),
            start + "Content-Length: 2\r\n\r\nab");
  EXPECT_EQ(sent(post_head(Framing::content_length), ""), start + "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(sent(post_head(Framing::chunked), "ab"),
            start + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
}

TEST(Rfc9112Section3Request, FramingFieldsAmongTheHeadersAreNotWritten) {
  RequestHead head = post_head(Framing::content_length, 2);
  head.headers.add("Transfer-Encoding", "chunked");
  head.headers.add("content-length", "7");
  head.headers.add("Host", "other");
  EXPECT_EQ(sent(head, "ab"),
            "POST /a?b HTTP/1.1\r\nHost: h:80\r\nX-Spelling: kept\r\nContent-Length: 2\r\n\r\nab");
}

TEST(Rfc9112Section7_1_2TrailerSection, OfARequestIsWrittenBehindChunks) {
  Client client;
  Headers trailers;
  trailers.add("X-Sum", "1");
  const codec::StreamId stream = client.codec.send_head(post_head(Framing::chunked));
  client.codec.send_body(stream, "ab");
  client.codec.send_trailers(stream, trailers);
  client.codec.send_end(stream);
  EXPECT_TRUE(client.sink.text.ends_with("\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n"));
}

TEST(Rfc9110Section10_1_4Te, IsSentWithItsConnectionOption) {
  RequestHead head = post_head(Framing::none);
  head.headers.add("te", "trailers");
  EXPECT_EQ(sent(head, ""),
            "POST /a?b HTTP/1.1\r\nHost: h:80\r\nX-Spelling: kept\r\nte: trailers\r\n"
            "Connection: TE\r\n\r\n");
}

constexpr std::string_view kEmptyOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

TEST(ClientCodec, IsReusableWhenRequestAndResponseAreOver) {
  Client client;
  EXPECT_TRUE(client.codec.reusable());
  const auto stream = client.codec.send_head(post_head(Framing::content_length, 2));
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_FALSE(client.codec.response_begun());
  client.codec.feed("H");
  EXPECT_TRUE(client.codec.response_begun());
  client.codec.feed(kEmptyOk.substr(1));
  EXPECT_EQ(client.events.lines.back(), "end 1");
  EXPECT_FALSE(client.codec.reusable()) << "the request is still being sent";
  client.codec.send_body(stream, "ab");
  client.codec.send_end(stream);
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientCodec, IsNotReusableAfterARequestThatWasNotAsLongAsPromised) {
  Client client;
  client.codec.send_end(client.codec.send_head(post_head(Framing::content_length, 2)));
  client.codec.feed(kEmptyOk);
  EXPECT_FALSE(client.codec.reusable());
}

TEST(ClientCodec, KnowsInsideTheLastEventWhetherItIsReusable) {
  for (const bool stray : {false, true}) {
    Client client;
    bool reusable = stray;
    client.events.on_end = [&] { reusable = client.codec.reusable(); };
    client.codec.send_end(client.codec.send_head(post_head(Framing::none)));
    client.codec.feed(std::string(kEmptyOk) + (stray ? "HTTP/1.1 200 OK\r\n" : ""));
    EXPECT_EQ(reusable, !stray);
  }
}

TEST(ClientCodec, CanBeUsedAgainFromInsideTheLastEvent) {
  Client client;
  client.events.on_end = [&] {
    client.events.on_end = nullptr;
    client.codec.send_end(client.codec.send_head(post_head(Framing::none)));
  };
  client.codec.send_end(client.codec.send_head(post_head(Framing::none)));
  client.codec.feed(kEmptyOk);
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_FALSE(client.codec.response_begun());
  client.codec.feed(kEmptyOk);
  EXPECT_EQ(client.events.lines.back(), "end 2");
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientCodec, BytesOrAnEndThatNobodyAskedForMakeItUnusable) {
  Client bytes;
  bytes.codec.feed("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_FALSE(bytes.codec.reusable());
  EXPECT_THAT(bytes.events.lines, ElementsAre());
  Client end;
  end.codec.feed_eof();
  EXPECT_FALSE(end.codec.reusable());
  EXPECT_THAT(end.events.lines, ElementsAre());
}

class RetryOf final : public codec::ClientEvents {
 public:
  void on_informational(codec::StreamId, ResponseHead&) override {}
  void on_response(codec::StreamId, ResponseHead&) override {}
  void on_response_body(codec::StreamId, Bytes) override {}
  void on_response_trailers(codec::StreamId, const Headers&) override {}
  void on_response_end(codec::StreamId) override {}
  void on_response_error(codec::StreamId, Error error) override { retry = error.retry; }
  std::optional<Retry> retry;
};

TEST(Rfc9112Section9_3_1Retrying, IsForAReusedConnectionThatClosedWithoutAnyAnswer) {
  const auto retry_of = [](bool reused, std::string_view answer) {
    RetryOf events;
    StringSink sink;
    codec::Http1ClientCodec codec(events, sink, {});
    if (reused) {
      codec.send_end(codec.send_head(post_head(Framing::none)));
      codec.feed(kEmptyOk);
    }
    codec.send_end(codec.send_head(post_head(Framing::none)));
    codec.feed(answer);
    codec.feed_eof();
    return events.retry;
  };
  EXPECT_EQ(retry_of(true, ""), Retry::if_repeatable);
  EXPECT_EQ(retry_of(false, ""), Retry::unsafe);
  EXPECT_EQ(retry_of(true, "H"), Retry::unsafe);
  EXPECT_EQ(retry_of(true, "HTTP/1.1 100 C\r\n\r\n"), Retry::unsafe);
  EXPECT_EQ(retry_of(true, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"), Retry::unsafe);
}

// ---- Memory -----------------------------------------------------------------------------------

TEST(Codecs, OwnLittleWhenIdle) {
  EXPECT_LT(sizeof(codec::Http1ServerCodec), 300U);
  EXPECT_LT(sizeof(codec::Http1ClientCodec), 300U);
}

}  // namespace
}  // namespace banyan::test
