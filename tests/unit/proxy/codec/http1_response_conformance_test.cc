// What a client codec makes of responses, by the sections of RFC 9110 and RFC 9112.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/codec_feed.h"

namespace banyan::test {
namespace {

using ::testing::ElementsAre;

TEST(Rfc9112Section4StatusLine, IsReadIntoAHead) {
  EXPECT_THAT(
      response_lines("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nA: b\r\n\r\nno"),
      ElementsAre("response 1 404 Not Found HTTP/1.1 counted length=2", "field Content-Length: 2",
                  "field A: b", "body 1 no", "end 1", "reusable"));
}

TEST(Rfc9112Section7_1Chunked, DelimitsAResponse) {
  EXPECT_THAT(response_lines("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"),
              ElementsAre("response 1 200 OK HTTP/1.1 chunked", "field Transfer-Encoding: chunked",
                          "body 1 abc", "trailer 1 X-Sum: 1", "end 1", "reusable"));
}

std::string ok(std::string_view fields, std::string_view body = "") {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(Rfc9112Section4StatusLine, ReasonMayBeEmptyOrMissing) {
  const std::string_view rest = "Content-Length: 0\r\n\r\n";
  for (const std::string_view line : {"HTTP/1.1 200 \r\n", "HTTP/1.1 200\r\n"}) {
    EXPECT_THAT(response_lines(std::string(line).append(rest)),
                ElementsAre("response 1 200  HTTP/1.1 counted length=0", "field Content-Length: 0",
                            "end 1", "reusable"));
  }
}

TEST(Rfc9112Section4StatusLine, WhatIsRefused) {
  for (const std::string_view bad :
       {"HTTP/1.1 099 X",      "HTTP/1.1 600 X",   "HTTP/1.1 999 X",  "HTTP/1.1 20 X",
        "HTTP/1.1 2000 X",     "HTTP/1.1 0200 X",  "HTTP/1.1  200 X", "HTTP/1.1 2x0 X",
        "HTTP/1.1 -200 X",     "HTTP/1.1",         "HTTP/1.1 ",       "HTTP/2.0 200 X",
        "HTTP/0.9 200 X",      "HTTP/1.2 200 X",   "http/1.1 200 X",  "ICY 200 X",
        "HTTP/1.1 200 a\x01z", "HTTP/1.1\t200 OK", "GET / HTTP/1.1",  "HTTP/1.1 200OK"}) {
    EXPECT_EQ(response_verdict(std::string(bad) + "\r\nContent-Length: 0\r\n\r\n"),
              "upstream_malformed")
        << bad;
  }
}

TEST(Rfc9112Section2_2MessageParsing, ALineEndsWithCrLfAndNothingElse) {
  for (const std::string_view bad :
       {"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: \rTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\rX\r\n\r\n"}) {
    EXPECT_EQ(response_verdict(bad), "upstream_malformed") << bad;
  }
}

TEST(Rfc9112Section5FieldSyntax, WhatIsRefused) {
  for (const std::string_view bad :
       {"X : y", ": y", "X y", "X: a\r\n b", "X: a\x01", "Content-Length : 5"}) {
    EXPECT_EQ(response_verdict(ok(std::string(bad) + "\r\n")), "upstream_malformed") << bad;
  }
}

TEST(Rfc9112Section6_3BodyLength, ConflictsAreRefused) {
  for (const std::string_view bad :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked", "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1, 1", "Content-Length: x",
        "Content-Length: -1", "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: identity"}) {
    EXPECT_EQ(response_verdict(ok(std::string(bad) + "\r\n", "0\r\n\r\n")), "upstream_malformed")
        << bad;
  }
  EXPECT_EQ(response_verdict("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "upstream_malformed");
}

TEST(Rfc9112Section6_3BodyLength, WithoutAnyFieldTheBodyEndsWithTheConnection) {
  EXPECT_THAT(response_lines(ok("", "all of it"), Method::get, true),
              ElementsAre("response 1 200 OK HTTP/1.1 until_close close", "body 1 all of it",
                          "end 1", "not reusable"));
}

TEST(Rfc9112Section6_3BodyLength, HeadHasNoBodyWhateverItSays) {
  EXPECT_THAT(response_lines(ok("Content-Length: 5\r\n"), Method::head),
              ElementsAre("response 1 200 OK HTTP/1.1 none length=5", "field Content-Length: 5",
                          "end 1", "reusable"));
  EXPECT_THAT(response_lines(ok("Transfer-Encoding: chunked\r\n"), Method::head),
              ElementsAre("response 1 200 OK HTTP/1.1 none", "field Transfer-Encoding: chunked",
                          "end 1", "reusable"));
  EXPECT_THAT(response_lines(ok(""), Method::head),
              ElementsAre("response 1 200 OK HTTP/1.1 none", "end 1", "reusable"));
}

TEST(Rfc9112Section6_3BodyLength, NoContentAndNotModifiedHaveNoBody) {
  EXPECT_THAT(response_lines("HTTP/1.1 204 No Content\r\n\r\n"),
              ElementsAre("response 1 204 No Content HTTP/1.1 none", "end 1", "reusable"));
  EXPECT_THAT(response_lines("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
              ElementsAre("response 1 304 Not Modified HTTP/1.1 none length=9",
                          "field Content-Length: 9", "end 1", "reusable"));
}

TEST(Rfc9112Section6_3BodyLength, NoContentWithABodyIsNotReusable) {
  EXPECT_THAT(response_lines("HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\nhello"),
              ElementsAre("response 1 204 X HTTP/1.1 none close", "field Content-Length: 5",
                          "end 1", "not reusable"));
  EXPECT_THAT(response_lines("HTTP/1.1 204 X\r\n\r\nhello"),
              ElementsAre("response 1 204 X HTTP/1.1 none", "end 1", "not reusable"));
}

TEST(Rfc9112Section6_3BodyLength, BytesAfterTheResponseMakeTheConnectionUnusable) {
  for (const std::string_view extra :
       {"x", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    EXPECT_THAT(response_lines(ok("Content-Length: 2\r\n", "ab" + std::string(extra))),
                ElementsAre("response 1 200 OK HTTP/1.1 counted length=2",
                            "field Content-Length: 2", "body 1 ab", "end 1", "not reusable"))
        << extra;
  }
}

TEST(Rfc9112Section8IncompleteMessages, AreCutOff) {
  EXPECT_EQ(verdict(response_lines(ok("Content-Length: 5\r\n", "abc"), Method::get, true)),
            "upstream_cut_off");
  EXPECT_EQ(verdict(response_lines(ok("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n"),
                                   Method::get, true)),
            "upstream_cut_off");
  EXPECT_EQ(
      verdict(response_lines(ok("Transfer-Encoding: chunked\r\n", "0\r\n"), Method::get, true)),
      "upstream_cut_off");
  EXPECT_EQ(verdict(response_lines("HTTP/1.1 200 OK\r\n", Method::get, true)), "upstream_reset");
}

TEST(Rfc9112Section7_1Chunked, FaultsAreTheUpstreams) {
  for (const std::string_view bad :
       {"x\r\n", "3\nabc\r\n", "3\r\nabcd\r\n", "0\r\nContent-Length: 5\r\n\r\n"}) {
    EXPECT_EQ(response_verdict(ok("Transfer-Encoding: chunked\r\n", bad)), "upstream_malformed")
        << bad;
  }
}

TEST(Rfc9110Section15_2Informational, SeveralMayComeBeforeTheResponse) {
  EXPECT_THAT(
      response_lines("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
                     ok("Content-Length: 0\r\n")),
      ElementsAre("informational 1 100", "informational 1 103", "field Link: </a>",
                  "response 1 200 OK HTTP/1.1 counted length=0", "field Content-Length: 0", "end 1",
                  "reusable"));
}

TEST(Rfc9110Section15_2Informational, IsBounded) {
  std::string many;
  for (unsigned i = 0; i <= codec::kInformationalMax; ++i) many += "HTTP/1.1 103 X\r\n\r\n";
  EXPECT_EQ(response_verdict(many), "upstream_malformed");
}

TEST(Rfc9110Section15_2_2SwitchingProtocols, IsAnErrorSinceNobodyAsked) {
  EXPECT_EQ(response_verdict("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
            "upstream_malformed");
}

TEST(Rfc9112Section9_3Persistence, FollowsVersionAndConnection) {
  const struct {
    std::string_view head;
    std::string_view last;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\n", "reusable"},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n", "not reusable"},
      {"HTTP/1.0 200 OK\r\n", "not reusable"},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", "reusable"},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n", "not reusable"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(response_lines(std::string(row.head) + "Content-Length: 0\r\n\r\n").back(), row.last)
        << row.head;
  }
  EXPECT_EQ(response_lines("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx").back(),
            "not reusable");
}

TEST(Rfc6585Section5HeadTooLarge, HoldsForResponses) {
  const codec::HeadLimits limits{.header_bytes_max = 300, .header_count_max = 3};
  const auto refused = [&](const std::string& fields) {
    return verdict(response_lines(ok(fields), Method::get, false, limits));
  };
  EXPECT_EQ(refused("A: b\r\nA: b\r\nContent-Length: 0\r\n"), "accepted");
  EXPECT_EQ(refused("A: b\r\nA: b\r\nA: b\r\nContent-Length: 0\r\n"), "upstream_malformed");
  EXPECT_EQ(refused("A: " + std::string(300, 'b') + "\r\n"), "upstream_malformed");
}

}  // namespace
}  // namespace banyan::test
