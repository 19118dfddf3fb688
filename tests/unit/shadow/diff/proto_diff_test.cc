// Protobuf with the descriptors that protoc writes, and without any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "shadow/diff/grpc_diff.h"
#include "shadow/diff/proto_json.h"
#include "shadow/diff/proto_scalar.h"
#include "shadow/diff/proto_schema.h"
#include "shadow/diff/schema_slot.h"
#include "shadow/diff/wire_reader.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/pairs.h"
#include "tests/unit/shadow/wire_message.h"

namespace banyan::shadow {
namespace {

using test::lines_of;
using test::pair_of;
using test::response_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string tag(std::uint32_t number, int type) {
  return varint(number << 3U | static_cast<unsigned>(type));
}
std::string number(std::uint32_t field, std::uint64_t value) { return wire_number(field, value); }
std::string bytes(std::uint32_t field, std::string_view value) { return wire_bytes(field, value); }
std::string fixed(std::uint32_t field, std::uint64_t value, int size) {
  std::string out = tag(field, size == 8 ? 1 : 5);
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string framed(std::string_view message) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(message.size() >> shift);
  return out.append(message);
}

std::string descriptor_file() {
  std::ifstream file(BANYAN_ORDERS_DESCRIPTORS, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const ProtoSchema> schema() {
  std::string error;
  auto made = ProtoSchema::parse(descriptor_file(), error);
  EXPECT_NE(made, nullptr) << error;
  return made;
}

std::vector<std::string> differences(const std::string& left, const std::string& right,
                                     CompareRules rules = {}, bool known = true) {
  static const auto kSchema = schema();
  rules.descriptors = known ? kSchema : nullptr;
  const auto answer = [](const std::string& body) {
    return response_of(200, {{"content-type", "application/grpc"}}, body);
  };
  CapturedPair pair = pair_of(answer(left), answer(right));
  pair.target = "/shop.Orders/Get";
  return lines_of(compare(pair, rules));
}

std::vector<std::string> of_orders(const std::string& left, const std::string& right) {
  return differences(framed(left), framed(right));
}

TEST(ProtoSchema, ReadsWhatProtocWrites) {
  const auto made = schema();
  const ProtoSchema::Message* order = made->answer_of("/shop.Orders/Get");
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->name, "shop.Order");
  EXPECT_EQ(order->fields.at(10).message, made->message("shop.Time"));
  EXPECT_TRUE(order->fields.at(6).has_presence);
  EXPECT_EQ(order->fields.at(6).oneof, -1);
  EXPECT_FALSE(order->fields.at(1).has_presence);
  EXPECT_GE(order->fields.at(7).oneof, 0);
  EXPECT_TRUE(order->fields.at(4).message->is_map_entry);
  EXPECT_EQ(made->answer_of("/shop.Orders/None"), nullptr);
}

TEST(ProtoSchema, WhatIsNoneIsSaid) {
  const std::string whole = descriptor_file();
  std::string error;
  for (const std::string& broken :
       {std::string(), std::string("text"), whole.substr(0, whole.size() - 1), "\x0a" + whole}) {
    EXPECT_EQ(ProtoSchema::parse(broken, error), nullptr);
    EXPECT_FALSE(error.empty());
  }
  std::mt19937_64 random = banyan::test::seeded_random();
  for (int i = 0; i < 5'000; ++i) {
    std::string broken = whole;
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    (void)ProtoSchema::parse(broken, error);  // no crash, whatever it says
  }
}

TEST(ProtoDiff, TheOrderOnTheWireAndPackingMeanNothing) {
  EXPECT_THAT(of_orders(number(1, 7) + number(2, 1) + bytes(5, "\x02\x04"),
                        number(5, 2) + number(2, 1) + number(5, 4) + number(1, 7)),
              IsEmpty());
  // A singular field counts as it came last, messages are merged.
  EXPECT_THAT(of_orders(number(1, 7), number(1, 8) + number(1, 7)), IsEmpty());
  EXPECT_THAT(of_orders(bytes(10, number(1, 5) + number(2, 6)),
                        bytes(10, number(1, 5)) + bytes(10, number(2, 6))),
              IsEmpty());
}

TEST(ProtoDiff, FieldsHaveNamesAndTypes) {
  EXPECT_THAT(of_orders(number(1, 7) + number(2, 1) + fixed(11, 5, 4) + number(5, 3),
                        number(1, static_cast<std::uint64_t>(-7)) + number(2, 9) + number(5, 4)),
              ElementsAre("value $[0].id: 7 | -7", "type $[0].state: \"STATE_PAID\" | 9",
                          "value $[0].packed[0]: -2 | 2", "missing $[0].code: 5 | "));
  EXPECT_THAT(of_orders(number(13, ~std::uint64_t{0}), number(13, ~std::uint64_t{0} - 1)),
              ElementsAre("value $[0].large: 18446744073709551615 | 18446744073709551614"));
  EXPECT_THAT(of_orders(bytes(9, "a"), bytes(9, "b")),
              ElementsAre("value $[0].seal: \"YQ==\" | \"Yg==\""));
}

TEST(ProtoDiff, PresenceIsWhatTheDescriptorSays) {
  EXPECT_THAT(of_orders(number(1, 0) + bytes(9, ""), ""), IsEmpty());
  EXPECT_THAT(of_orders(bytes(6, ""), ""), ElementsAre("missing $[0].note: \"\" | "));
  EXPECT_THAT(of_orders(bytes(10, ""), ""), ElementsAre("missing $[0].at: {} | "));
  EXPECT_THAT(of_orders(bytes(7, "c") + number(8, 1), number(8, 1)), IsEmpty());
  EXPECT_THAT(of_orders(number(8, 1) + bytes(7, "c"), number(8, 1)),
              ElementsAre("missing $[0].card: \"c\" | ", "extra $[0].cash:  | true"));
}

TEST(ProtoDiff, MapsAreByKey) {
  const auto entry = [](std::string_view key, std::uint64_t value) {
    return bytes(4, bytes(1, key) + number(2, value));
  };
  EXPECT_THAT(
      of_orders(entry("a", 1) + entry("b", 2), entry("b", 3) + entry("b", 2) + entry("a", 1)),
      IsEmpty());
  EXPECT_THAT(of_orders(entry("a", 1), entry("a", 2) + bytes(4, bytes(1, "z"))),
              ElementsAre("value $[0].stock.a: 1 | 2", "extra $[0].stock.z:  | 0"));
}

TEST(ProtoDiff, StreamsAndListsAreAligned) {
  const auto item = [](std::string_view sku) { return bytes(3, bytes(1, sku)); };
  EXPECT_THAT(of_orders(item("a") + item("b"), item("new") + item("a") + item("b")),
              ElementsAre(R"(extra $[0].items[0]:  | {"sku":"new"})"));
  EXPECT_THAT(differences(framed(number(1, 1)) + framed(number(1, 2)), framed(number(1, 2))),
              ElementsAre(R"(missing $[0]: {"id":1} | )"));
}

TEST(ProtoDiff, UnknownFieldsHaveTheirNumber) {
  EXPECT_THAT(of_orders(number(1, 7) + number(99, 1), number(1, 7)),
              ElementsAre("missing $[0]['#99']: [1] | "));
  EXPECT_THAT(of_orders(bytes(1, "x"), bytes(1, "y")),
              ElementsAre("value $[0]['#1'][0]: \"x\" | \"y\""));
}

TEST(ProtoDiff, WithoutDescriptorsFieldsHaveNumbersAndNoValues) {
  const auto wire = [](const std::string& left, const std::string& right) {
    return differences(framed(left), framed(right), {}, false);
  };
  EXPECT_THAT(wire(number(1, 7) + bytes(2, "secret"), bytes(2, "secret") + number(1, 7)),
              IsEmpty());
  EXPECT_THAT(
      wire(bytes(3, number(1, 500)) + number(1, 7), bytes(3, number(1, 501)) + number(1, 8)),
      ElementsAre("value $[0]['#1'][0]: (not shown) | (not shown)",
                  "value $[0]['#3'][0]['#1'][0]: (not shown) | (not shown)"));
  // Bytes that only may be a message keep their order.
  EXPECT_FALSE(
      wire(bytes(3, number(1, 500) + number(2, 0)), bytes(3, number(2, 0) + number(1, 500)))
          .empty());
}

TEST(ProtoDiff, ABodyOfOneMessageSaysWhichInItsType) {
  CompareRules rules;
  rules.descriptors = schema();
  const auto answer = [](const std::string& body) {
    return response_of(200, {{"content-type", "application/x-protobuf; messageType=\"shop.Item\""}},
                       body);
  };
  EXPECT_THAT(lines_of(compare(pair_of(answer(bytes(1, "a")), answer(bytes(1, "b"))), rules)),
              ElementsAre("value $.sku: \"a\" | \"b\""));
}

// Rules that name fields would miss them: what differs is no mismatch until the names are there.
TEST(ProtoDiff, WhatDiffersBeforeItsDescriptorsHaveComeIsNotComparable) {
  CompareRules rules;
  rules.described = std::make_shared<SchemaSlot>();
  const auto answers = [](const char* type, const std::string& left, const std::string& right) {
    CapturedPair pair = pair_of(response_of(200, {{"content-type", type}}, left),
                                response_of(200, {{"content-type", type}}, right));
    pair.target = "/shop.Orders/Get";
    return pair;
  };
  const CapturedPair message =
      answers("application/x-protobuf; messageType=\"shop.Item\"", bytes(1, "a"), bytes(1, "b"));
  const CapturedPair call =
      answers("application/grpc", framed(bytes(1, "a")), framed(bytes(1, "b")));
  for (const CapturedPair* pair : {&message, &call}) {
    const Comparison before = compare(*pair, rules);
    EXPECT_EQ(before.verdict, Verdict::not_comparable);
    EXPECT_EQ(before.why_not, "not_described");
    EXPECT_THAT(before.differences, IsEmpty());
  }
  CapturedPair failed = call;
  failed.monolith.status = 500;
  EXPECT_EQ(compare(failed, rules).verdict, Verdict::mismatch);  // whatever the fields are
  EXPECT_EQ(compare(answers("text/plain", "a", "b"), rules).verdict, Verdict::mismatch);
  EXPECT_EQ(compare(answers("application/grpc", "same", "same"), rules).verdict, Verdict::match);

  rules.described->set(schema());
  EXPECT_THAT(lines_of(compare(message, rules)), ElementsAre("value $.sku: \"a\" | \"b\""));
  EXPECT_EQ(compare(call, rules).verdict, Verdict::mismatch);
}

TEST(ProtoDiff, StatusDetailsAreComparedByTheirFields) {
  const auto answer = [](const std::string& status) {
    return response_of(200, {{"content-type", "application/grpc"},
                             {"grpc-status-details-bin", base64_of(status)}});
  };
  EXPECT_THAT(
      lines_of(compare(
          pair_of(answer(number(1, 5) + bytes(2, "no")), answer(bytes(2, "none") + number(1, 5))),
          {})),
      ElementsAre("value trailer:grpc-status-details-bin.message: (not shown) | (not shown)"));
}

// Any bytes: no crash, no difference of a message from itself, the same from both sides.
TEST(ProtoDiff, AnyBytesAreCompared) {
  std::mt19937_64 random = banyan::test::seeded_random();
  const auto piece = [&random]() -> std::string {
    const auto field = static_cast<std::uint32_t>(1 + random() % 14);
    switch (random() % 5) {
      case 0:
        return number(field, random() >> (random() % 64));
      case 1:
        return bytes(field, number(1 + static_cast<std::uint32_t>(random() % 3), random() % 4));
      case 2:
        return fixed(field, random(), random() % 2 == 0 ? 8 : 4);
      case 3:
        return bytes(field, std::string(random() % 4, static_cast<char>(random())));
      default:
        return std::string(1, static_cast<char>(random()));
    }
  };
  for (int round = 0; round < 4'000; ++round) {
    std::string sides[2];
    for (std::string& side : sides) {
      for (std::uint64_t n = random() % 6; n > 0; --n) side += piece();
    }
    for (const bool known : {false, true}) {
      const auto there = differences(framed(sides[0]), framed(sides[1]), {}, known);
      const auto back = differences(framed(sides[1]), framed(sides[0]), {}, known);
      ASSERT_EQ(there.size(), back.size());
      if (sides[0] == sides[1]) {
        ASSERT_THAT(there, IsEmpty());
      }
    }
  }
}

TEST(ProtoDiff, DeepAndLargeMessagesAreBounded) {
  std::string deep;
  for (int i = 0; i < 3'000; ++i) deep = bytes(3, deep);
  EXPECT_LE(differences(framed(deep), framed(bytes(3, deep)), {}, false).size(), 1U);
  std::string groups(100'000, '\x0b');
  EXPECT_FALSE(is_wire_message(groups));
}

}  // namespace
}  // namespace banyan::shadow
