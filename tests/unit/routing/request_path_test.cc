#include "routing/request_path.h"

#include <gtest/gtest.h>

#include "tests/support/allocation_count.h"
#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

using namespace std::string_view_literals;

std::string normalised(std::string_view path) {
  std::string scratch;
  const auto result = normalised_path(path, scratch);
  return result ? std::string(*result) : "refused";
}

struct Pair {
  std::string_view path;
  std::string_view normalised;
};

TEST(RequestPath, PlainPathsStayAsTheyAre) {
  for (const char* path :
       {"/", "/a", "/a/", "/a/b.c", "//", "//a", "/a//b", "/a///", "/...", "/.a", "/a.", "/..a",
        "/a..", "/.well-known/x", "/a;v=1/b", "/a:b@c!$&'()*+,=", "/@scope%2Fname", "*"}) {
    EXPECT_EQ(normalised(path), path);
  }
}

TEST(RequestPath, UnreservedEscapesAreDecoded_Rfc3986_6_2_2_2) {
  const Pair pairs[] = {{"/%6Frders", "/orders"},           {"/%6frders", "/orders"},
                        {"/%41%7A%30%2D%5F%7E", "/Az0-_~"}, {"/a%2Ejson", "/a.json"},
                        {"/%61%2F%62", "/a%2Fb"},           {"/%2E%2E%2E", "/..."},
                        {"/a%2eb%2Fc%6f", "/a.b%2Fco"}};
  for (const Pair& p : pairs) EXPECT_EQ(normalised(p.path), p.normalised) << p.path;
}

TEST(RequestPath, OtherEscapesStayWithUpperCaseDigits_Rfc3986_6_2_2_1) {
  const Pair pairs[] = {
      {"/a%2Fb", "/a%2Fb"},           {"/a%2fb", "/a%2Fb"},   {"/%c3%bC", "/%C3%BC"},
      {"/a%20b", "/a%20b"},           {"/%23%3f", "/%23%3F"}, {"/%25", "/%25"},
      {"/%252e%252E", "/%252e%252E"}, {"/%0a", "/%0A"},       {"/%3b", "/%3B"}};
  for (const Pair& p : pairs) EXPECT_EQ(normalised(p.path), p.normalised) << p.path;
}

TEST(RequestPath, DotSegmentsAreRefusedHoweverTheyAreWritten) {
  for (const std::string dots :
       {".", "..", "%2e", "%2E", "%2e%2e", "%2E%2e", ".%2e", "%2E.", "%2e.", ".%2E"}) {
    for (const std::string& path :
         {"/" + dots, "/" + dots + "/", "/a/" + dots, "/a/" + dots + "/b", "//" + dots,
          "/a%2F" + dots, "/a%2f" + dots + "%2fb", "/" + dots + "%2F", "/a/" + dots + ";x=1/b",
          "/a/" + dots + ";"}) {
      EXPECT_EQ(normalised(path), "refused") << path;
    }
  }
}

TEST(RequestPath, WhatServersReadDifferentlyIsRefused) {
  for (const std::string_view path : {
           "/a\\b"sv, "/\\..\\a"sv,   "/a%5Cb"sv, "/a%5cb"sv,                          // backslash
           "/a\0b"sv, "/a%00"sv,      "/%00"sv,                                        // NUL
           "/a\tb"sv, "/a\nb"sv,      "/a\rb"sv,  "/a\x01"sv, "/a\x1F"sv, "/a\x7F"sv,  // controls
           "/a b"sv,  "/ "sv,                                                          // space
           "/a#b"sv,  "/#"sv,         "#"sv,                                           // fragment
           "/%"sv,    "/a%2"sv,       "/%zz"sv,   "/%2g"sv,   "/%g2"sv,   "/%%20"sv,  "/%u0041"sv,
           "/% 1"sv,  ""sv,           "a"sv,      "a/b"sv,    "**"sv,     "*/"sv,     "%2Fa"sv,
           "/a?b"sv,  "http://h/a"sv,
       }) {
    EXPECT_EQ(normalised(path), "refused") << path;
  }
}

TEST(RequestPath, AnEscapeIsNotReadBeyondThePath) {
  constexpr std::string_view kTarget = "/a%2Fb";
  EXPECT_EQ(normalised(kTarget.substr(0, 3)), "refused");
  EXPECT_EQ(normalised(kTarget.substr(0, 4)), "refused");
  EXPECT_EQ(normalised(kTarget.substr(0, 5)), "/a%2F");
}

TEST(RequestPath, RefusalIsTheClientsFault) {
  std::string scratch;
  const auto result = normalised_path("/a/../b", scratch);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_target);
  EXPECT_EQ(result.error().side, Side::downstream);
  EXPECT_FALSE(result.error().detail.empty());
}

TEST(RequestPath, APlainPathIsNotCopied) {
  const std::string path = "/a/long/enough/path/to/need/the/heap/if/copied";
  std::string scratch;
  std::string_view result;
  EXPECT_EQ(test::allocations_of([&] { result = *normalised_path(path, scratch); }), 0U);
  EXPECT_EQ(result.data(), path.data());
}

TEST(RequestPath, ScratchIsReusedWithoutAllocating) {
  std::string scratch;
  scratch.reserve(100);
  std::string_view result;
  EXPECT_EQ(test::allocations_of([&] {
              result = *normalised_path("/a/long/%65nough/path/to/need/the/heap", scratch);
            }),
            0U);
  EXPECT_EQ(result, "/a/long/enough/path/to/need/the/heap");
}

// Each byte either stands as it is or is refused; an escape of it never becomes another byte.
TEST(RequestPath, EveryByteAndItsEscapeHaveOneFate) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string escape{'%', kHex[byte / 16], kHex[byte % 16]};
    const std::string plain = "/a" + std::string(1, c) + "a";
    if (c != '%') {
      EXPECT_TRUE(normalised(plain) == plain || normalised(plain) == "refused") << byte;
    }
    const std::string from_escape = normalised("/a" + escape + "a");
    EXPECT_TRUE(from_escape == "/a" + escape + "a" || from_escape == plain ||
                from_escape == "refused")
        << byte << ' ' << from_escape;
  }
}

TEST(RequestPath, NormalisingTwiceChangesNothing) {
  std::mt19937_64 random = test::seeded_random();
  constexpr std::string_view kPieces[] = {"/",   "a",   ".", "%2e", "%2F",
                                          "%6f", "%25", ";", "%",   "\\"};
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string path = "/";
    for (auto n = random() % 8; n > 0; --n) path += kPieces[random() % std::size(kPieces)];
    const std::string once = normalised(path);
    if (once == "refused") continue;
    ++accepted;
    EXPECT_EQ(normalised(once), once) << path;
  }
  EXPECT_GT(accepted, 1'000);
}

TEST(Covers, WholeSegmentsOnly) {
  EXPECT_TRUE(covers("/a", "/a"));
  EXPECT_TRUE(covers("/a", "/a/"));
  EXPECT_TRUE(covers("/a", "/a/b"));
  EXPECT_TRUE(covers("/a", "/a//b"));
  EXPECT_FALSE(covers("/a", "/ab"));
  EXPECT_FALSE(covers("/a", "/A"));
  EXPECT_FALSE(covers("/a", "/"));
  EXPECT_FALSE(covers("/a", "//a"));
  EXPECT_FALSE(covers("/a", "/a%2Fb"));
  EXPECT_FALSE(covers("/a/b", "/a"));
  EXPECT_FALSE(covers("/a", "/a.b"));
}

TEST(Covers, TheRootCoversAll) {
  for (const char* path : {"/", "/a", "//", "*"}) EXPECT_TRUE(covers("/", path)) << path;
}

}  // namespace
}  // namespace banyan::routing
