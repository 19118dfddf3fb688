#include "shadow/diff/grpc_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::Fields;
using test::headers_of;
using test::lines_of;
using test::pair_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kType = "application/grpc";

CapturedResponse call(Fields headers, Fields trailers, std::string_view body = {}) {
  CapturedResponse response = response_of(200, {{"content-type", kType}}, body);
  for (const auto& [name, value] : headers) response.headers.add(name, value);
  response.trailers = headers_of(trailers);
  return response;
}

std::vector<std::string> differences(const CapturedResponse& left, const CapturedResponse& right,
                                     const CompareRules& rules = {}) {
  return lines_of(compare(pair_of(left, right), rules));
}

const CapturedResponse kTrailersOnly =
    call({{"grpc-status", "5"}, {"grpc-message", "no such order"}}, {});
const CapturedResponse kWithTrailers =
    call({}, {{"grpc-status", "5"}, {"grpc-message", "no such order"}});

TEST(GrpcFields, TrailersOnlyIsTheSameOutcomeAsHeadAndTrailers) {
  EXPECT_THAT(differences(kTrailersOnly, kWithTrailers), IsEmpty());
  EXPECT_THAT(differences(kWithTrailers, kTrailersOnly), IsEmpty());
  EXPECT_EQ(compare(pair_of(kTrailersOnly, kWithTrailers), {}).verdict, Verdict::match);
}

TEST(GrpcFields, AnotherStatusIsOneDifferenceWhereverItStands) {
  const CapturedResponse only =
      call({{"grpc-status", "14"}, {"grpc-message", "no such order"}}, {});
  EXPECT_THAT(differences(only, kWithTrailers), ElementsAre("value trailer:grpc-status: 14 | 5"));
  EXPECT_THAT(differences(only, kTrailersOnly), ElementsAre("value trailer:grpc-status: 14 | 5"));
  EXPECT_THAT(differences(kWithTrailers, call({}, {})),
              ElementsAre("missing trailer:grpc-message: no such order | ",
                          "missing trailer:grpc-status: 5 | "));
  EXPECT_THAT(differences(only, kTrailersOnly, test::rules_of({"trailer:grpc-status"})), IsEmpty());
}

TEST(GrpcFields, OtherFieldsOfTrailersOnlyStandWhereTheOtherAnswerHasThem) {
  const Fields both{{"grpc-status", "5"}, {"x-why", "gone"}};
  EXPECT_THAT(differences(call(both, {}), call({}, both)), IsEmpty());
  EXPECT_THAT(differences(call(both, {}), call({{"x-why", "gone"}}, {{"grpc-status", "5"}})),
              IsEmpty());
  EXPECT_THAT(differences(call(both, {}), call({}, {{"grpc-status", "5"}, {"x-why", "lost"}})),
              ElementsAre("value trailer:x-why: gone | lost"));
}

TEST(GrpcFields, HeadersAndTrailersOfWholeAnswersAreStillToldApart) {
  EXPECT_THAT(differences(call({{"x-a", "1"}}, {{"grpc-status", "0"}}),
                          call({}, {{"grpc-status", "0"}, {"x-a", "1"}})),
              ElementsAre("missing header:x-a: 1 | ", "extra trailer:x-a:  | 1"));
}

TEST(GrpcFields, AMessageMeansTheSameHoweverItIsEscaped) {
  const auto with = [](std::string_view message) {
    return call({}, {{"grpc-status", "2"}, {"grpc-message", message}});
  };
  EXPECT_THAT(differences(with("no such order"), with("no%20such%20order")), IsEmpty());
  EXPECT_THAT(differences(with("%e2%98%ba"), with("%E2%98%BA")), IsEmpty());
  EXPECT_THAT(differences(with("%e2%98%ba"), with("\xe2\x98\xba")), IsEmpty());
  EXPECT_THAT(differences(with("100%"), with("100%25")), IsEmpty());
  EXPECT_THAT(differences(with("a%0"), with("a%0z")),
              ElementsAre("value trailer:grpc-message: a%250 | a%250z"));
  EXPECT_THAT(differences(with("%-0"), with("%25-0")), IsEmpty());
  EXPECT_THAT(differences(with("a%0ab"), with("ab")),
              ElementsAre("value trailer:grpc-message: a%0Ab | ab"));
}

TEST(GrpcFields, WhatSaysNothingIsNotCompared) {
  const CapturedResponse plain = call({}, {{"grpc-status", "0"}});
  EXPECT_THAT(differences(plain, call({}, {{"grpc-status", "0"}, {"grpc-message", "OK"}})),
              IsEmpty());
  EXPECT_THAT(differences(plain, call({{"grpc-encoding", "identity"}}, {{"grpc-status", "0"}})),
              IsEmpty());
  EXPECT_THAT(differences(call({}, {{"grpc-status", "5"}}),
                          call({}, {{"grpc-status", "5"}, {"grpc-message", ""}})),
              IsEmpty());
  EXPECT_THAT(differences(plain, call({{"grpc-encoding", "gzip"}}, {{"grpc-status", "0"}})),
              ElementsAre("extra header:grpc-encoding:  | gzip"));
  EXPECT_THAT(
      differences(plain, call({}, {{"grpc-status", "5"}, {"grpc-message", "gone"}})),
      ElementsAre("extra trailer:grpc-message:  | gone", "value trailer:grpc-status: 0 | 5"));
}

TEST(GrpcFields, OfOtherAnswersAreFieldsLikeAnyOther) {
  CapturedResponse left = response_of(200, {{"grpc-status", "0"}});
  CapturedResponse right = response_of(200, {});
  right.trailers.add("grpc-status", "0");
  EXPECT_EQ(differences(left, right).size(), 2U);
}

}  // namespace
}  // namespace banyan::shadow
