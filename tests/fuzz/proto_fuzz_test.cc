// Protobuf and gRPC: by descriptor against a model, by wire against what the bytes say.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "shadow/diff/proto_schema.h"
#include "tests/fuzz/pair_fuzz.h"
#include "tests/fuzz/proto_model.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::test {
namespace {

using shadow::Verdict;

constexpr std::string_view kMessage = "application/x-protobuf; messageType=\"shop.Order\"";

std::string descriptor_file() {
  std::ifstream file(BANYAN_ORDERS_DESCRIPTORS, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const shadow::ProtoSchema> schema() {
  std::string error;
  auto made = shadow::ProtoSchema::parse(descriptor_file(), error);
  EXPECT_NE(made, nullptr) << error;
  return made;
}

Verdict verdict_of(const std::string& left, const std::string& right, std::string_view type,
                   const shadow::CompareRules& rules) {
  using shadow::test::response_of;
  const auto pair = shadow::test::pair_of(response_of(200, {{"content-type", type}}, left),
                                          response_of(200, {{"content-type", type}}, right));
  return shadow::compare(pair, rules).verdict;
}

std::vector<std::string> random_messages(std::mt19937_64& random, bool frames) {
  std::vector<std::string> seeds;
  for (int i = 0; i < 20; ++i) {
    const std::string one = encoded(random_order(random), random);
    seeds.push_back(frames ? framed(one) + framed(encoded(random_order(random), random)) : one);
  }
  return seeds;
}

const std::vector<std::string> kWords{std::string("\x08\x00", 2),
                                      "\x08\x01",
                                      "\x80",
                                      "\xff\xff\xff\xff",
                                      std::string("\0\0\0\0\0", 5),
                                      "\x1b\x1c",
                                      "\x12\x03"
                                      "abc",
                                      "\x0a"};

TEST(ProtoFuzz, EncodingsOfOneMessageAreEqualAndOtherMessagesAreNot) {
  std::mt19937_64 random = seeded_random();
  shadow::CompareRules rules;
  rules.descriptors = schema();
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    const OrderModel order = random_order(random);
    const std::string left = encoded(order, random);
    const std::string right = encoded(order, random);
    ASSERT_EQ(verdict_of(left, right, kMessage, rules), Verdict::match)
        << ::testing::PrintToString(left) << '\n'
        << ::testing::PrintToString(right);
    const std::string other = encoded(changed(order, random), random);
    ASSERT_EQ(verdict_of(left, other, kMessage, rules), Verdict::mismatch)
        << ::testing::PrintToString(left) << '\n'
        << ::testing::PrintToString(other);
  }
}

TEST(ProtoFuzz, MessagesByDescriptor) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, random_messages(random, false), kWords);
  PairFuzz fuzz;
  fuzz.content_type = kMessage;
  fuzz.rules.descriptors = schema();
  fuzz_pairs(fuzz, mutation, fuzz_rounds());
}

std::optional<std::uint64_t> take_varint(const std::string& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// The values of each field in their order, strings and messages as the bytes that they are: nobody
// can know which it is. No opinion on groups.
std::optional<std::string> meaning_on_the_wire(const std::string& bytes) {
  std::map<std::uint64_t, std::string> fields;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto tag = take_varint(bytes, at);
    if (!tag || *tag >> 3U == 0) return std::nullopt;
    std::string& field = fields[*tag >> 3U];
    const std::uint64_t type = *tag & 7U;
    std::uint64_t size = type == 1 ? 8 : 4;
    if (type == 0 || type == 2) {
      const auto value = take_varint(bytes, at);
      if (!value) return std::nullopt;
      size = type == 2 ? *value : 0;
      if (type == 0) field += "v" + std::to_string(*value);
    } else if (type != 1 && type != 5) {
      return std::nullopt;
    }
    if (size > bytes.size() - at) return std::nullopt;
    if (type == 1 || type == 5) {
      // A fixed number may be told as the varint of the same value.
      std::uint64_t value = 0;
      for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
      }
      field += "v" + std::to_string(value);
    } else if (type == 2) {
      field += "b" + std::to_string(size) + ":" + bytes.substr(at, size);
    }
    at += size;
  }
  std::string all;
  for (const auto& [number, values] : fields) all += std::to_string(number) + "=" + values + ";";
  return all;
}

TEST(ProtoFuzz, MessagesByWire) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, random_messages(random, false), kWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/x-protobuf";
  fuzz.meaning = meaning_on_the_wire;
  fuzz_pairs(fuzz, mutation, fuzz_rounds());
}

TEST(ProtoFuzz, EncodingsByWireAreEqualWhereNobodyCanTakeThemForOthers) {
  std::mt19937_64 random = seeded_random();
  std::uint64_t matched = 0;
  for (std::uint64_t i = 0; i < fuzz_rounds(); ++i) {
    const OrderModel order = random_order(random);
    const std::string left = encoded(order, random);
    const std::string right = encoded(order, random);
    if (verdict_of(left, right, "application/x-protobuf", {}) != Verdict::match) continue;
    if (left != right) ++matched;
    ASSERT_EQ(meaning_on_the_wire(left), meaning_on_the_wire(right))
        << ::testing::PrintToString(left) << '\n'
        << ::testing::PrintToString(right);
  }
  EXPECT_GT(matched, 0U);
}

TEST(ProtoFuzz, GrpcStreamsByDescriptor) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, random_messages(random, true), kWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/grpc";
  fuzz.target = "/shop.Orders/Get";
  fuzz.rules.descriptors = schema();
  fuzz_pairs(fuzz, mutation, fuzz_rounds());
}

TEST(ProtoFuzz, GrpcStreamsByWire) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, random_messages(random, true), kWords);
  PairFuzz fuzz;
  fuzz.content_type = "application/grpc+proto";
  fuzz_pairs(fuzz, mutation, fuzz_rounds());
}

TEST(ProtoFuzz, FilesOfDescriptors) {
  std::mt19937_64 random = seeded_random();
  Mutation mutation(random, {descriptor_file()},
                    {"\x0a", "\x12\x00", ".shop.Order", "\xff\xff\xff\x7f"});
  std::uint64_t read = 0;
  for (std::uint64_t i = 0; i < fuzz_rounds(2'000); ++i) {
    std::string error;
    const auto made = shadow::ProtoSchema::parse(mutation.of(mutation.seed()), error);
    ASSERT_EQ(made == nullptr, !error.empty());
    if (!made) continue;
    ++read;
    shadow::CompareRules rules;
    rules.descriptors = made;
    const std::string left = encoded(random_order(random), random);
    const std::string right = encoded(random_order(random), random);
    const Verdict there = verdict_of(left, right, kMessage, rules);
    ASSERT_EQ(there, verdict_of(right, left, kMessage, rules));
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace banyan::test
