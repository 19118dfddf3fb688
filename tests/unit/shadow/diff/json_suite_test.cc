// nst/JSONTestSuite, from the directory that BANYAN_JSON_SUITE names.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "shadow/diff/json_tape.h"
#include "tests/unit/shadow/canonical_json.h"
#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

struct Document {
  std::string text;
  std::optional<std::string> canonical;
};

class JsonSuite : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* directory = std::getenv("BANYAN_JSON_SUITE");
    if (directory == nullptr) GTEST_SKIP() << "BANYAN_JSON_SUITE is not set";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.path().extension() != ".json") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      documents_[entry.path().filename().string()] = {text, test::CanonicalJson::of(text)};
    }
    ASSERT_GT(documents_.size(), 100U) << "no test suite in " << directory;
  }

  std::map<std::string, Document> documents_;
};

TEST_F(JsonSuite, WhatMustParseParsesAndWhatMustNotDoesNot) {
  JsonTape tape;
  for (const auto& [name, document] : documents_) {
    const bool parsed = tape.parse(document.text);
    if (name.starts_with("y_")) {
      EXPECT_TRUE(parsed) << name;
    } else if (name.starts_with("n_")) {
      EXPECT_FALSE(parsed) << name;
    }
  }
}

TEST_F(JsonSuite, NoPairOfDifferentDocumentsIsCalledEqual) {
  std::size_t equal = 0;
  for (const auto& [left_name, left] : documents_) {
    for (const auto& [right_name, right] : documents_) {
      const Comparison comparison = test::compare_documents(left.text, right.text);
      const bool match = comparison.verdict == Verdict::match;
      const bool same =
          left.text == right.text || (left.canonical && left.canonical == right.canonical);
      if (match && left_name != right_name) ++equal;
      ASSERT_TRUE(!match || same) << left_name << ' ' << right_name;
      // Both parsers take what begins with y_, so that there the opinions must be one.
      if (left_name.starts_with("y_") && right_name.starts_with("y_")) {
        ASSERT_EQ(match, same) << left_name << ' ' << right_name;
      }
    }
  }
  EXPECT_GT(equal, 0U);
}

}  // namespace
}  // namespace banyan::shadow
