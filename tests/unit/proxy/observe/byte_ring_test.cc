#include "proxy/observe/byte_ring.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>

namespace banyan::observe {
namespace {

std::string drain(ByteRing& ring) {
  const auto pieces = ring.peek();
  std::string all = std::string(pieces[0]) + std::string(pieces[1]);
  ring.drop(all.size());
  return all;
}

TEST(ByteRing, TakesAllOrNothing) {
  ByteRing ring(8);
  EXPECT_TRUE(ring.put("12345"));
  EXPECT_FALSE(ring.put("6789"));
  EXPECT_TRUE(ring.put("678"));
  EXPECT_FALSE(ring.put("9"));
  EXPECT_EQ(drain(ring), "12345678");
  EXPECT_TRUE(ring.empty());
}

TEST(ByteRing, RefusesWhatNeverFits) {
  ByteRing ring(8);
  EXPECT_FALSE(ring.put("123456789"));
  EXPECT_TRUE(ring.empty());
}

TEST(ByteRing, RunsOverItsEnd) {
  ByteRing ring(8);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(ring.put("abcde"));
    ASSERT_EQ(drain(ring), "abcde");
  }
}

TEST(ByteRing, CarriesEveryByteInOrderBetweenTwoThreads) {
  constexpr int kRecords = 100'000;
  ByteRing ring(1024);
  std::thread producer([&] {
    for (int i = 0; i < kRecords;) {
      if (ring.put(std::to_string(i) + "\n")) ++i;
    }
  });
  int expected = 0;
  std::string line;
  while (expected < kRecords) {
    for (const char c : drain(ring)) {
      if (c != '\n') {
        line += c;
        continue;
      }
      EXPECT_EQ(line, std::to_string(expected));
      ++expected;
      line.clear();
    }
  }
  producer.join();
}

}  // namespace
}  // namespace banyan::observe
