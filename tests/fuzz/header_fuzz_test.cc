// Values of header fields whose meaning is known, changed at random.
#include <gtest/gtest.h>

#include "tests/fuzz/pair_fuzz.h"
#include "tests/support/seed.h"

namespace banyan::test {
namespace {

const std::vector<std::string> kWords{";",
                                      ",",
                                      "=",
                                      "\"",
                                      "\\",
                                      "<",
                                      ">",
                                      " ",
                                      "\t",
                                      "a",
                                      "Path=/",
                                      "W/",
                                      "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                                      "Max-Age=0",
                                      "rel=next"};

// What matters most must not get lost: the cookie's value, or the target of a link.
std::optional<std::string> cookie_value(const std::string& line) {
  std::string pair = line.substr(0, line.find(';'));
  std::erase_if(pair, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\x7f'; });
  return pair.find('=') == std::string::npos ? "=" + pair : pair;
}

TEST(HeaderFuzz, SetCookie) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(
      random,
      {"session=abc; Path=/; HttpOnly; SameSite=Lax", "a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
       "=x", "name", "q=\"a;b\"; Max-Age=60; Domain=.Shop.Test"},
      kWords);
  PairFuzz fuzz;
  fuzz.header = "set-cookie";
  fuzz.meaning = cookie_value;
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(HeaderFuzz, Rfc8288_Link) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(
      random,
      {"</a>; rel=next, </b>; rel=\"prev\"; title=\"a, b\"", "<x>", "<>; rel", "</a?b=c,d>"},
      kWords);
  PairFuzz fuzz;
  fuzz.header = "link";
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(HeaderFuzz, ContentType) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(
      random,
      {"text/html; charset=UTF-8", "multipart/mixed; boundary=\"x y\"; a=b", "a/b;c=\"\\\"\""},
      kWords);
  PairFuzz fuzz;
  fuzz.header = "content-type";
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(HeaderFuzz, CacheControl) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, {"no-store, max-age=0", "private=\"a, b\", public", ""}, kWords);
  PairFuzz fuzz;
  fuzz.header = "cache-control";
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

}  // namespace
}  // namespace banyan::test
