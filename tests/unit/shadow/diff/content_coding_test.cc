#include "shadow/diff/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/unit/shadow/deflated.h"

namespace banyan::shadow {
namespace {

using test::deflated;
using test::kGzip;
using test::kZlib;

TEST(ContentCoding, TakesGzipAndDeflateOff) {
  const std::string text(100'000, 'a');
  EXPECT_EQ(decoded("gzip", deflated(text, kGzip)), text);
  EXPECT_EQ(decoded("X-GZip", deflated(text, kGzip)), text);
  EXPECT_EQ(decoded("deflate", deflated(text, kZlib)), text);
  EXPECT_EQ(decoded("gzip", deflated("", kGzip)), "");
}

TEST(ContentCoding, LeavesWhatItDoesNotKnow) {
  for (const char* coding : {"br", "zstd", "gzip, gzip", "", "identity"}) {
    EXPECT_EQ(decoded(coding, deflated("x", kGzip)), std::nullopt) << coding;
  }
}

TEST(ContentCoding, RefusesABrokenBody) {
  const std::string whole = deflated("some text that is long enough", kGzip);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decoded("gzip", whole.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(decoded("gzip", whole + "x"), std::nullopt);
  EXPECT_EQ(decoded("gzip", "plain text"), std::nullopt);
}

TEST(ContentCoding, RefusesABomb) {
  const std::string bomb = deflated(std::string(kDecodedBytesMax + 1, '\0'), kGzip);
  EXPECT_LT(bomb.size(), 20'000U);
  EXPECT_EQ(decoded("gzip", bomb), std::nullopt);
}

}  // namespace
}  // namespace banyan::shadow
