#include <string>
#include <vector>

#include "tests/unit/proxy/codec/http2_client_fixture.h"

namespace banyan::codec {
namespace {

namespace h2 = test::http2;
using Frame = h2::Frame;
using Rfc9113Client = Http2ClientTest;

std::string ok(StreamId stream, int flags = h2::kEndStream) {
  return h2::headers(stream, {{":status", "200"}}, flags);
}

// ---- connection -------------------------------------------------------------------------------

TEST_F(Rfc9113Client, Rfc9113_3_4_ThePrefaceComesFirstWithSettings) {
  test::StringSink fresh;
  Http2ClientCodec codec(*this, fresh, {});
  codec.start();
  EXPECT_TRUE(fresh.text.starts_with(h2::kPreface));
  const auto frames = h2::Reader().read(fresh.text);
  ASSERT_GE(frames.size(), 2U);
  EXPECT_EQ(frames[0].type, h2::kSettings);
  EXPECT_EQ(frames[1].type, h2::kWindowUpdate);
  EXPECT_FALSE(codec.settled());
}

TEST_F(Rfc9113Client, Rfc9113_6_5_2_PushIsTurnedOff) {
  test::StringSink fresh;
  Http2ClientCodec codec(*this, fresh, {});
  codec.start();
  const std::string push_off = h2::number(h2::kEnablePush, 2) + h2::number(0, 4);
  EXPECT_NE(fresh.text.find(push_off), std::string::npos);
}

TEST_F(Rfc9113Client, Rfc9113_6_5_3_SettingsAreAcknowledged) {
  feed(h2::settings({{h2::kMaxConcurrentStreams, 7}}));
  EXPECT_TRUE(client->settled());
  EXPECT_EQ(client->streams_max(), 7U);
  const auto frames = said(h2::kSettings);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].flags, h2::kAck);
}

TEST_F(Rfc9113Client, Rfc9113_6_7_APingIsAnswered) {
  feed(h2::ping("abcdefgh"));
  const auto frames = said(h2::kPing);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].flags, h2::kAck);
  EXPECT_EQ(frames[0].payload, "abcdefgh");
}

TEST_F(Rfc9113Client, Rfc9113_3_4_WhoSpeaksNoHttp2IsFoundOut) {
  for (const char* says : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"}) {
    Http2ClientCodec codec(*this, sink, {});
    codec.start();
    codec.feed(says);
    EXPECT_TRUE(codec.failed()) << says;
    EXPECT_FALSE(codec.settled());
  }
}

// ---- what leaves when -------------------------------------------------------------------------

TEST_F(Rfc9113Client, ASmallRequestWaitsForTheFlushAndLeavesInTwoFrames) {
  flushes_at_once = false;
  const StreamId stream = begin_upload();
  client->send_body(stream, "bo");
  client->send_body(stream, "dy");
  client->send_end(stream);
  EXPECT_EQ(sink.text, "");
  client->flush();
  const std::vector<Frame> frames = said();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].type, h2::kHeaders);
  EXPECT_EQ(frames[1].payload, "body");
  EXPECT_TRUE(frames[1].ends_stream());
}

TEST_F(Rfc9113Client, LargePayloadDoesNotWait) {
  flushes_at_once = false;
  const StreamId stream = begin_upload();
  client->send_body(stream, std::string(20'000, 'x'));
  EXPECT_GT(sink.text.size(), 20'000U);
  EXPECT_EQ(client->held(stream), 0U);
}

TEST_F(Rfc9113Client, ARequestThatIsCancelledBeforeTheFlushIsNeverSent) {
  flushes_at_once = false;
  client->cancel(begin_upload());
  client->flush();
  EXPECT_TRUE(said(h2::kHeaders).empty());
}

TEST_F(Rfc9113Client, ARequestThatWaitedForTheFlushMayBeSentAgain) {
  flushes_at_once = false;
  const StreamId stream = ask();
  client->feed_eof();
  ASSERT_TRUE(answer(stream).error);
  EXPECT_EQ(answer(stream).error->retry, Retry::safe);
}

// ---- requests ---------------------------------------------------------------------------------

TEST_F(Rfc9113Client, Rfc9113_8_3_1_ARequestIsItsPseudoFieldsAndLowerCaseNames) {
  RequestHead head = request();
  head.headers.add("X-User-ID", "7");
  head.headers.add("te", "trailers");
  EXPECT_EQ(client->send_head(head), 1U);
  const auto frames = said(h2::kHeaders);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(frames[0].ends_stream());
  const h2::Fields want{{":method", "GET"}, {":scheme", "http"}, {":authority", "shop.test"},
                        {":path", "/a?b"},  {"x-user-id", "7"},  {"te", "trailers"}};
  EXPECT_EQ(server->fields(frames[0]), want);
}

TEST_F(Rfc9113Client, Rfc9113_8_1_ABodyFollowsItsHeadAndEndsTheStream) {
  const StreamId stream = begin_upload();
  client->send_body(stream, "hello ");
  client->send_body(stream, "world");
  client->send_end(stream);
  const auto frames = said();
  ASSERT_GE(frames.size(), 3U);
  EXPECT_EQ(frames[0].type, h2::kHeaders);
  EXPECT_FALSE(frames[0].ends_stream());
  std::string body;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].type, h2::kData);
    EXPECT_EQ(frames[i].ends_stream(), i + 1 == frames.size());
    body += frames[i].payload;
  }
  EXPECT_EQ(body, "hello world");
}

TEST_F(Rfc9113Client, Rfc9113_8_1_TrailersEndTheStream) {
  const StreamId stream = begin_upload();
  client->send_body(stream, "hello");
  Headers trailers;
  trailers.add("X-Checksum", "1");
  client->send_trailers(stream, trailers);
  client->send_end(stream);
  const auto frames = said();
  ASSERT_GE(frames.size(), 3U);
  EXPECT_EQ(frames.back().type, h2::kHeaders);
  EXPECT_TRUE(frames.back().ends_stream());
  EXPECT_FALSE(frames[1].ends_stream());
  (void)server->fields(frames[0]);
  EXPECT_EQ(server->fields(frames.back()), (h2::Fields{{"x-checksum", "1"}}));
}

TEST_F(Rfc9113Client, Rfc9113_5_1_1_StreamsAreOddAndCountUp) {
  EXPECT_EQ(ask(), 1U);
  EXPECT_EQ(ask(), 3U);
  EXPECT_EQ(ask(), 5U);
}

TEST_F(Rfc9113Client, ALargeBodyIsBorrowedAndNotCopied) {
  const StreamId stream = begin_upload();
  sink.borrows = 0;
  const std::string body(20'000, 'x');
  client->send_body(stream, body);
  EXPECT_EQ(sink.borrows, 2);  // as many as DATA frames
  EXPECT_EQ(client->held(stream), 0U);
}

// ---- responses --------------------------------------------------------------------------------

TEST_F(Rfc9113Client, Rfc9113_8_1_AnAnswerIsHeadBodyTrailersEnd) {
  const StreamId stream = ask();
  feed(h2::headers(stream, {{":status", "200"}, {"content-type", "text/plain"}}) +
       h2::data(stream, "hello ") + h2::data(stream, "world") +
       h2::headers(stream, {{"grpc-status", "0"}}, h2::kEndStream));
  const Answer& a = answer(stream);
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.framing, Framing::chunked);
  EXPECT_EQ(a.fields, "content-type: text/plain\n");
  EXPECT_EQ(a.body, "hello world");
  EXPECT_EQ(a.trailers, "grpc-status: 0\n");
  EXPECT_TRUE(a.ended);
}

TEST_F(Rfc9113Client, AnAnswerIsTheSameHoweverItIsCut) {
  const StreamId stream = ask();
  const std::string wire = h2::headers(stream, {{":status", "200"}, {"content-length", "5"}}) +
                           h2::data(stream, "hello", h2::kEndStream);
  for (const char c : wire) feed(std::string_view(&c, 1));
  EXPECT_EQ(answer(stream).body, "hello");
  EXPECT_EQ(answer(stream).framing, Framing::content_length);
  EXPECT_TRUE(answer(stream).ended);
}

TEST_F(Rfc9113Client, AnswersOfManyStreamsAreToldApart) {
  const StreamId a = ask(), b = ask(), c = ask();
  feed(h2::headers(b, {{":status", "201"}}) + h2::headers(a, {{":status", "200"}}) +
       h2::data(b, "b") + h2::data(a, "a") + h2::headers(c, {{":status", "204"}}, h2::kEndStream) +
       h2::data(a, "a", h2::kEndStream) + h2::data(b, "b", h2::kEndStream));
  EXPECT_EQ(answer(a).body, "aa");
  EXPECT_EQ(answer(b).body, "bb");
  EXPECT_EQ(answer(b).status, 201);
  EXPECT_EQ(answer(c).status, 204);
  for (const StreamId s : {a, b, c}) EXPECT_TRUE(answer(s).ended);
}

TEST_F(Rfc9113Client, Rfc9113_8_1_AnAnswerThatComesEarlyStopsTheUpload) {
  const StreamId stream = begin_upload();
  when_over = [&](StreamId s) { client->cancel(s); };
  feed(h2::headers(stream, {{":status", "413"}}, h2::kEndStream));
  EXPECT_EQ(answer(stream).status, 413);
  EXPECT_TRUE(answer(stream).ended);
  const auto resets = said(h2::kRstStream);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code(), h2::kCancel);
}

TEST_F(Rfc9113Client, Rfc9113_8_1_AResetWithoutErrorBehindAnAnswerIsNone) {
  const StreamId stream = begin_upload();
  feed(ok(stream) + h2::rst_stream(stream, h2::kNoError));
  EXPECT_TRUE(answer(stream).ended);
  client->send_body(stream, "nobody takes it");
  EXPECT_TRUE(said(h2::kData).empty());
}

TEST_F(Rfc9113Client, Rfc9110_15_2_InformationalHeadsComeBeforeTheAnswer) {
  const StreamId stream = ask();
  feed(h2::headers(stream, {{":status", "103"}}) + h2::headers(stream, {{":status", "100"}}) +
       ok(stream));
  EXPECT_EQ(answer(stream).informational, 2);
  EXPECT_EQ(answer(stream).status, 200);
}

TEST_F(Rfc9113Client, InformationalHeadsAreBounded) {
  const StreamId stream = ask();
  std::string many;
  for (unsigned i = 0; i <= kInformationalMax; ++i) {
    many += h2::headers(stream, {{":status", "103"}});
  }
  feed(many);
  EXPECT_EQ(answer(stream).reason(), "upstream_malformed");
}

TEST_F(Rfc9113Client, Rfc9110_9_3_2_AnAnswerToHeadHasALengthAndNoBody) {
  const StreamId stream = client->send_head(request("HEAD"));
  feed(h2::headers(stream, {{":status", "200"}, {"content-length", "10"}}, h2::kEndStream));
  EXPECT_TRUE(answer(stream).ended);
  EXPECT_EQ(answer(stream).framing, Framing::none);
  EXPECT_EQ(answer(stream).content_length, 10U);
}

TEST_F(Rfc9113Client, Rfc9110_15_4_5_NotModifiedHasALengthAndNoBody) {
  const StreamId stream = ask();
  feed(h2::headers(stream, {{":status", "304"}, {"content-length", "10"}}) +
       h2::data(stream, "", h2::kEndStream));
  EXPECT_TRUE(answer(stream).ended);
}

// ---- what is refused --------------------------------------------------------------------------

TEST_F(Rfc9113Client, Rfc9113_8_1_1_WhatIsMalformedIsAStreamError) {
  const h2::Fields ok_head{{":status", "200"}};
  const auto head = [](h2::Fields fields, int flags = h2::kEndStream) {
    return [=](StreamId s) { return h2::headers(s, fields, flags); };
  };
  const std::vector<std::function<std::string(StreamId)>> cases{
      head({}),
      head({{"content-type", "a"}}),
      head({{":status", "20"}}),
      head({{":status", "2000"}}),
      head({{":status", "099"}}),
      head({{":status", "600"}}),
      head({{":status", "101"}}, 0),
      head({{":status", "103"}}),  // with END_STREAM
      head({{":status", "200"}, {":status", "200"}}),
      head({{"a", "b"}, {":status", "200"}}),
      head({{":status", "200"}, {":path", "/"}}),
      head({{":status", "200"}, {"Upper", "b"}}),
      head({{":status", "200"}, {"connection", "close"}}),
      head({{":status", "200"}, {"transfer-encoding", "chunked"}}),
      head({{":status", "200"}, {"a", "b\r\nc: d"}}),
      head({{":status", "200"}, {"a", " b"}}),
      head({{":status", "200"}, {"content-length", "5"}}),
      head({{":status", "200"}, {"content-length", "x"}}),
      [&](StreamId s) {
        return h2::headers(s, ok_head) + h2::headers(s, {{"a", "b"}});
      },
      [&](StreamId s) {
        return h2::headers(s, ok_head) + h2::headers(s, {{":status", "200"}}, h2::kEndStream);
      },
      [](StreamId s) {
        return h2::headers(s, {{":status", "200"}, {"content-length", "5"}}) +
               h2::data(s, "toolong");
      },
      [](StreamId s) {
        return h2::headers(s, {{":status", "200"}, {"content-length", "5"}}) +
               h2::data(s, "less", h2::kEndStream);
      },
      [](StreamId s) {
        return h2::headers(s, {{":status", "204"}}) + h2::data(s, "body");
      },
  };
  const StreamId other = ask();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const StreamId stream = ask();
    (void)said();
    feed(cases[i](stream));
    EXPECT_EQ(answer(stream).reason(), "upstream_malformed") << i;
    const auto resets = said(h2::kRstStream);
    ASSERT_EQ(resets.size(), 1U) << i;
    EXPECT_EQ(resets[0].code(), h2::kProtocolError);
    EXPECT_FALSE(answer(other).over());
  }
  feed(ok(other));
  EXPECT_TRUE(answer(other).ended);
}

TEST_F(Rfc9113Client, Rfc9113_5_4_1_AConnectionErrorEndsEveryStream) {
  const std::string push = h2::frame(h2::kPushPromise, h2::kEndHeaders, 1,
                                     h2::number(2, 4) + h2::section({{":method", "GET"}}));
  const std::vector<std::string> cases{
      h2::data(0, "x"),
      h2::data(1, "before its head"),
      h2::frame(h2::kSettings, 0, 1, ""),
      h2::frame(h2::kSettings, 0, 0, "12345"),
      h2::frame(h2::kPing, 0, 0, "short"),
      h2::frame(h2::kHeaders, h2::kEndHeaders, 1, std::string("\xff\xff\xff\xff\xff\xff", 6)),
      h2::frame(h2::kContinuation, h2::kEndHeaders, 1, ""),
      h2::rst_stream(99, h2::kCancel),
      h2::window_update(0, 0x7fffffff),
      h2::headers(2, {{":status", "200"}}),
      h2::frame(h2::kData, 0, 1, std::string(16385, 'x')),
      push,
  };
  for (const std::string& bad : cases) {
    answers.clear();
    make();
    const StreamId stream = ask();
    feed(bad);
    EXPECT_TRUE(client->failed());
    EXPECT_EQ(answer(stream).reason(), "upstream_malformed");
    EXPECT_FALSE(client->reusable());
    EXPECT_EQ(said(h2::kGoaway).size(), 1U);
  }
}

TEST_F(Rfc9113Client, AHeadThatIsTooLargeIsRefusedAndTheConnectionGoesOn) {
  make({.header_bytes_max = 200, .header_count_max = 5});
  const StreamId large = ask(), many = ask(), fine = ask();
  feed(h2::headers(large, {{":status", "200"}, {"a", std::string(300, 'x')}}, h2::kEndStream));
  h2::Fields fields{{":status", "200"}};
  for (int i = 0; i < 6; ++i) fields.emplace_back("a", "b");
  feed(h2::headers(many, fields, h2::kEndStream));
  feed(ok(fine));
  EXPECT_EQ(answer(large).reason(), "upstream_malformed");
  EXPECT_EQ(answer(many).reason(), "upstream_malformed");
  EXPECT_TRUE(answer(fine).ended);
}

// ---- floods -----------------------------------------------------------------------------------

TEST_F(Rfc9113Client, FramesThatBringNothingAreBounded) {
  const std::vector<std::string> floods{h2::settings(),
                                        h2::ping(),
                                        h2::data(1, ""),
                                        h2::frame(h2::kPriority, 0, 1, "12345"),
                                        h2::window_update(0, 1),
                                        h2::frame(h2::kPriority, 0, 99, "12345"),
                                        h2::frame(h2::Type{0x0A}, 0, 0, ""),
                                        h2::frame(h2::Type{0x42}, 0, 1, "anything")};
  for (const std::string& one : floods) {
    SCOPED_TRACE(static_cast<int>(one[3]));
    answers.clear();
    make();
    const StreamId stream = ask();
    feed(h2::headers(stream, {{":status", "200"}}));
    for (unsigned i = 0; i < Http2ClientCodec::kBarrenFramesMax + 1; ++i) feed(one);
    EXPECT_TRUE(client->failed());
    EXPECT_TRUE(answer(stream).error.has_value());
    const auto goodbye = said(h2::kGoaway);
    ASSERT_EQ(goodbye.size(), 1U);
    EXPECT_EQ(goodbye[0].code(), h2::kEnhanceYourCalm);
  }
}

TEST_F(Rfc9113Client, FramesBetweenPartsOfAnAnswerAreNoFlood) {
  const StreamId stream = ask();
  feed(h2::headers(stream, {{":status", "200"}}));
  for (int i = 0; i < 5'000; ++i)
    feed(h2::ping() + h2::window_update(0, 1) + h2::data(stream, "x"));
  EXPECT_FALSE(client->failed());
  EXPECT_EQ(answer(stream).body.size(), 5'000U);
}

TEST_F(Rfc9113Client, AnswersToAnUpstreamThatReadsNothingAreBounded) {
  const StreamId stream = ask();
  (void)said();
  client->block(true);
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += h2::ping();
  feed(pings);
  EXPECT_TRUE(sink.text.empty());
  EXPECT_TRUE(client->failed());
  EXPECT_TRUE(answer(stream).error.has_value());
}

TEST_F(Rfc9113Client, Rfc9113_6_10_AFloodOfContinuationsIsRefused) {
  const StreamId stream = ask();
  feed(h2::frame(h2::kHeaders, 0, stream, h2::section({{":status", "200"}})));
  for (int i = 0; i < 100; ++i) feed(h2::frame(h2::kContinuation, 0, stream, ""));
  EXPECT_TRUE(client->failed());
  EXPECT_TRUE(answer(stream).error.has_value());
}

// ---- what was not processed -------------------------------------------------------------------

TEST_F(Rfc9113Client, Rfc9113_8_7_ARefusedStreamWasNotProcessed) {
  const StreamId stream = ask();
  feed(h2::rst_stream(stream, h2::kRefusedStream));
  EXPECT_EQ(answer(stream).reason(), "upstream_reset");
  EXPECT_EQ(answer(stream).error->retry, Retry::unprocessed);
  EXPECT_TRUE(client->reusable());
}

TEST_F(Rfc9113Client, Rfc9113_8_7_AStreamAboveTheLastOneOfAGoawayWasNotProcessed) {
  const StreamId a = ask(), b = ask(), c = ask();
  feed(h2::goaway(a));
  EXPECT_FALSE(answer(a).over());
  for (const StreamId s : {b, c}) {
    EXPECT_EQ(answer(s).reason(), "upstream_reset");
    EXPECT_EQ(answer(s).error->retry, Retry::unprocessed);
  }
  EXPECT_FALSE(client->reusable());
  EXPECT_FALSE(client->failed());
  feed(ok(a));
  EXPECT_TRUE(answer(a).ended);
}

TEST_F(Rfc9113Client, Rfc9113_6_8_AGracefulGoawayLetsEveryStreamFinish) {
  const StreamId a = ask(), b = ask();
  feed(h2::goaway(0x7fffffff));
  EXPECT_FALSE(client->reusable());
  feed(ok(a) + h2::goaway(b) + ok(b));
  EXPECT_TRUE(answer(a).ended);
  EXPECT_TRUE(answer(b).ended);
}

TEST_F(Rfc9113Client, Rfc9113_8_7_OtherResetsMayHaveBeenProcessed) {
  const StreamId a = ask(), b = ask(), c = ask();
  feed(h2::rst_stream(a, h2::kInternalError));
  EXPECT_EQ(answer(a).reason(), "upstream_reset");
  EXPECT_EQ(answer(a).error->retry, Retry::unsafe);
  feed(h2::headers(b, {{":status", "103"}}) + h2::rst_stream(b, h2::kRefusedStream));
  EXPECT_EQ(answer(b).error->retry, Retry::unsafe);
  feed(h2::headers(c, {{":status", "200"}}) + h2::data(c, "half") +
       h2::rst_stream(c, h2::kRefusedStream));
  EXPECT_EQ(answer(c).reason(), "upstream_cut_off");
  EXPECT_EQ(answer(c).error->retry, Retry::unsafe);
}

TEST_F(Rfc9113Client, TheEndOfTheConnectionCutsWhatIsOpen) {
  const StreamId asked = ask(), begun = ask(), done = ask();
  feed(h2::headers(begun, {{":status", "200"}}) + ok(done));
  client->feed_eof();
  EXPECT_EQ(answer(asked).reason(), "upstream_reset");
  EXPECT_EQ(answer(asked).error->retry, Retry::if_repeatable);
  EXPECT_EQ(answer(begun).reason(), "upstream_cut_off");
  EXPECT_EQ(answer(begun).error->retry, Retry::unsafe);
  EXPECT_TRUE(answer(done).ended);
  EXPECT_TRUE(client->failed());
}

TEST_F(Rfc9113Client, ARequestThatHasNotLeftMayBeSentAgain) {
  client->block(true);
  const StreamId stream = ask();
  client->feed_eof();
  EXPECT_EQ(answer(stream).error->retry, Retry::safe);
}

TEST_F(Rfc9113Client, Rfc9113_6_8_ARequestThatAGoawayOvertookWasNotSent) {
  client->block(true);
  const StreamId stream = ask();
  feed(h2::goaway(0));
  client->block(false);
  ASSERT_TRUE(answer(stream).error.has_value());
  EXPECT_EQ(answer(stream).error->retry, Retry::safe);
  EXPECT_TRUE(said(h2::kHeaders).empty());
}

TEST_F(Rfc9113Client, LeavingTellsTheUpstreamAndFinishesWhatIsOpen) {
  const StreamId stream = ask();
  client->leave();
  EXPECT_EQ(said(h2::kGoaway).size(), 1U);
  EXPECT_FALSE(client->reusable());
  feed(ok(stream));
  EXPECT_TRUE(answer(stream).ended);
}

// ---- cancelling -------------------------------------------------------------------------------

TEST_F(Rfc9113Client, ACancelledStreamIsResetAndNotHeardOfAgain) {
  const StreamId stream = ask(), other = ask();
  feed(h2::headers(stream, {{":status", "200"}}));
  (void)said();
  client->cancel(stream);
  const auto resets = said(h2::kRstStream);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code(), h2::kCancel);
  feed(h2::data(stream, "late") + h2::data(stream, "", h2::kEndStream) + ok(other));
  EXPECT_EQ(answer(stream).body, "");
  EXPECT_FALSE(answer(stream).over());
  EXPECT_TRUE(answer(other).ended);
}

TEST_F(Rfc9113Client, ACancelledStreamThatIsOverIsNotReset) {
  const StreamId stream = ask();
  (void)said();
  when_over = [&](StreamId s) { client->cancel(s); };
  feed(ok(stream));
  EXPECT_TRUE(said(h2::kRstStream).empty());
}

TEST_F(Rfc9113Client, ARequestIsNotSentWhereItIsCancelledBefore) {
  client->block(true);
  const StreamId stream = ask();
  client->cancel(stream);
  client->block(false);
  EXPECT_TRUE(said(h2::kHeaders).empty());
  EXPECT_FALSE(answer(stream).over());
}

TEST_F(Rfc9113Client, AnAnswerMayBeCancelledFromItsOwnEvents) {
  when_answered = [&](StreamId s) {
    client->cancel(s);
    ask();
  };
  const StreamId stream = ask();
  feed(h2::headers(stream, {{":status", "200"}}) + h2::data(stream, "x"));
  EXPECT_EQ(answer(stream).body, "");
  EXPECT_EQ(said(h2::kHeaders).size(), 2U);
}

// ---- flow control -----------------------------------------------------------------------------

TEST_F(Rfc9113Client, Rfc9113_6_9_NoMoreIsSentThanTheWindowsAllow) {
  make({}, h2::settings({{h2::kInitialWindowSize, 10}}));
  const StreamId stream = begin_upload();
  client->send_body(stream, std::string(25, 'x'));
  client->send_end(stream);
  const auto body_of = [&] {
    std::string body;
    for (const Frame& f : said(h2::kData)) body += f.payload;
    return body;
  };
  EXPECT_EQ(body_of().size(), 10U);
  EXPECT_EQ(client->held(stream), 15U);
  feed(h2::window_update(stream, 14));
  EXPECT_EQ(body_of().size(), 14U);
  feed(h2::window_update(stream, 14));
  const auto last = said(h2::kData);
  ASSERT_FALSE(last.empty());
  EXPECT_EQ(last.back().payload, "x");
  EXPECT_TRUE(last.back().ends_stream());
}

TEST_F(Rfc9113Client, AClosedWindowBlocksItsStreamOnly) {
  make({}, h2::settings({{h2::kInitialWindowSize, 0}}));
  const StreamId slow = begin_upload(), fast = begin_upload();
  feed(h2::window_update(fast, 1'000'000));
  client->send_body(slow, std::string(Http2BodyQueue::kHeldHigh, 'x'));
  EXPECT_FALSE(answer(slow).blocked);
  client->send_body(slow, "x");
  EXPECT_TRUE(answer(slow).blocked);
  client->send_body(fast, std::string(50'000, 'y'));
  EXPECT_FALSE(answer(fast).blocked);
  EXPECT_EQ(client->held(fast), 0U);
  feed(h2::window_update(slow, Http2BodyQueue::kHeldHigh - Http2BodyQueue::kHeldLow));
  EXPECT_TRUE(answer(slow).blocked);
  feed(h2::window_update(slow, 1) + h2::window_update(0, 100'000));
  EXPECT_FALSE(answer(slow).blocked);
}

std::uint32_t returned(const std::vector<Frame>& frames, StreamId stream) {
  std::uint32_t sum = 0;
  for (const Frame& f : frames) {
    if (f.stream == stream) sum += f.number_at(0);
  }
  return sum;
}

std::string much(StreamId stream, std::size_t size) {
  std::string frames;
  while (size > 0) {
    const std::size_t some = std::min<std::size_t>(size, 16'384);
    frames += h2::data(stream, std::string(some, 'x'));
    size -= some;
  }
  return frames;
}

TEST_F(Rfc9113Client, Rfc9113_6_9_AWindowIsGivenBackAsBytesAreTaken) {
  const StreamId stream = ask();
  feed(h2::headers(stream, {{":status", "200"}}));
  (void)said();
  feed(much(stream, 200'000));
  EXPECT_GT(returned(said(h2::kWindowUpdate), stream), 100'000U);
}

TEST_F(Rfc9113Client, APausedStreamKeepsItsWindowAndLeavesTheOthersTheirs) {
  const StreamId slow = ask(), fast = ask();
  feed(h2::headers(slow, {{":status", "200"}}) + h2::headers(fast, {{":status", "200"}}));
  (void)said();
  client->pause(slow);
  feed(much(slow, Http2ClientCodec::kStreamWindow));
  feed(much(fast, 200'000));
  feed(much(fast, 200'000));
  const auto updates = said(h2::kWindowUpdate);
  EXPECT_EQ(returned(updates, slow), 0U);
  EXPECT_GE(returned(updates, fast), 200'000U);
  EXPECT_GE(returned(updates, 0), 500'000U);  // that of the connection
  client->resume(slow);
  EXPECT_EQ(returned(said(h2::kWindowUpdate), slow),
            static_cast<std::uint32_t>(Http2ClientCodec::kStreamWindow));
}

TEST_F(Rfc9113Client, Rfc9113_6_9_1_MoreThanTheWindowIsAnError) {
  const StreamId slow = ask();
  feed(h2::headers(slow, {{":status", "200"}}));
  client->pause(slow);
  feed(much(slow, Http2ClientCodec::kStreamWindow) + much(slow, 1));
  EXPECT_TRUE(answer(slow).error.has_value());
}

TEST_F(Rfc9113Client, TheWindowOfTheConnectionOutlivesCancelledStreams) {
  for (int i = 0; i < 20; ++i) {
    const StreamId stream = ask();
    feed(h2::headers(stream, {{":status", "200"}}));
    client->pause(stream);
    feed(much(stream, 100'000));
    client->cancel(stream);
    feed(much(stream, 50'000));  // was under way
  }
  EXPECT_FALSE(client->failed());
  EXPECT_GT(returned(said(h2::kWindowUpdate), 0), 2'000'000U);
}

}  // namespace
}  // namespace banyan::codec
