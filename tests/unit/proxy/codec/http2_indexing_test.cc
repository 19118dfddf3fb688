#include "proxy/codec/http2_indexing.h"

#include <gtest/gtest.h>

#include <string>

namespace banyan::codec {
namespace {

bool pays(FieldIndexing& indexing, std::string_view name, std::string_view value) {
  return indexing.pays(header_id(name), name, value);
}

TEST(FieldIndexing, WhatComesAgainPaysEachTime) {
  FieldIndexing indexing;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(pays(indexing, "user-agent", "grpc-c++/1.51"));
    EXPECT_TRUE(pays(indexing, "x-tenant", "one"));
  }
}

TEST(FieldIndexing, ANameThatOnlyBringsNewValuesStopsPaying) {
  for (const std::string name : {"x-user-id", "x-request-id", "traceparent", "x"}) {
    FieldIndexing indexing;
    for (int i = 0; i < FieldIndexing::kNewMax; ++i) {
      EXPECT_TRUE(pays(indexing, name, "user-" + std::to_string(i))) << name;
    }
    for (int i = 0; i < 1000; ++i) {
      EXPECT_FALSE(pays(indexing, name, "another-" + std::to_string(i))) << name;
    }
  }
}

TEST(FieldIndexing, AFewValuesInTurnPay) {
  FieldIndexing indexing;
  for (int i = 0; i < 1000; ++i) {
    const std::string value =
        "tenant-" + std::to_string(i % static_cast<int>(FieldIndexing::kValues));
    EXPECT_TRUE(pays(indexing, "x-tenant", value)) << i;
  }
}

TEST(FieldIndexing, AValueThatComesAgainPaysAmongNewOnes) {
  FieldIndexing indexing;
  for (int i = 0; i < 100; ++i) (void)pays(indexing, "x-user-id", "user-" + std::to_string(i));
  EXPECT_FALSE(pays(indexing, "x-user-id", "robot"));
  EXPECT_TRUE(pays(indexing, "x-user-id", "robot"));
}

TEST(FieldIndexing, ANamePaysAgainOnceItsValuesDo) {
  FieldIndexing indexing;
  for (int i = 0; i < 1000; ++i) (void)pays(indexing, "x-user-id", "user-" + std::to_string(i));
  const int enough = FieldIndexing::kNewCap / FieldIndexing::kPerOld + 1;
  for (int i = 0; i < enough; ++i) (void)pays(indexing, "x-user-id", "robot");
  EXPECT_TRUE(pays(indexing, "x-user-id", "user-again"));
}

TEST(FieldIndexing, ValuesOfEverySizeAreToldApart) {
  for (std::size_t size = 1; size <= 70; ++size) {
    FieldIndexing indexing;
    std::string value(size, 'v');
    for (int i = 0; i < 40; ++i) {
      value[0] = static_cast<char>('a' + i % 20);
      value[size - 1] = static_cast<char>('A' + i);
      (void)pays(indexing, "x-id", value);
    }
    value[size - 1] = '!';
    EXPECT_FALSE(pays(indexing, "x-id", value)) << size;
  }
}

TEST(FieldIndexing, EmptyValuesPay) {
  FieldIndexing indexing;
  (void)pays(indexing, "x-empty", "");
  EXPECT_TRUE(pays(indexing, "x-empty", ""));
}

}  // namespace
}  // namespace banyan::codec
