#include "base/stable_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/seed.h"

namespace banyan {
namespace {

using namespace std::string_view_literals;

struct Vector {
  std::string_view bytes;
  std::uint32_t seed;
  std::uint32_t hash;
};

TEST(Murmur3, MatchesKnownVectors) {
  const Vector vectors[] = {
      {"", 0, 0},
      {"", 1, 0x514E28B7},
      {"", 0xFFFFFFFF, 0x81F16F39},
      {"\0"sv, 0, 0x514E28B7},
      {"\0\0"sv, 0, 0x30F4C306},
      {"\0\0\0"sv, 0, 0x85F0B427},
      {"\0\0\0\0"sv, 0, 0x2362F9DE},
      {"\x21", 0, 0x72661CF4},
      {"\x21\x43", 0, 0xA0F7B07A},
      {"\x21\x43\x65", 0, 0x7E4A8634},
      {"\x21\x43\x65\x87", 0, 0xF55B516B},
      {"\x21\x43\x65\x87", 0x5082EDEE, 0x2362F9DE},
      {"\xFF\xFF\xFF\xFF", 0, 0x76293B50},
      {"hello", 0, 0x248BFA47},
      {"Hello, world!", 0, 0xC0363E43},
      {"The quick brown fox jumps over the lazy dog", 0, 0x2E4FF723},
      {"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD},
  };
  for (const Vector& v : vectors) {
    EXPECT_EQ(murmur3_x86_32(v.bytes, v.seed), v.hash) << '"' << v.bytes << "\" seed " << v.seed;
  }
}

TEST(Murmur3, PiecesHashAsOneRunWhereverTheyAreCut) {
  std::mt19937_64 random = test::seeded_random();
  for (std::size_t size = 0; size < 40; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::uint32_t whole = murmur3_x86_32(bytes, 7);
    for (std::size_t a = 0; a <= size; ++a) {
      const std::size_t b = a + (size - a) / 2;
      Murmur3 pieces(7);
      pieces.add(std::string_view(bytes).substr(0, a));
      pieces.add(std::string_view(bytes).substr(a, b - a));
      pieces.add(std::string_view(bytes).substr(b));
      EXPECT_EQ(pieces.finish(), whole) << size << " bytes cut at " << a << " and " << b;
    }
  }
}

TEST(Murmur3, CanBeAskedInBetween) {
  Murmur3 hash;
  hash.add("hel");
  EXPECT_EQ(hash.finish(), murmur3_x86_32("hel", 0));
  hash.add("lo");
  EXPECT_EQ(hash.finish(), 0x248BFA47U);
}

}  // namespace
}  // namespace banyan
