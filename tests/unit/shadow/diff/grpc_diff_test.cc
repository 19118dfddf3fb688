#include "shadow/diff/grpc_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "shadow/diff/body_diff.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

using test::lines_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string message(std::string_view bytes, char compressed = 0) {
  std::string text(1, compressed);
  for (int shift = 24; shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(bytes.size() >> static_cast<unsigned>(shift)));
  }
  return text.append(bytes);
}

CapturedResponse grpc(std::string_view body, std::string_view type = "application/grpc") {
  return response_of(200, {{"content-type", type}}, body);
}

std::vector<std::string> differences(std::string_view left, std::string_view right,
                                     const CompareRules& rules = {}) {
  Comparison comparison;
  Findings findings(rules, comparison);
  compare_bodies(grpc(left), grpc(right), findings);
  return lines_of(comparison);
}

TEST(GrpcDiff, IsToldByItsContentType) {
  for (const char* type : {"application/grpc", "Application/GRPC", "application/grpc+proto",
                           "application/grpc;charset=utf-8"}) {
    EXPECT_TRUE(is_grpc(grpc("", type))) << type;
  }
  for (const char* type : {"application/grpc-web", "application/grp", "text/plain", ""}) {
    EXPECT_FALSE(is_grpc(grpc("", type))) << type;
  }
}

TEST(GrpcDiff, MessagesAreComparedInTheirOrder) {
  EXPECT_THAT(differences(message("a") + message("bc"), message("a") + message("bc")), IsEmpty());
  EXPECT_THAT(differences(message("aa") + message("bc") + message("d"),
                          message("aa") + message("bd") + message("dd")),
              ElementsAre("value $[1]: 2 bytes, from byte 1 | 2 bytes, from byte 1",
                          "length $[2]: 1 bytes, from byte 1 | 2 bytes, from byte 1"));
}

TEST(GrpcDiff, AnotherNumberOfMessagesIsOneDifference) {
  EXPECT_THAT(differences(message("a"), message("a") + message("b") + message("c")),
              ElementsAre("length $: 1 messages | 3 messages"));
  EXPECT_THAT(differences("", message("")), ElementsAre("extra $[0]:  | (not shown)"));
}

TEST(GrpcDiff, CompressedMessagesAreTheirBytes) {
  EXPECT_THAT(differences(message("a", 1), message("a", 0)),
              ElementsAre("value $[0]: 1 compressed bytes, from byte 1 | 1 bytes, from byte 1"));
}

TEST(GrpcDiff, WhatIsNotWholeIsComparedByBytes) {
  const std::string whole = message("abc");
  for (const std::string& broken : {whole.substr(0, 3), whole.substr(0, 7), whole + "x",
                                    message("abc", 2), std::string("\0\xff\xff\xff\xff", 5)}) {
    const auto found = differences(whole, broken);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find(" body: "), std::string::npos) << found[0];
  }
}

TEST(GrpcDiff, RulesIgnoreMessages) {
  EXPECT_THAT(differences(message("a"), message("b"), test::rules_of({"$[*]"})), IsEmpty());
}

TEST(GrpcDiff, FindsAreBounded) {
  std::string left, right;
  for (int i = 0; i < 10'000; ++i) {
    left += message("a");
    right += message("b");
  }
  EXPECT_LE(differences(left, right).size(), CompareRules().differences_max);
}

}  // namespace
}  // namespace banyan::shadow
