// What a server owes to RFC 9113 where a client does as it should not, frame by frame.
#include "tests/unit/proxy/codec/http2_server_fixture.h"

namespace banyan::codec {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

using Rfc9113 = Http2Server;

// ---- 3 starting -------------------------------------------------------------------------------

TEST_F(Rfc9113, Section3_4TheServerBeginsWithSettings) {
  start();
  const std::vector<Frame> first = frames();
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(text_of(first[0]), "SETTINGS");
}

TEST_F(Rfc9113, Section3_4TheClientBeginsWithSettings) {
  start();
  feed(std::string(kHttp2Preface) + ping());
  EXPECT_EQ(end_of_connection(), "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section3_4AWrongPrefaceEndsTheConnection) {
  start();
  feed("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n" + settings());
  (void)sent();
  EXPECT_TRUE(codec->must_close());
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Rfc9113, Section3_4ThePrefaceMayComeByteByByte) {
  start();
  for (const char c : std::string(kHttp2Preface) + settings() + headers(1, get())) feed({&c, 1});
  EXPECT_THAT(told(), ElementsAre("1 GET /a", "1 end"));
}

// ---- 4 frames ---------------------------------------------------------------------------------

TEST_F(Rfc9113, Section4_1UnknownFramesAreIgnored) {
  open();
  feed(frame(0x42, 0xFF, 7, "anything") + headers(1, get()));
  EXPECT_THAT(told(), ElementsAre("1 GET /a", "1 end"));
}

TEST_F(Rfc9113, Section4_1UnknownFlagsAreIgnored) {
  open();
  feed(frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream | 0x82, 1, hpack(get())));
  EXPECT_THAT(told(), ElementsAre("1 GET /a", "1 end"));
}

TEST_F(Rfc9113, Section4_2FramesAboveTheLargestSizeAreRefused) {
  EXPECT_EQ(end_after(headers(1, post(), 0) + data(1, std::string(16385, 'x'))),
            "FRAME_SIZE_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_SETTINGS, 0, 0, std::string(16386, '\0'))), "FRAME_SIZE_ERROR");
}

TEST_F(Rfc9113, Section4_3AHeadThatCanNotBeDecodedEndsTheConnection) {
  EXPECT_EQ(end_after(frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, "\xff\xff\xff\xff\xff")),
            "COMPRESSION_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream, 1, "\xc0")),
            "COMPRESSION_ERROR");  // no such entry
}

TEST_F(Rfc9113, Section4_3NothingComesBetweenHeadersAndContinuation) {
  const std::string begun = frame(NGHTTP2_HEADERS, kEndStream, 1, hpack(get()));
  for (const std::string& other :
       {ping(), headers(3, get()), frame(NGHTTP2_CONTINUATION, kEndHeaders, 3), data(1, "x"),
        frame(0x42, 0, 0)}) {
    EXPECT_EQ(end_after(begun + other), "PROTOCOL_ERROR");
    EXPECT_THAT(told(), IsEmpty());
  }
}

// ---- 5 streams --------------------------------------------------------------------------------

TEST_F(Rfc9113, Section5_1AnIdleStreamTakesOnlyHeadersAndPriority) {
  EXPECT_EQ(end_after(data(1, "x")), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(rst_stream(1)), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(window_update(1, 1)), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_CONTINUATION, kEndHeaders, 1)), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_PRIORITY, 0, 1, number(0, 5))), "");
}

TEST_F(Rfc9113, Section5_1NothingMoreComesAfterEndStream) {
  open();
  feed(headers(1, get()) + data(1, "x"));
  EXPECT_THAT(sent(), Contains(testing::HasSubstr("STREAM_CLOSED")));
  EXPECT_THAT(told(), testing::Not(Contains("1 body x")));
  EXPECT_EQ(end_after(headers(1, get()) + headers(1, get())), "STREAM_CLOSED");
}

TEST_F(Rfc9113, Section5_1_1StreamsOfClientsAreOddAndAscend) {
  EXPECT_EQ(end_after(headers(2, get())), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(headers(0, get())), "PROTOCOL_ERROR");
  open();
  feed(headers(5, get()));
  respond(5, "x");
  (void)sent();
  // Nobody remembers every stream that ended, and trailers may follow one that we have reset: a
  // number that is too small is not served, and costs.
  feed(headers(3, get()));
  EXPECT_THAT(told(), testing::Not(Contains("3 GET /a")));
  for (int i = 0; i < static_cast<int>(limits.barren_burst); ++i) feed(headers(3, get()));
  EXPECT_EQ(end_of_connection(), "ENHANCE_YOUR_CALM");
}

TEST_F(Rfc9113, Section5_1_2MoreStreamsThanWereAllowedAreNotServed) {
  limits.streams_max = 2;
  open();
  feed(headers(1, get()) + headers(3, get()) + headers(5, get()));
  EXPECT_THAT(told(), testing::Not(Contains("5 GET /a")));
}

TEST_F(Rfc9113, Section5_4_2AResetOfTheClientEndsTheExchange) {
  open();
  feed(headers(1, post(), 0) + rst_stream(1));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 error client_closed", "1 closed"));
  feed(headers(3, get()));
  respond(3, "x");
  EXPECT_THAT(sent(), ElementsAre("HEADERS 3 :status=200", "DATA 3 x END"));
}

TEST_F(Rfc9113, Section5_4_2NoResetAnswersAReset) {
  open();
  feed(headers(1, get()) + rst_stream(1));
  codec->reset(1);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(Rfc9113, Section5_3_2PriorityIsIgnored) {
  open();
  feed(frame(NGHTTP2_HEADERS, kEndHeaders | kEndStream | kPriority, 1,
             number(3, 4) + '\x10' + hpack(get())));
  EXPECT_THAT(told(), ElementsAre("1 GET /a", "1 end"));
}

// ---- 6 frame by frame -------------------------------------------------------------------------

TEST_F(Rfc9113, Section6_1DataBelongsToAStream) {
  EXPECT_EQ(end_after(data(0, "x")), "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section6_1PaddingIsTakenOffAndIsNotLongerThanTheFrame) {
  open();
  feed(headers(1, post(), 0) +
       data(1, std::string("\2abc") + std::string(2, '\0'), kPadded | kEndStream));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 body abc", "1 end"));
  EXPECT_EQ(end_after(headers(1, post(), 0) + data(1,
                                                   "\x03"
                                                   "ab",
                                                   kPadded)),
            "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(headers(1, post(), 0) + data(1, "", kPadded)), "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section6_2PaddingOfHeadersIsNotLongerThanTheFrame) {
  EXPECT_EQ(end_after(frame(NGHTTP2_HEADERS, kEndHeaders | kPadded, 1,
                            "\x7f" + hpack(get()).substr(0, 9))),
            "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section6_3PriorityHasFiveBytesAndAStream) {
  EXPECT_EQ(end_after(frame(NGHTTP2_PRIORITY, 0, 0, number(0, 5))), "PROTOCOL_ERROR");
  open();
  feed(frame(NGHTTP2_PRIORITY, 0, 1, number(0, 4)));
  EXPECT_THAT(sent(), Contains(testing::HasSubstr("FRAME_SIZE_ERROR")));
}

TEST_F(Rfc9113, Section6_4RstStreamHasFourBytesAndAStream) {
  EXPECT_EQ(end_after(frame(NGHTTP2_RST_STREAM, 0, 0, number(0, 4))), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(headers(1, get()) + frame(NGHTTP2_RST_STREAM, 0, 1, number(0, 3))),
            "FRAME_SIZE_ERROR");
}

TEST_F(Rfc9113, Section6_5SettingsAreWholeAndOfTheConnection) {
  EXPECT_EQ(end_after(frame(NGHTTP2_SETTINGS, 0, 1)), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_SETTINGS, 0, 0, "12345")), "FRAME_SIZE_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_SETTINGS, kAck, 0, "123456")), "FRAME_SIZE_ERROR");
}

TEST_F(Rfc9113, Section6_5_2ValuesOutOfRangeAreRefused) {
  EXPECT_EQ(end_after(settings({{NGHTTP2_SETTINGS_ENABLE_PUSH, 2}})), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0x80000000}})),
            "FLOW_CONTROL_ERROR");
  EXPECT_EQ(end_after(settings({{NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 16383}})), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(settings({{NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 1 << 24}})), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(settings({{0x77, 1}})), "");
}

TEST_F(Rfc9113, Section6_5_3SettingsAreAnswered) {
  open();
  feed(settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000}}));
  const std::vector<Frame> said = frames();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(text_of(said[0]), "SETTINGS ACK");
}

TEST_F(Rfc9113, Section6_6ClientsDoNotPush) {
  EXPECT_EQ(
      end_after(headers(1, get()) + frame(NGHTTP2_PUSH_PROMISE, kEndHeaders, 1, number(2, 4))),
      "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section6_7PingIsAnswered) {
  open();
  feed(ping("abcdefgh"));
  const std::vector<Frame> said = frames();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(text_of(said[0]), "PING ACK");
  EXPECT_EQ(said[0].payload, "abcdefgh");
  EXPECT_EQ(end_after(ping("1234567")), "FRAME_SIZE_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_PING, 0, 1, "12345678")), "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section6_8AGoawayOfTheClientEndsTheConnectionBehindItsStreams) {
  open();
  feed(headers(1, get()) + frame(NGHTTP2_GOAWAY, 0, 0, number(0, 8)));
  (void)sent();
  EXPECT_FALSE(codec->must_close());
  respond(1, "x");
  EXPECT_THAT(sent(), Contains("DATA 1 x END"));
  EXPECT_TRUE(codec->must_close());
  EXPECT_EQ(end_after(frame(NGHTTP2_GOAWAY, 0, 1, number(0, 8))), "PROTOCOL_ERROR");
}

TEST_F(Rfc9113, Section6_8DrainNamesTheLastStreamOneRoundTripLater) {
  open();
  feed(headers(1, get()));
  codec->start_drain();
  std::vector<std::string> said = sent();
  EXPECT_THAT(said, ElementsAre("GOAWAY 2147483647 NO_ERROR", "PING"));
  feed(headers(3, get()));  // was on its way
  EXPECT_THAT(told(), Contains("3 GET /a"));
  feed(ping("draining", kAck));
  EXPECT_THAT(sent(), ElementsAre("GOAWAY 3 NO_ERROR"));
  feed(headers(5, get()));
  EXPECT_THAT(told(), testing::Not(Contains("5 GET /a")));
  respond(1, "one");
  respond(3, "three");
  EXPECT_THAT(sent(), testing::IsSupersetOf({"DATA 1 one END", "DATA 3 three END"}));
  EXPECT_TRUE(codec->must_close());
}

TEST_F(Rfc9113, Section6_9WindowsGrowByAtLeastOneAndAtMostTo31Bits) {
  EXPECT_EQ(end_after(window_update(0, 0)), "PROTOCOL_ERROR");
  EXPECT_EQ(end_after(window_update(0, 0x7FFFFFFF)), "FLOW_CONTROL_ERROR");
  EXPECT_EQ(end_after(frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(1, 3))), "FRAME_SIZE_ERROR");
  open();
  feed(headers(1, get()) + window_update(1, 0));
  EXPECT_THAT(sent(), Contains(testing::HasSubstr("PROTOCOL_ERROR")));
  open();
  feed(headers(1, get()) + window_update(1, 0x7FFFFFFF));
  EXPECT_THAT(sent(), Contains("RST_STREAM 1 FLOW_CONTROL_ERROR"));
}

TEST_F(Rfc9113, Section6_9NoMoreIsSentThanTheWindowsAllow) {
  start();
  feed(std::string(kHttp2Preface) + settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 3}}) +
       settings_ack());
  (void)sent();
  feed(headers(1, get()));
  respond(1, "abcdefgh");
  EXPECT_THAT(sent(), ElementsAre("HEADERS 1 :status=200", "DATA 1 abc"));
  EXPECT_EQ(codec->unsent(1), 5U);
  feed(window_update(1, 2));
  EXPECT_THAT(sent(), ElementsAre("DATA 1 de"));
  feed(settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4}}));  // §6.9.2: by one more
  EXPECT_THAT(sent(), ElementsAre("DATA 1 f"));
  feed(window_update(1, 100));
  EXPECT_THAT(sent(), ElementsAre("DATA 1 gh END"));
  EXPECT_THAT(told(), Contains("1 closed"));
}

TEST_F(Rfc9113, Section6_9_1MoreThanTheWindowEndsTheStreamOrTheConnection) {
  limits.stream_window = 65'535;
  open();
  feed(headers(1, post(), 0));
  codec->pause(1);
  for (int i = 0; i < 4; ++i) feed(data(1, std::string(16'384, 'x')));
  feed(data(1, "x"));
  const std::vector<std::string> said = sent();
  EXPECT_THAT(said, Contains(testing::HasSubstr("FLOW_CONTROL_ERROR")));
}

TEST_F(Rfc9113, Section6_9_1WindowsOpenWhenBytesWerePassedOn) {
  limits.stream_window = 65'535;
  open();
  feed(headers(1, post(), 0));
  codec->pause(1);
  for (int i = 0; i < 3; ++i) feed(data(1, std::string(16'384, 'x')));
  for (const Frame& f : frames()) EXPECT_NE(f.type, NGHTTP2_WINDOW_UPDATE);
  codec->resume(1);
  std::vector<std::string> said;
  for (const Frame& f : frames()) said.push_back(text_of(f));
  EXPECT_THAT(said, ElementsAre("WINDOW_UPDATE 1 49152"));
}

TEST_F(Rfc9113, Section6_9TheConnectionsWindowSurvivesStreamsThatEndUnread) {
  limits.connection_window = 65'535;
  open();
  std::size_t given = 0;
  for (StreamId id = 1; id < 21; id += 2) {
    feed(headers(id, post(), 0));
    codec->pause(id);
    feed(data(id, std::string(16'000, 'x')));
    feed(rst_stream(id));
    for (const Frame& f : frames()) {
      if (f.type == NGHTTP2_WINDOW_UPDATE && f.stream == 0) given += f.number_at(0);
    }
  }
  EXPECT_GT(given, 160'000U - 65'535U);
}

TEST_F(Rfc9113, Section6_10ContinuationFollowsHeaders) {
  open();
  const std::string section = hpack(get());
  feed(frame(NGHTTP2_HEADERS, kEndStream, 1, section.substr(0, 10)) +
       frame(NGHTTP2_CONTINUATION, 0, 1, section.substr(10, 7)) +
       frame(NGHTTP2_CONTINUATION, kEndHeaders, 1, section.substr(17)));
  EXPECT_THAT(told(), ElementsAre("1 GET /a", "1 end"));
  EXPECT_EQ(
      end_after(headers(1, get()) + frame(NGHTTP2_CONTINUATION, kEndHeaders, 1, hpack(get()))),
      "PROTOCOL_ERROR");
}

// ---- 8 messages -------------------------------------------------------------------------------

TEST_F(Rfc9113, Section8_1ARequestHasHeadBodyAndTrailers) {
  open();
  feed(headers(1, post(), 0) + data(1, "ab") + data(1, "c") + headers(1, {{"x", "y"}}));
  EXPECT_THAT(told(),
              ElementsAre("1 POST /a", "1 body ab", "1 body c", "1 trailers x: y\r\n", "1 end"));
}

TEST_F(Rfc9113, Section8_1AResponseHasHeadBodyAndTrailers) {
  open();
  feed(headers(1, get()));
  codec->send_informational(1, head_of(103));
  codec->send_head(1, head_of(200));
  codec->send_body(1, "body");
  Headers trailers;
  trailers.add("Grpc-Status", "0");
  codec->send_trailers(1, trailers);
  codec->send_end(1);
  EXPECT_THAT(sent(), ElementsAre("HEADERS 1 :status=103", "HEADERS 1 :status=200", "DATA 1 body",
                                  "HEADERS 1 grpc-status=0 END"));
}

TEST_F(Rfc9113, Section8_1TrailersWithoutABodyAreTrailers) {
  open();
  feed(headers(1, get()));
  codec->send_head(1, head_of(200));
  Headers trailers;
  trailers.add("grpc-status", "5");
  codec->send_trailers(1, trailers);
  codec->send_end(1);
  const std::vector<std::string> said = sent();
  EXPECT_EQ(said.front(), "HEADERS 1 :status=200");
  EXPECT_EQ(said.back(), "HEADERS 1 grpc-status=5 END");
}

TEST_F(Rfc9113, Section8_1FieldsBehindTheHeadEndTheRequest) {
  open();
  feed(headers(1, post(), 0) + headers(1, {{"x", "y"}}, 0));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 error malformed_request"));
  EXPECT_THAT(sent(), Contains("RST_STREAM 1 PROTOCOL_ERROR"));
}

TEST_F(Rfc9113, Section8_1AnEarlyAnswerEndsWithResetNoError) {
  open();
  feed(headers(1, post(), 0) + data(1, "a"));
  respond(1, "x");
  EXPECT_THAT(sent(),
              ElementsAre("HEADERS 1 :status=200", "DATA 1 x END", "RST_STREAM 1 NO_ERROR"));
  (void)told();
  feed(data(1, "b"));
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_FALSE(codec->must_close());
}

TEST_F(Rfc9113, Section8_1ACutOffResponseNeverEndsTheStream) {
  open();
  feed(headers(1, get()));
  codec->send_head(1, head_of(200));
  codec->send_body(1, "half");
  codec->reset(1);
  for (const Frame& f : frames()) EXPECT_FALSE(f.ends_stream()) << text_of(f);
  feed(headers(3, get()));
  codec->send_head(3, head_of(200, 10));
  codec->send_body(3, "half");
  codec->send_end(3);  // less than was promised
  const std::vector<Frame> said = frames();
  for (const Frame& f : said) EXPECT_FALSE(f.ends_stream()) << text_of(f);
  EXPECT_EQ(text_of(said.back()), "RST_STREAM 3 INTERNAL_ERROR");
}

TEST_F(Rfc9113, Section8_1_1AMalformedRequestIsAnsweredAndReset) {
  for (const Fields& more :
       {Fields{{"X", "1"}}, Fields{{"connection", "close"}}, Fields{{"a", "b\r\nc: d"}},
        Fields{{"te", "gzip"}}, Fields{{":late", "1"}}, Fields{{"content-length", "x"}}}) {
    open();
    feed(headers(1, post(more), 0));
    EXPECT_THAT(told(), ElementsAre(testing::StartsWith("1 error "))) << more[0].first;
    EXPECT_THAT(sent(), ElementsAre("HEADERS 1 :status=400 content-length=0", "DATA 1  END",
                                    "RST_STREAM 1 PROTOCOL_ERROR"));
    EXPECT_FALSE(codec->must_close());
  }
}

TEST_F(Rfc9113, Section8_1_1TheBodyIsAsLongAsItsContentLength) {
  const Fields three = post({{"content-length", "3"}});
  open();
  feed(headers(1, three, 0) + data(1, "abc", kEndStream));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 body abc", "1 end"));
  open();
  feed(headers(1, three, 0) + data(1, "ab", kEndStream));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 body ab", "1 error bad_framing"));
  open();
  feed(headers(1, three, 0) + data(1, "ab") + data(1, "cd"));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 body ab", "1 error bad_framing"));
  open();
  feed(headers(1, three, 0) + data(1, "ab") + headers(1, {{"x", "y"}}));
  EXPECT_THAT(told(), ElementsAre("1 POST /a", "1 body ab", "1 error bad_framing"));
  open();
  feed(headers(1, three));
  EXPECT_THAT(told(), ElementsAre("1 error bad_framing"));
}

TEST_F(Rfc9113, Section8_1_1TrailersAreCheckedAsHeadsAre) {
  for (const Fields& bad :
       {Fields{{":path", "/"}}, Fields{{"X", "y"}}, Fields{{"content-length", "1"}}}) {
    open();
    feed(headers(1, post(), 0) + headers(1, bad));
    EXPECT_THAT(told(), ElementsAre("1 POST /a", testing::StartsWith("1 error ")));
  }
}

TEST_F(Rfc9113, Section8_6AResponseHeadIsNotSaidTwice) {
  open();
  feed(headers(1, get()));
  respond(1, "x");
  codec->send_head(1, head_of(500));
  codec->send_informational(1, head_of(103));
  EXPECT_THAT(sent(), ElementsAre("HEADERS 1 :status=200", "DATA 1 x END"));
}

TEST_F(Rfc9113, Section8_1HeadAndNotModifiedHaveNoBody) {
  open();
  Fields head = get();
  head[0].second = "HEAD";
  feed(headers(1, head));
  codec->send_head(1, head_of(200, 5));
  codec->send_body(1, "hello");
  codec->send_end(1);
  EXPECT_THAT(sent(), ElementsAre("HEADERS 1 :status=200 content-length=5 END"));
}

// ---- 10.5 what a client may cost --------------------------------------------------------------

std::string many(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_F(Rfc9113, Section10_5FloodsEndTheConnection) {
  const int enough = static_cast<int>(limits.barren_burst) + 100;
  const std::string post_1 = headers(1, post(), 0);
  EXPECT_EQ(end_after(many(settings({{3, 100}}), enough)), "ENHANCE_YOUR_CALM");
  EXPECT_EQ(end_after(many(window_update(0, 1), enough)), "ENHANCE_YOUR_CALM");
  EXPECT_EQ(end_after(post_1 + many(data(1, ""), enough)), "ENHANCE_YOUR_CALM");
  const std::string padding =
      frame(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, number(3, 1) + number(0, 3));
  EXPECT_EQ(end_after(post_1 + many(padding, enough)), "ENHANCE_YOUR_CALM");
  EXPECT_EQ(end_after(many(frame(NGHTTP2_PRIORITY, 0, 1, number(0, 5)), enough)),
            "ENHANCE_YOUR_CALM");
  for (const std::uint8_t unknown : std::initializer_list<std::uint8_t>{0x0A, 0x10, 0x42, 0xFF}) {
    EXPECT_EQ(end_after(many(frame(unknown, 0, 1, "anything"), enough)), "ENHANCE_YOUR_CALM");
  }
}

TEST_F(Rfc9113, Section10_5TheBudgetOfFramesIsTheOneThatIsSet) {
  limits.barren_burst = 20;
  open();  // whose SETTINGS and acknowledgement count
  feed(many(ping(), 15));
  EXPECT_EQ(end_of_connection(), "");
  feed(many(ping(), 10));
  EXPECT_EQ(end_of_connection(), "ENHANCE_YOUR_CALM");
}

TEST_F(Rfc9113, Section10_5TheBudgetOfForcedResetsIsTheOneThatIsSet) {
  limits.forced_reset_burst = 2;
  open();
  for (const StreamId id : {1U, 3U}) feed(headers(id, get()) + window_update(id, 0x7FFFFFFF));
  EXPECT_EQ(end_of_connection(), "");
  feed(headers(5, get()) + window_update(5, 0x7FFFFFFF));
  EXPECT_EQ(end_of_connection(), "ENHANCE_YOUR_CALM");
}

TEST_F(Rfc9113, Section10_5PingsMayKeepAConnectionAlive) {
  open();
  SteadyTime now = SteadyTime{} + std::chrono::hours(1);
  for (int i = 0; i < 3'000; ++i) {
    codec->set_time(now);
    feed(ping());
    (void)sent();
    now += std::chrono::seconds(1);
  }
  EXPECT_FALSE(codec->must_close());
}

TEST_F(Rfc9113, Section10_5AnswersThatNobodyReadsAreBounded) {
  open();
  codec->block(true);
  feed(many(ping(), static_cast<int>(Http2ServerCodec::kAnswersMax) + 10));
  codec->block(false);
  (void)sent();
  EXPECT_TRUE(codec->must_close());
}

TEST_F(Rfc9113, Section10_5RapidResetEndsTheConnection) {
  limits.reset_burst = 20;
  limits.reset_rate = 1;
  open();
  for (StreamId id = 1; id < 81; id += 2) feed(headers(id, get()) + rst_stream(id));
  EXPECT_NE(end_of_connection(), "");
}

TEST_F(Rfc9113, Section10_5ResetsThatWeAreMadeToSendEndTheConnection) {
  open();
  const auto resets = static_cast<StreamId>(limits.forced_reset_burst);
  std::string code;
  for (StreamId i = 0; i < resets + 10 && code.empty(); ++i) {
    feed(headers(2 * i + 1, get()) + window_update(2 * i + 1, 0x7FFFFFFF));
    for (const std::string& text : sent()) {
      if (text.starts_with("GOAWAY")) code = text;
    }
  }
  EXPECT_THAT(code, testing::EndsWith("ENHANCE_YOUR_CALM"));
  EXPECT_TRUE(codec->must_close());
}

TEST_F(Rfc9113, Section10_5_1ALargeHeadIs431AndALongTarget414) {
  limits.head = {.header_bytes_max = 1024, .header_count_max = 5, .url_bytes_max = 256};
  open();
  feed(headers(1, get({{"x", std::string(1024, 'x')}})));
  EXPECT_THAT(told(), ElementsAre("1 error head_too_large"));
  feed(headers(3, get({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}, {"f", "6"}})));
  EXPECT_THAT(told(), Contains("3 error head_too_large"));
  feed(headers(5, get({}, "/" + std::string(256, 'x'))));
  EXPECT_THAT(told(), Contains("5 error url_too_long"));
  EXPECT_THAT(sent(), testing::IsSupersetOf({"HEADERS 1 :status=431 content-length=0",
                                             "HEADERS 3 :status=431 content-length=0",
                                             "HEADERS 5 :status=414 content-length=0"}));
}

TEST_F(Rfc9113, Section10_5_1ContinuationWithoutEndEndsTheConnection) {
  EXPECT_NE(end_after(frame(NGHTTP2_HEADERS, kEndStream, 1, hpack(get())) +
                      many(frame(NGHTTP2_CONTINUATION, 0, 1, hpack({{"a", "b"}})), 50)),
            "");
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Rfc9113, Section10_5_1AFieldThatOneByteRepeatsIsBounded) {
  open();
  // An entry of the dynamic table, then references to it.
  const std::string bomb =
      hpack(get()) + "\x40" + hpack_text("x") + hpack_text(std::string(3'000, 'x'));
  feed(frame(NGHTTP2_HEADERS, kEndStream | kEndHeaders, 1, bomb + std::string(10'000, '\xbe')));
  EXPECT_EQ(end_of_connection(), "ENHANCE_YOUR_CALM");
  for (const std::string& event : told()) EXPECT_EQ(event.find("GET"), event.npos) << event;
}

// ---- what waits -------------------------------------------------------------------------------

TEST_F(Http2Server, AResponseLeavesInTwoFramesAndByReference) {
  open();
  feed(headers(1, get()));
  const std::string body(10'000, 'b');
  respond(1, body, body.size());
  EXPECT_THAT(sent(),
              ElementsAre("HEADERS 1 :status=200 content-length=10000", "DATA 1 " + body + " END"));
  EXPECT_EQ(sink.borrowed, body.size());
}

TEST_F(Http2Server, AStreamThatIsNotReadIsBlockedAlone) {
  start();
  feed(std::string(kHttp2Preface) + settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}) +
       settings_ack() + headers(1, get()) + headers(3, get()) + window_update(3, 100'000));
  (void)sent();
  (void)told();
  const std::string piece(10'000, 'x');
  for (const StreamId id : {1U, 3U}) codec->send_head(id, head_of(200));
  for (int i = 0; i < 8; ++i) {
    codec->send_body(1, piece);
    codec->send_body(3, piece);
    codec->flush();
  }
  EXPECT_THAT(told(), ElementsAre("1 blocked"));
  EXPECT_EQ(codec->unsent(1), 80'000U);
  feed(window_update(1, 70'000) + window_update(0, 200'000));
  (void)sent();
  EXPECT_THAT(told(), ElementsAre("1 writable"));
}

TEST_F(Http2Server, TheHeldBytesOfAConnectionAreBounded) {
  limits.streams_max = 100;
  start();
  feed(std::string(kHttp2Preface) + settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}) +
       settings_ack());
  const std::string piece(60'000, 'x');
  for (StreamId id = 1; id < 41; id += 2) {
    feed(headers(id, get()));
    codec->send_head(id, head_of(200));
    codec->send_body(id, piece);
  }
  const auto blocked = [](const std::vector<std::string>& all) {
    return std::count_if(all.begin(), all.end(),
                         [](const auto& e) { return e.ends_with("blocked"); });
  };
  EXPECT_EQ(blocked(told()), 20 - static_cast<int>(Http2ServerCodec::kHeldMax / piece.size()));
}

TEST_F(Http2Server, WhatWasHeldForAStreamThatTheClientResetIsForgotten) {
  start();
  feed(std::string(kHttp2Preface) + settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}) +
       settings_ack() + headers(1, get()));
  codec->send_head(1, head_of(200));
  codec->send_body(1, std::string(50'000, 'x'));
  feed(rst_stream(1) + headers(3, get()));
  (void)told();
  codec->send_head(3, head_of(200));
  codec->send_body(3, std::string(50'000, 'x'));
  EXPECT_THAT(told(), IsEmpty());  // not blocked
}

TEST_F(Http2Server, TheEndOfTheConnectionEndsEveryExchange) {
  open();
  feed(headers(1, post(), 0) + headers(3, get()) + "garbage that is no frame at all");
  (void)sent();
  codec->feed_eof();
  EXPECT_THAT(told(), testing::IsSupersetOf({"1 error client_closed", "3 error client_closed"}));
}

TEST_F(Http2Server, AHeadThatIsTooSlowIsAnsweredAndTheConnectionEnds) {
  open();
  feed(frame(NGHTTP2_HEADERS, kEndStream, 1, hpack(get())));
  EXPECT_TRUE(codec->in_head());
  codec->refuse({ErrorCode::request_timeout, Side::downstream, Retry::unsafe, {}});
  EXPECT_FALSE(codec->in_head());
  EXPECT_THAT(told(), Contains("1 error request_timeout"));
  const std::vector<std::string> said = sent();
  EXPECT_THAT(said, Contains("HEADERS 1 :status=408 content-length=0"));
  EXPECT_TRUE(codec->must_close());
}

}  // namespace
}  // namespace banyan::codec
