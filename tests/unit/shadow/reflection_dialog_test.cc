// What a server may say when it is asked for its descriptors (grpc/reflection/v1/reflection.proto).
#include "shadow/reflection_dialog.h"

#include <gtest/gtest.h>

#include "shadow/diff/proto_schema.h"
#include "tests/unit/shadow/wire_message.h"

namespace banyan::shadow {
namespace {

std::string services(std::initializer_list<std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) list += wire_bytes(1, wire_bytes(1, name));
  return wire_bytes(6, list);
}

std::string files(std::initializer_list<std::string_view> all) {
  std::string list;
  for (const std::string_view file : all) list += wire_bytes(1, file);
  return wire_bytes(4, list);
}

std::string error(std::string_view text) {
  return wire_bytes(7, wire_number(1, 5) + wire_bytes(2, text));
}

// A FileDescriptorProto: a message `Thing` of `package` with `string name = 1`.
std::string file(std::string_view name, std::string_view package,
                 std::initializer_list<std::string_view> imports = {}) {
  std::string out = wire_bytes(1, name) + wire_bytes(2, package);
  for (const std::string_view import : imports) out += wire_bytes(3, import);
  const std::string name_field =
      wire_bytes(1, "name") + wire_number(3, 1) + wire_number(4, 1) + wire_number(5, 9);
  return out + wire_bytes(4, wire_bytes(1, "Thing") + wire_bytes(2, name_field)) +
         wire_bytes(12, "proto3");
}

TEST(ReflectionDialog, AsksForServicesThenTheirFilesThenWhatThoseImport) {
  ReflectionDialog dialog;
  EXPECT_EQ(dialog.request(), wire_bytes(7, "*"));
  dialog.take(services({"shop.Orders"}));
  EXPECT_EQ(dialog.request(), wire_bytes(4, "shop.Orders"));
  dialog.take(files({file("orders.proto", "shop", {"base.proto", "more.proto"})}));
  EXPECT_EQ(dialog.request(), wire_bytes(3, "base.proto"));
  dialog.take(files({file("base.proto", "base", {"more.proto"})}));
  EXPECT_EQ(dialog.request(), wire_bytes(3, "more.proto"));
  dialog.take(files({file("more.proto", "more")}));
  ASSERT_TRUE(dialog.is_over());
  EXPECT_EQ(dialog.problem(), "");
  std::string why;
  const auto schema = ProtoSchema::parse(dialog.file_set(), why);
  ASSERT_NE(schema, nullptr) << why;
  EXPECT_NE(schema->message("shop.Thing"), nullptr);
  EXPECT_NE(schema->message("base.Thing"), nullptr);
  EXPECT_NE(schema->message("more.Thing"), nullptr);
}

TEST(ReflectionDialog, WhatCameAlongIsNotAskedForAgain) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A", "b.B"}));
  const std::string base = file("base.proto", "base");
  dialog.take(files({file("a.proto", "a", {"base.proto"}), base}));
  EXPECT_EQ(dialog.request(), wire_bytes(4, "b.B"));
  dialog.take(files({base, file("b.proto", "b", {"base.proto", "a.proto"})}));
  EXPECT_TRUE(dialog.is_over());
  EXPECT_EQ(dialog.problem(), "");
}

TEST(ReflectionDialog, TheReflectionServicesThemselvesAreLeftOut) {
  ReflectionDialog dialog;
  dialog.take(services(
      {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}));
  EXPECT_TRUE(dialog.is_over());
  EXPECT_EQ(dialog.services(), 0U);
  EXPECT_EQ(dialog.file_set(), "");
}

TEST(ReflectionDialog, AServiceThatIsNotDescribedIsLeftOutAndTheOthersAreNot) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A", "b.B"}));
  dialog.take(error("not found"));
  dialog.take(files({file("b.proto", "b")}));
  EXPECT_TRUE(dialog.is_over());
  EXPECT_EQ(dialog.problem(), "");
  EXPECT_EQ(dialog.services(), 2U);
  EXPECT_EQ(dialog.left_out(), 1U);
}

TEST(ReflectionDialog, TheSetIsTheSameInWhateverOrderTheFilesCome) {
  const std::string a = file("a.proto", "a"), b = file("b.proto", "b");
  ReflectionDialog one, other;
  one.take(services({"a.A"}));
  other.take(services({"a.A"}));
  one.take(files({a, b}));
  other.take(files({b, a}));
  EXPECT_EQ(one.file_set(), other.file_set());
}

TEST(ReflectionDialog, AnErrorAboutTheServicesEndsIt) {
  ReflectionDialog without_services;
  without_services.take(error("go \x1b[2J away"));
  EXPECT_TRUE(without_services.is_over());
  EXPECT_EQ(without_services.problem().find('\x1b'), std::string::npos);
  EXPECT_NE(without_services.problem().find("the services: go"), std::string::npos);
}

// What only options need is often not registered.
TEST(ReflectionDialog, AFileThatTheServerDoesNotHaveIsLeftOut) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A"}));
  dialog.take(files({file("a.proto", "a", {"options.proto"})}));
  dialog.take(error("no such file"));
  EXPECT_TRUE(dialog.is_over());
  EXPECT_EQ(dialog.problem(), "");
  EXPECT_EQ(dialog.left_out(), 0U);
}

TEST(ReflectionDialog, AServiceOfAFileThatCameIsNotAskedFor) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A", "a.B"}));
  const std::string both =
      file("a.proto", "a") + wire_bytes(6, wire_bytes(1, "A")) + wire_bytes(6, wire_bytes(1, "B"));
  dialog.take(files({both}));
  EXPECT_TRUE(dialog.is_over());
  EXPECT_EQ(dialog.problem(), "");
}

TEST(ReflectionDialog, AnswersThatAreNoneEndIt) {
  const std::string broken = "\x22\x7f";  // field 4 of 127 bytes that are not there
  for (const std::string& answer :
       {broken, std::string(), wire_number(6, 1), files({file("a.proto", "a")}),
        wire_bytes(6, broken), wire_bytes(6, wire_bytes(1, broken)), wire_bytes(5, "numbers")}) {
    ReflectionDialog dialog;
    dialog.take(answer);
    EXPECT_TRUE(dialog.is_over());
    EXPECT_NE(dialog.problem(), "") << testing::PrintToString(answer);
  }
  for (const std::string& answer :
       {services({"b.B"}), files({broken}), files({wire_bytes(2, "nameless")}),
        wire_bytes(4, broken), std::string("\0", 1)}) {
    ReflectionDialog dialog;
    dialog.take(services({"a.A"}));
    dialog.take(answer);
    EXPECT_NE(dialog.problem(), "") << testing::PrintToString(answer);
  }
}

TEST(ReflectionDialog, AnAnswerTooManyEndsIt) {
  ReflectionDialog dialog;
  dialog.take(services({}));
  ASSERT_TRUE(dialog.is_over());
  dialog.take(services({"a.A"}));
  EXPECT_NE(dialog.problem(), "");
}

TEST(ReflectionDialog, NamesAndTheirNumberAreBounded) {
  ReflectionDialog long_service;
  long_service.take(services({std::string(ReflectionDialog::kNameBytesMax + 1, 'a')}));
  EXPECT_NE(long_service.problem(), "");
  ReflectionDialog long_import;
  long_import.take(services({"a.A"}));
  long_import.take(
      files({file("a.proto", "a", {std::string(ReflectionDialog::kNameBytesMax + 1, 'i')})}));
  EXPECT_NE(long_import.problem(), "");
  ReflectionDialog long_name;
  long_name.take(services({"a.A"}));
  long_name.take(files({file(std::string(ReflectionDialog::kNameBytesMax + 1, 'n'), "a")}));
  EXPECT_NE(long_name.problem(), "");
  std::string list;
  for (std::size_t i = 0; i <= ReflectionDialog::kServicesMax; ++i) {
    list += wire_bytes(1, wire_bytes(1, "s.S" + std::to_string(i)));
  }
  ReflectionDialog many;
  many.take(wire_bytes(6, list));
  EXPECT_NE(many.problem().find("more than 1000 services"), std::string::npos) << many.problem();
}

TEST(ReflectionDialog, TheBytesOfAllFilesAreBounded) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A"}));
  const std::string half(ReflectionDialog::kBytesMax / 2, 'x');  // of a field that nobody reads
  dialog.take(files({file("a", "a") + wire_bytes(8, half), file("a", "a") + wire_bytes(8, half),
                     file("b", "b") + wire_bytes(8, half)}));
  EXPECT_NE(dialog.problem().find("4 MiB"), std::string::npos) << dialog.problem();
}

TEST(ReflectionDialog, AFileOfImportsAloneIsReadOnlyAsFarAsTheyAreTaken) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A"}));
  std::string many = file("a.proto", "a");
  for (std::size_t i = 0; i < 10 * ReflectionDialog::kFilesMax; ++i) {
    many += wire_bytes(3, std::to_string(i));
  }
  dialog.take(files({many}));
  EXPECT_NE(dialog.problem().find("imports"), std::string::npos) << dialog.problem();
}

// A server that goes on for ever: every file imports another one.
TEST(ReflectionDialog, ImportsWithoutEndHaveOne) {
  ReflectionDialog dialog;
  dialog.take(services({"a.A"}));
  std::size_t asked = 0;
  for (; !dialog.is_over() && asked <= ReflectionDialog::kFilesMax; ++asked) {
    const std::string name = std::to_string(asked), next = std::to_string(asked + 1);
    dialog.take(files({file(name, "p" + name, {next})}));
  }
  EXPECT_NE(dialog.problem(), "");
  EXPECT_LE(asked, ReflectionDialog::kFilesMax + 1);
}

}  // namespace
}  // namespace banyan::shadow
