// Bodies that are not one JSON document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shadow/diff/text_diff.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/deflated.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::lines_of;
using test::pair_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Comparison compared(std::string_view type, std::string_view left, std::string_view right,
                    const CompareRules& rules = {}) {
  return compare(pair_of(response_of(200, {{"Content-Type", type}}, left),
                         response_of(200, {{"Content-Type", type}}, right)),
                 rules);
}

TEST(JsonSequences, NdjsonIsAList) {
  const Comparison comparison = compared("application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n",
                                         "{\"a\":0}\r\n\n{\"a\":1}\n{\"a\":2.0}");
  EXPECT_THAT(lines_of(comparison), ElementsAre("extra $[0]:  | {\"a\":0}"));
  EXPECT_EQ(comparison.body.kind, "json_sequence");
  EXPECT_THAT(lines_of(compared("application/json", "1\n2\n", "1\n3\n")),
              ElementsAre("value $[1]: 2 | 3"));
  EXPECT_THAT(lines_of(compare(pair_of(response_of(200, {}, "{\"a\":1}\n{}"),
                                       response_of(200, {}, "{\"a\":2}\n{}")),
                               {})),
              ElementsAre("value $[0].a: 1 | 2"));
}

TEST(JsonSequences, Rfc7464Section2_2RecordsAreAList) {
  EXPECT_THAT(lines_of(compared("application/json-seq", "\x1e{\"a\":1}\n\x1e{\n\"a\":2}\n",
                                "\x1e{\"a\":1}\n\x1e{\"a\":3}\n")),
              ElementsAre("value $[1].a: 2 | 3"));
}

TEST(JsonSequences, WhatIsValidOnlyTogetherIsNone) {
  const Comparison comparison =
      compared("application/x-ndjson", "1,2\n{\"a\":1\n\"b\":2}\n", "1\n");
  EXPECT_EQ(comparison.body.left_problem, "invalid_json");
  EXPECT_EQ(comparison.body.right_problem, "");
  EXPECT_EQ(comparison.verdict, Verdict::mismatch);
}

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

TEST(Forms, AreComparedByNameInAnyOrder) {
  EXPECT_THAT(lines_of(compared(kForm, "a=1&b=x+y&c=%41", "c=A&b=x%20y&a=1&")), IsEmpty());
  EXPECT_THAT(lines_of(compared(kForm, "a=1&b=2&d=1&d=2", "a=3&c=4&d=2&d=1")),
              ElementsAre("value $.a: 1 | 3", "missing $.b: 2 | ", "extra $.c:  | 4",
                          "value $.d[0]: 1 | 2", "value $.d[1]: 2 | 1"));
  EXPECT_THAT(lines_of(compared(kForm, "a=1&t=1", "a=2&t=2", test::rules_of({"$.t"}))),
              ElementsAre("value $.a: 1 | 2"));
}

TEST(Forms, WhatIsNoneIsNamed) {
  const Comparison comparison = compared(kForm, "{\"a\":1}", "a=1");
  EXPECT_EQ(comparison.body.left_problem, "invalid_form");
  EXPECT_EQ(comparison.differences.size(), 1U);
  EXPECT_EQ(comparison.differences[0].path, "body");
}

CapturedResponse multipart(std::string_view boundary, std::string_view body) {
  const std::string type = "multipart/form-data; boundary=\"" + std::string(boundary) + "\"";
  return response_of(200, {{"Content-Type", type}}, body);
}

TEST(Multipart, Rfc2046Section5_1BoundariesDoNotMatter) {
  const auto body = [](const std::string& boundary, const std::string& json) {
    const std::string line = "--" + boundary + "\r\n";
    return "preamble\r\n" + line + "Content-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n" +
           line +
           "Content-Disposition: form-data; name=meta\r\nContent-Type: application/json\r\n\r\n" +
           json + "\r\n--" + boundary + "--\r\nepilogue";
  };
  EXPECT_THAT(lines_of(compare(pair_of(multipart("x", body("x", "{\"n\":1, \"m\":2}")),
                                       multipart("y y", body("y y", "{\"m\":2,\"n\":1.0}"))),
                               {})),
              IsEmpty());
  const CapturedPair pair =
      pair_of(multipart("x", body("x", "{\"n\":1}")), multipart("y", body("y", "{\"n\":2}")));
  EXPECT_THAT(lines_of(compare(pair, {})), ElementsAre("value $.meta.n: 1 | 2"));
  EXPECT_THAT(lines_of(compare(pair, test::rules_of({"$.meta.n"}))), IsEmpty());
}

TEST(Multipart, PartsAreToldByNameOrPosition) {
  const std::string left =
      "--b\r\nContent-Disposition: form-data; name=f; "
      "filename=a.txt\r\n\r\none\r\n--b\r\n\r\nx\r\n--b--";
  const std::string right =
      "--b\n\ny\n--b\nContent-Disposition: form-data; name=f; "
      "filename=b.txt\n\ntwo\n--b\n\n\n--b--";
  EXPECT_THAT(lines_of(compare(pair_of(multipart("b", left), multipart("b", right)), {})),
              ElementsAre("value $[0]: 1 bytes, from byte 0: x | 1 bytes, from byte 0: y",
                          "extra $[1]:  | 0 bytes", "value $.f.filename: a.txt | b.txt",
                          "value $.f: 3 bytes, from byte 0: one | 3 bytes, from byte 0: two"));
}

TEST(Multipart, WhatIsNoneIsNamed) {
  for (const char* body : {"", "--b", "--b\r\n\r\nx", "--b\r\nno field\r\n\r\nx\r\n--b--", "x"}) {
    const Comparison comparison =
        compare(pair_of(multipart("b", body), multipart("b", "--b\r\n\r\nx\r\n--b--")), {});
    EXPECT_EQ(comparison.body.left_problem, "invalid_multipart") << body;
    EXPECT_EQ(comparison.verdict, Verdict::mismatch) << body;
  }
}

TEST(Text, IsComparedByLine) {
  EXPECT_THAT(lines_of(compared("text/plain", "a\nb\nc\n", "a\nx\nb\nc\n")),
              ElementsAre("extra body[1]:  | x"));
  EXPECT_THAT(lines_of(compared("text/html", "<p>\nold\n</p>", "<p>\nnew\n</p>")),
              ElementsAre("value body[1]: old | new"));
  EXPECT_THAT(lines_of(compared("application/xml", "<a>\n</a>", "<a>\n</a>\n")),
              ElementsAre("extra body[2]:  | "));
  EXPECT_THAT(lines_of(compared("text/plain", "a\nb", "a\nc", test::rules_of({"body"}))),
              IsEmpty());
}

TEST(Text, AValueOnTheLineBehindItsNameIsNotShown) {
  EXPECT_THAT(lines_of(compared("text/yaml", "token:\n  abc\n", "token:\n  abd\n")),
              ElementsAre("value body[1]: 5 bytes | 5 bytes"));
}

TEST(Text, InvalidUtf8IsNamed) {
  const Comparison comparison = compared("text/plain", "a\n\xff", "a\nb");
  EXPECT_EQ(comparison.body.left_problem, "invalid_utf8");
  EXPECT_EQ(comparison.body.kind, "bytes");
}

TEST(Bytes, TellLengthHashAndTheFirstOffset) {
  const std::string left("\x89PNG\0aaa", 8);
  const std::string right("\x89PNG\0aab", 8);
  const std::vector<std::string> lines = lines_of(compared("image/png", left, right));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0],
              ::testing::MatchesRegex(
                  "value body: 8 bytes, from byte 7, hash [0-9a-f]+: .* [|] 8 bytes, .*"));
}

TEST(Codings, OtherCodingsOfTheSameContentAreEqual) {
  const std::string text = R"({"a":1,"b":"cccccccccccccccccc"})";
  const auto coded = [](std::string_view coding, std::string_view tag, const std::string& body) {
    return response_of(
        200, {{"Content-Type", "application/json"}, {"Content-Encoding", coding}, {"ETag", tag}},
        body);
  };
  const CapturedResponse gzip = coded("gzip", "W/\"1\"", test::deflated(text, test::kGzip));
  const CapturedResponse zlib = coded("deflate", "\"1\"", test::deflated(text, test::kZlib));
  EXPECT_EQ(compare(pair_of(gzip, zlib), {}).verdict, Verdict::match);
  const CapturedResponse odd = coded("rot13", "\"1\"", "odd");
  const Comparison comparison = compare(pair_of(gzip, odd), {});
  EXPECT_EQ(comparison.body.right_problem, "unknown_coding");
  EXPECT_EQ(comparison.differences[0].path, "header:content-encoding");
}

// Whatever the bytes are: an answer, in bounded time, the same differences with the sides swapped,
// and none where the bytes are the same.
TEST(BodyKinds, AnyBytesOfAnyTypeAreCompared) {
  std::mt19937_64 random = banyan::test::seeded_random();
  const std::vector<std::string> words = {"--b\r\n", "\n",
                                          "{\"a\":", "1",
                                          "}",       "[",
                                          "]",       ",",
                                          "a=1",     "&",
                                          "%4",      "\x1e",
                                          "\xff",    "Content-Disposition: form-data; name=a\r\n",
                                          "\r\n",    "--b--",
                                          "x",       "\"",
                                          "null",    "\0"};
  constexpr std::array<std::string_view, 8> kTypes{"application/json",
                                                   "application/x-ndjson",
                                                   "application/json-seq",
                                                   "application/x-www-form-urlencoded",
                                                   "multipart/mixed; boundary=b",
                                                   "text/plain",
                                                   "application/octet-stream",
                                                   "application/grpc"};
  for (int round = 0; round < 4'000; ++round) {
    std::string sides[2];
    for (std::string& side : sides) {
      for (std::uint64_t n = random() % 12; n > 0; --n) side += words[random() % words.size()];
    }
    const std::string_view type = kTypes[random() % kTypes.size()];
    const Comparison there = compared(type, sides[0], sides[1]);
    const Comparison back = compared(type, sides[1], sides[0]);
    ASSERT_EQ(there.verdict, back.verdict) << type << '\n' << sides[0] << '\n' << sides[1];
    ASSERT_EQ(there.differences.size(), back.differences.size());
    if (sides[0] == sides[1]) {
      ASSERT_EQ(there.verdict, Verdict::match);
    }
  }
}

}  // namespace
}  // namespace banyan::shadow
