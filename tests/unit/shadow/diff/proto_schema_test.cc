// How one descriptor names the type of another (google/protobuf/descriptor.proto, `type_name`).
#include "shadow/diff/proto_schema.h"

#include <gtest/gtest.h>

#include "tests/unit/shadow/wire_message.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kMessageType = 11, kEnumType = 14, kStringType = 9;

std::string field_of(std::string_view name, std::size_t number, std::size_t type,
                     std::string_view type_name = {}) {
  std::string out = wire_bytes(1, name) + wire_number(3, number) + wire_number(5, type);
  return type_name.empty() ? out : out + wire_bytes(6, type_name);
}

std::string message_of(std::string_view name, const std::string& parts) {
  return wire_bytes(1, name) + parts;
}

// A file of package `shop.v1` with `Item { Kind kind = 1 }`, and a message that has an Item of its
// own, and a service that answers with it.
std::string file_with(std::string_view item, std::string_view kind, std::string_view answer) {
  const std::string item_message =
      message_of("Item", wire_bytes(2, field_of("label", 1, kStringType)) +
                             wire_bytes(2, field_of("kind", 2, kEnumType, kind)));
  const std::string inner = message_of("Item", wire_bytes(2, field_of("inner", 1, kStringType)));
  const std::string order = message_of(
      "Order", wire_bytes(2, field_of("item", 1, kMessageType, item)) + wire_bytes(3, inner));
  const std::string kinds =
      wire_bytes(1, "Kind") + wire_bytes(2, wire_bytes(1, "NEW") + wire_number(2, 0));
  const std::string method = wire_bytes(1, "Get") + wire_bytes(3, answer);
  return wire_bytes(1, "orders.proto") + wire_bytes(2, "shop.v1") + wire_bytes(4, item_message) +
         wire_bytes(4, order) + wire_bytes(5, kinds) +
         wire_bytes(6, wire_bytes(1, "Orders") + wire_bytes(2, method)) + wire_bytes(12, "proto3");
}

std::shared_ptr<const ProtoSchema> parsed(const std::string& file, std::string& error) {
  return ProtoSchema::parse(wire_bytes(1, file), error);
}

std::string item_of_an_order(std::string_view item) {
  std::string error;
  const auto schema = parsed(file_with(item, ".shop.v1.Kind", ".shop.v1.Order"), error);
  if (schema == nullptr) return error;
  return schema->message("shop.v1.Order")->fields.at(1).message->name;
}

TEST(ProtoSchema, ANameWithADotInFrontIsAFullOne) {
  EXPECT_EQ(item_of_an_order(".shop.v1.Item"), "shop.v1.Item");
  EXPECT_EQ(item_of_an_order(".shop.v1.Order.Item"), "shop.v1.Order.Item");
}

TEST(ProtoSchema, ANameWithoutOneIsLookedForInTheInnermostScopeFirst) {
  EXPECT_EQ(item_of_an_order("Item"), "shop.v1.Order.Item");
  EXPECT_EQ(item_of_an_order("Order.Item"), "shop.v1.Order.Item");
  EXPECT_EQ(item_of_an_order("v1.Item"), "shop.v1.Item");
  EXPECT_EQ(item_of_an_order("shop.v1.Item"), "shop.v1.Item");
}

TEST(ProtoSchema, EnumerationsAndAnswersAreFoundInTheSameWay) {
  std::string error;
  const auto schema = parsed(file_with("Item", "Kind", "Order"), error);
  ASSERT_NE(schema, nullptr) << error;
  EXPECT_EQ(schema->message("shop.v1.Item")->fields.at(2).names->at(0), "NEW");
  ASSERT_NE(schema->answer_of("/shop.v1.Orders/Get"), nullptr);
  EXPECT_EQ(schema->answer_of("/shop.v1.Orders/Get")->name, "shop.v1.Order");
}

TEST(ProtoSchema, ANameThatIsNowhereIsToldAsItStands) {
  std::string error;
  EXPECT_EQ(parsed(file_with("Lost", "Kind", "Order"), error), nullptr);
  EXPECT_NE(error.find("does not have Lost, which shop.v1.Order.item is"), std::string::npos)
      << error;
  EXPECT_EQ(parsed(file_with(".Item", "Kind", "Order"), error), nullptr);
  EXPECT_NE(error.find("does not have Item"), std::string::npos) << error;
}

// Sets of a server that means harm: each name is short on the wire, and all of them are not.
TEST(ProtoSchema, NamesAreBoundedInBytesAndLabels) {
  std::string error;
  const auto refused = [&](const std::string& file) {
    error.clear();
    return parsed(file, error) == nullptr && error.find("too long") != std::string::npos;
  };
  const auto file = [](std::string_view package, const std::string& parts) {
    return wire_bytes(1, "a.proto") + wire_bytes(2, package) + parts;
  };
  const std::string message = wire_bytes(4, wire_bytes(1, "Thing"));
  EXPECT_TRUE(refused(file(std::string(600, 'p'), message))) << error;
  std::string labels = "p";
  for (int i = 0; i < 60; ++i) labels += ".p";
  EXPECT_TRUE(refused(file(labels, message))) << error;
  EXPECT_TRUE(refused(file("p", wire_bytes(4, wire_bytes(1, std::string(600, 'm')))))) << error;
  EXPECT_TRUE(refused(file("p", message + wire_bytes(5, wire_bytes(1, std::string(600, 'e'))))));
  EXPECT_TRUE(refused(
      file("p", message + wire_bytes(6, wire_bytes(1, "S") +
                                            wire_bytes(2, wire_bytes(1, std::string(600, 'm')))))));
  EXPECT_TRUE(refused(file(
      "p", wire_bytes(4, wire_bytes(1, "T") + wire_bytes(2, field_of("f", 1, kMessageType,
                                                                     std::string(600, 't')))))));
  EXPECT_LT(error.size(), 200U);
}

// `extend Item { Item more = 100; }` within Order: its type is Order's Item.
TEST(ProtoSchema, AnExtensionsTypeIsLookedForWhereItIsDeclared) {
  const std::string extension =
      field_of("more", 100, kMessageType, "Order.Item") + wire_bytes(2, "Item");
  std::string error;
  const auto schema = parsed(file_with("Item", "Kind", "Order") + wire_bytes(7, extension), error);
  ASSERT_NE(schema, nullptr) << error;
  EXPECT_EQ(schema->message("shop.v1.Item")->fields.at(100).message->name, "shop.v1.Order.Item");
}

}  // namespace
}  // namespace banyan::shadow
