#include "shadow/diff/content_coding.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/seed.h"
#include "tests/unit/shadow/deflated.h"

namespace banyan::shadow {
namespace {

using test::deflated;
using test::kGzip;
using test::kZlib;

std::string brotli(std::string_view text) {
  std::size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string out(size, '\0');
  if (BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, text.size(),
                            reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                            reinterpret_cast<std::uint8_t*>(out.data())) == BROTLI_FALSE) {
    throw std::runtime_error("BrotliEncoderCompress");
  }
  out.resize(size);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// Coded, by the name of the coding.
std::string coded(std::string_view coding, std::string_view text) {
  if (coding == "br") return brotli(text);
  if (coding == "zstd") return zstd(text);
  return deflated(text, coding == "gzip" ? kGzip : kZlib);
}

constexpr std::array<std::string_view, 4> kCodings{"gzip", "deflate", "br", "zstd"};

TEST(ContentCoding, Rfc9110Section8_4_1TakesEachOff) {
  std::mt19937_64 random = banyan::test::seeded_random();
  for (const std::string_view coding : kCodings) {
    for (const std::size_t size : {0U, 1U, 100U, 16'384U, 16'385U, 200'000U}) {
      std::string text(size, 'a');
      for (char& c : text) c = static_cast<char>('a' + random() % 20);
      const Decoded made = decoded(coding, coded(coding, text));
      EXPECT_EQ(made.problem, "") << coding << ' ' << size;
      EXPECT_TRUE(made.body == text) << coding << ' ' << size;
    }
  }
}

TEST(ContentCoding, NamesAreTakenInAnyCaseAndInTheOrderOfTheField) {
  EXPECT_EQ(decoded("X-GZip", deflated("text", kGzip)).body, "text");
  EXPECT_EQ(decoded("identity", "text").body, "text");
  EXPECT_EQ(decoded("", "text").body, "text");
  EXPECT_EQ(decoded("gzip, BR ,identity", brotli(deflated("text", kGzip))).body, "text");
  EXPECT_EQ(decoded("br, gzip", brotli(deflated("text", kGzip))).problem, kBrokenCoding);
  EXPECT_EQ(decoded("gzip,gzip,gzip,gzip", "x").problem, kUnknownCoding);
}

TEST(ContentCoding, Rfc1952Section2_2AGzipFileMayHaveSeveralMembers) {
  EXPECT_EQ(decoded("gzip", deflated("ab", kGzip) + deflated("cd", kGzip)).body, "abcd");
}

TEST(ContentCoding, DeflateWithoutItsHeaderIsTakenAsServersSendIt) {
  EXPECT_EQ(decoded("deflate", deflated("text", -MAX_WBITS)).body, "text");
}

TEST(ContentCoding, AnUnknownOneIsNamed) {
  for (const char* coding : {"compress", "gzip2", "x-br", "gzip;q=1"}) {
    EXPECT_EQ(decoded(coding, deflated("x", kGzip)).problem, kUnknownCoding) << coding;
  }
}

TEST(ContentCoding, ATruncatedBodyIsNamed) {
  for (const std::string_view coding : kCodings) {
    const std::string whole = coded(coding, "some text that is long enough, long enough");
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(decoded(coding, whole.substr(0, size)).problem, kTruncatedCoding)
          << coding << ' ' << size;
    }
  }
}

TEST(ContentCoding, ABrokenBodyIsNamed) {
  for (const std::string_view coding : kCodings) {
    EXPECT_NE(decoded(coding, coded(coding, "text") + "x").problem, "") << coding;
    EXPECT_NE(decoded(coding, "plain text, and no more than that").problem, "") << coding;
  }
  EXPECT_EQ(decoded("gzip", deflated("text", kGzip) + "x").problem, kBrokenCoding);
}

TEST(ContentCoding, ABombIsNamedAndNeverUnpacked) {
  for (const std::string_view coding : kCodings) {
    const std::string bomb = coded(coding, std::string(kDecodedBytesMax + 1, '\0'));
    EXPECT_LT(bomb.size(), 20'000U);
    const Decoded made = decoded(coding, bomb);
    EXPECT_TRUE(made.problem == kDecodedRatio || made.problem == kDecodedTooLarge) << coding;
    EXPECT_TRUE(made.body.empty());
  }
  EXPECT_EQ(decoded("zstd", zstd(std::string(kDecodedBytesMax + 1, '\0'))).problem, kDecodedRatio);
}

TEST(ContentCoding, WhatIsLargeAndNotSwollenIsTooLarge) {
  std::mt19937_64 random = banyan::test::seeded_random();
  std::string text(kDecodedBytesMax + 1, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 4);
  EXPECT_EQ(decoded("gzip", deflated(text, kGzip, 1)).problem, kDecodedTooLarge);
}

TEST(ContentCoding, NothingThatWasFlippedCrashes) {
  std::mt19937_64 random = banyan::test::seeded_random();
  for (const std::string_view coding : kCodings) {
    const std::string whole = coded(coding, std::string(3'000, 'a') + "bcdefghijklmnop");
    for (int i = 0; i < 2'000; ++i) {
      std::string broken = whole;
      for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
        broken[random() % broken.size()] = static_cast<char>(random());
      }
      EXPECT_LE(decoded(coding, broken).body.size(), kDecodedBytesMax);
    }
  }
}

}  // namespace
}  // namespace banyan::shadow
