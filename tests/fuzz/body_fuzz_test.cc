// Bodies of every kind, changed at random, and what holds for any two of them.
#include <gtest/gtest.h>

#include <map>

#include "shadow/diff/content_coding.h"
#include "tests/fuzz/pair_fuzz.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/canonical_json.h"
#include "tests/unit/shadow/deflated.h"

namespace banyan::test {
namespace {

using shadow::test::CanonicalJson;

const std::vector<std::string> kJsonSeeds{
    R"({"id": 1, "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2.50}], "at": null})",
    R"([1, 1.0, 10e-1, -0, 0.1, 123456789012345678901234567890, "1", true, false, null, [], {}])",
    R"({"a": {"a": {"a": [[[["deep"]]]]}}, "a": 2, "": "", "\u0061": "\ud83d\ude00"})",
    R"(["a", "b", "c", "d", "e", "f", "g", "a", "b"])",
    "\"only text\"",
    " 42 "};
const std::vector<std::string> kJsonWords{
    "[",     "]",     "{",       "}",        ",",
    ":",     "\"",    "\\",      "null",     "true",
    "1e1",   "0.0",   "-",       " ",        "\n",
    "1",     "\"a\"", "\\u00e4", "\\n",      "{\"a\":1}",
    "[1,2]", ",1",    "\xc3",    "\xc3\xa4", std::string(1, '\0'),
    "\x1e"};

const std::vector<std::pair<std::string, std::string>> kSameJson{
    {R"({"a": 1, "b": [true, "\u0041"]})", R"({ "b":[true,"A"], "a":1.0 })"}};

TEST(BodyFuzz, Json) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, kJsonSeeds, kJsonWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/json";
  fuzz.same = kSameJson;
  fuzz.meaning = CanonicalJson::of;
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(BodyFuzz, JsonUnderRules) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, kJsonSeeds, kJsonWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/json";
  fuzz.same = kSameJson;
  PathPattern::ParseError error{};
  ASSERT_TRUE(PathPattern::parse("$.**.n", fuzz.rules.ignore.emplace_back(), error));
  ASSERT_TRUE(PathPattern::parse("$[*]", fuzz.rules.unordered.emplace_back(), error));
  ASSERT_TRUE(PathPattern::parse("$.items", fuzz.rules.keyed.emplace_back().at, error));
  fuzz.rules.keyed.back().member = "sku";
  auto& tolerance = fuzz.rules.tolerance.emplace_back();
  ASSERT_TRUE(PathPattern::parse("$.id", tolerance.at, error));
  tolerance.number = "0.5";
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

// Each line by itself; nothing where one is no JSON.
std::optional<std::string> meaning_of_lines(const std::string& body) {
  std::string all;
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    const std::string line = body.substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto meaning = CanonicalJson::of(line);
    if (!meaning) return std::nullopt;
    all += *meaning + '\n';
  }
  return all;
}

TEST(BodyFuzz, Ndjson) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random,
                    {"{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n", "1\n2\r\n\n3", "[1]\n[1, 2]\n"},
                    kJsonWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/x-ndjson";
  fuzz.meaning = meaning_of_lines;
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(BodyFuzz, Rfc7464_JsonTextSequence) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, {"\x1e{\"id\": 1}\n\x1e{\"id\": 2}\n", "\x1e[1,\n2]\n\x1e\x1e 3\n"},
                    kJsonWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/json-seq";
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool is_hex = i + 2 < text.size() &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    if (text[i] == '%' && is_hex) {
      byte = static_cast<unsigned>(std::stoul(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      byte = static_cast<unsigned char>(text[i] == '+' ? ' ' : text[i]);
    }
    out += static_cast<char>(byte);
  }
  return out;
}

// The values by name, each with its size in front.
std::optional<std::string> meaning_of_form(const std::string& body) {
  std::map<std::string, std::string> by_name;
  std::size_t at = 0;
  while (at <= body.size()) {
    const std::size_t end = std::min(body.find('&', at), body.size());
    const std::string pair = body.substr(at, end - at);
    at = end + 1;
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string value = unescaped(pair.substr(std::min(equals + 1, pair.size())));
    by_name[unescaped(pair.substr(0, equals))] += std::to_string(value.size()) + ":" + value;
  }
  std::string all;
  for (const auto& [name, values] : by_name) all += std::to_string(name.size()) + name + values;
  return all;
}

TEST(BodyFuzz, Form) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, {"a=1&b=2&c=&d&a=3", "name=%C3%A4+b&x%5B%5D=1&x%5B%5D=2", "", "&&=&="},
                    {"&", "=", "%", "+", "%20", "%2", "a=1", "&a=1", "%00", "%zz", "b"});
  PairFuzz fuzz;
  fuzz.content_type = "application/x-www-form-urlencoded";
  fuzz.meaning = meaning_of_form;
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(BodyFuzz, Multipart) {
  std::mt19937_64 random = seeded_random();
  const std::string part = "--B\r\ncontent-disposition: form-data; name=\"";
  Mutation mutation(
      random,
      {part + "a\"\r\n\r\none\r\n" + part + "b\"\r\n\r\ntwo\r\n--B--\r\n",
       part + "f\"; filename=\"x\"\r\ncontent-type: application/json\r\n\r\n{\"a\": 1}\r\n--B--",
       "--B\r\n\r\nplain\r\n--B\n\nother\n--B--", "preamble\r\n--B\r\n\r\n--B--epilogue"},
      {"--B", "--B--", "\r\n", "\n", "\r\n\r\n", "name=\"a\"", ";", "\"",
       "content-type: text/plain\r\n", "filename=", ":"});
  PairFuzz fuzz;
  fuzz.content_type = "multipart/form-data; boundary=B";
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

std::optional<std::string> its_bytes(const std::string& body) { return body; }

TEST(BodyFuzz, TextOfLines) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random,
                    {"one\ntwo\nthree\nfour\n", "a\r\nb\r\nc", "<p>\n<b>x</b>\n</p>\n", "\n\n"},
                    {"\n", "\r\n", "two\n", "\xc3\xa4", "\xff", " ", "x"});
  PairFuzz fuzz;
  fuzz.content_type = "text/plain";
  fuzz.meaning = its_bytes;
  EXPECT_EQ(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(BodyFuzz, Bytes) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random,
                    {std::string("\x89PNG\r\n\x1a\n\0\0\0", 11), std::string(100, '\0'), ""},
                    {std::string(1, '\0'), "\xff\xff", "IDAT"});
  PairFuzz fuzz;
  fuzz.content_type = "application/octet-stream";
  fuzz.meaning = its_bytes;
  EXPECT_EQ(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

TEST(BodyFuzz, BodiesWithoutAType) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, kJsonSeeds, kJsonWords);
  PairFuzz fuzz;
  fuzz.same = kSameJson;
  fuzz.meaning = CanonicalJson::of;
  EXPECT_GT(fuzz_pairs(fuzz, mutation, fuzz_rounds()), 0U);
}

// What zlib makes of the whole body at once, with room for all that these can be.
std::optional<std::string> inflated(const std::string& body) {
  z_stream stream{};
  if (inflateInit2(&stream, shadow::test::kGzip) != Z_OK) return std::nullopt;
  std::string in = body;
  std::string out(std::size_t{1} << 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return whole ? std::optional(out) : std::nullopt;
}

TEST(BodyFuzz, Gzip) {
  std::mt19937_64 random = seeded_random();
  using shadow::test::deflated;
  using shadow::test::kGzip;
  const std::string text = "a line\nand another line\n";
  Mutation mutation(random,
                    {deflated(text, kGzip), deflated(text, kGzip, 0), deflated("", kGzip),
                     deflated(std::string(9'000, 'x'), kGzip)},
                    {std::string(1, '\0'), "\x1f\x8b", "\xff", deflated("x", kGzip)});
  PairFuzz fuzz;
  fuzz.content_type = "text/plain";
  fuzz.content_encoding = "gzip";
  fuzz.meaning = inflated;
  fuzz_pairs(fuzz, mutation, fuzz_rounds());
}

class OtherCodings : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(BodyFuzz, OtherCodings,
                         ::testing::Values("deflate", "br", "zstd", "gzip, br", "identity",
                                           "gzip, deflate, br, zstd", "unknown"));

TEST_P(OtherCodings, ThatAreBroken) {
  std::mt19937_64 random = seeded_random();
  using shadow::test::deflated;
  Mutation mutation(
      random,
      {deflated("a line\nof text\n", shadow::test::kZlib), std::string("\x0b\x02\x80hello\x03", 9),
       std::string("\x28\xb5\x2f\xfd\x24\x05\x29\x00\x00hello\x97\xad\x0c\x01", 18), "plain"},
      {std::string(1, '\0'), "\x28\xb5\x2f\xfd", "\xff"});
  PairFuzz fuzz;
  fuzz.content_type = "text/plain";
  fuzz.content_encoding = GetParam();
  fuzz_pairs(fuzz, mutation, fuzz_rounds(1'000));
}

}  // namespace
}  // namespace banyan::test
