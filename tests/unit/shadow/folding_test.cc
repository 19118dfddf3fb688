#include <gtest/gtest.h>

#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

TEST(FoldedEndpoint, TakesIdsOut) {
  const std::pair<const char*, const char*> table[] = {
      {"/orders", "GET /orders"},
      {"/", "GET /"},
      {"*", "GET *"},
      {"/orders/42", "GET /orders/{id}"},
      {"/orders/42/items/7?page=2", "GET /orders/{id}/items/{id}"},
      {"/orders/42/", "GET /orders/{id}/"},
      {"/u/123e4567-e89b-12d3-a456-426614174000", "GET /u/{id}"},
      {"/c/9f8c1d2e3b4a5968", "GET /c/{id}"},
      {"/s/dBjftJeZ4CVP-mB92K27uhbUJU1p1r", "GET /s/{id}"},
      {"/v1/orders", "GET /v1/orders"},
      {"/api/v2/feedback/deadbeef", "GET /api/v2/feedback/deadbeef"},
      {"/a-long-name-without-any-number-in-it", "GET /a-long-name-without-any-number-in-it"},
      {"/@scope%2fname/-/name-1.2.3.tgz", "GET /@scope%2fname/-/name-1.2.3.tgz"},
      {"//a//1", "GET //a//{id}"},
  };
  for (const auto& [target, endpoint] : table) EXPECT_EQ(folded_endpoint("GET", target), endpoint);
  EXPECT_EQ(folded_endpoint("HEAD", "/a/1"), "HEAD /a/{id}");
}

TEST(FoldedEndpoint, IsBounded) {
  std::string deep;
  for (int i = 0; i < 3'000; ++i) deep += "/a";
  EXPECT_LE(folded_endpoint("GET", deep).size(), 256U);
  EXPECT_LE(folded_endpoint(std::string(9'000, 'G'), "/" + std::string(9'000, 'a')).size(), 256U);
}

TEST(FoldedPath, TakesIndexesAndIdsOut) {
  const std::pair<const char*, const char*> table[] = {
      {"$", "$"},
      {"status", "status"},
      {"body", "body"},
      {"header:x-y", "header:x-y"},
      {"$.items[17].price", "$.items[*].price"},
      {"$[0][1]", "$[*][*]"},
      {"$.versions['1.0.2'].dist", "$.versions.*.dist"},
      {"$.time['1.0.0-beta.1']", "$.time.*"},
      {"$['42'].a", "$.*.a"},
      {"$.days['2026-11-22']", "$.days.*"},
      {"$['123e4567-e89b-12d3-a456-426614174000']", "$.*"},
      {"$.a9f8c1d2e3b4a59680123.b", "$.*.b"},
      {"$['dist-tags'].latest", "$['dist-tags'].latest"},
      {"$['it\\'s'][3]", "$['it\\'s'][*]"},
      {"$.v1.x", "$.v1.x"},
  };
  for (const auto& [path, folded] : table) EXPECT_EQ(folded_path(path), folded);
}

TEST(FoldedPath, IsBoundedAndEndsOnAnything) {
  std::string deep = "$";
  for (int i = 0; i < 3'000; ++i) deep += ".a";
  EXPECT_LE(folded_path(deep).size(), 256U);
  for (const char* path :
       {"", "$[", "$['", "$['\\", "$['a", "$['a'", "$.", "$.\u2026", "$x", "$]"}) {
    EXPECT_LE(folded_path(path).size(), 10U) << path;
  }
}

}  // namespace
}  // namespace banyan::shadow
