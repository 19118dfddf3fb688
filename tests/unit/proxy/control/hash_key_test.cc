#include "proxy/control/hash_key.h"

#include <gtest/gtest.h>

#include "proxy/net/keyed_hash.h"
#include "temp_dir.h"

namespace banyan::control {
namespace {

TEST(HashKey, IsMadeOnceAndStays) {
  const TempDir dir;
  const StateFile file(dir.file("key.json"));
  const std::string key = hash_key(file);
  EXPECT_EQ(key.size(), net::kHashKeyBytes);
  EXPECT_EQ(hash_key(file), key);
  const TempDir other;
  EXPECT_NE(hash_key(StateFile(other.file("key.json"))), key);
}

TEST(HashKey, TakesThePlaceOfOneThatCanNotBeRead) {
  for (const std::string& bad : {std::string("{"), std::string(R"({"key": "00"})"),
                                 R"({"key": ")" + std::string(64, 'g') + "\"}",
                                 std::string(R"({"key": 7})"), std::string("{}")}) {
    const TempDir dir;
    dir.write("key.json", bad);
    const StateFile file(dir.file("key.json"));
    const std::string key = hash_key(file);
    EXPECT_EQ(key.size(), net::kHashKeyBytes) << bad;
    EXPECT_EQ(hash_key(file), key) << bad;
    EXPECT_EQ(dir.files(), 2U) << bad;
  }
}

TEST(HashKey, ThatCanNotBeWrittenHoldsForTheProcess) {
  EXPECT_EQ(hash_key(StateFile("/nowhere/at/all/key.json")).size(), net::kHashKeyBytes);
}

}  // namespace
}  // namespace banyan::control
