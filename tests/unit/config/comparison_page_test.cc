// The examples of docs/comparison.md, run.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/decode_compare.h"
#include "shadow/diff/comparison.h"

namespace banyan::config {
namespace {

struct Example {
  std::string type = "application/json";
  std::string rules;
  std::string left;
  std::string right;
  std::vector<std::string> found;
};

std::string behind(const std::string& line, std::size_t size) {
  const std::size_t start = line.find_first_not_of(' ', size);
  return start == std::string::npos ? "" : line.substr(start);
}

std::vector<Example> examples_of_the_page() {
  std::ifstream page(BANYAN_SOURCE_DIR "/docs/comparison.md");
  std::vector<Example> examples;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```example") {
      inside = true;
      examples.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      Example& example = examples.back();
      if (line.starts_with("type:")) example.type = behind(line, 5);
      if (line.starts_with("rules:")) example.rules = behind(line, 6);
      if (line.starts_with("left:")) example.left = behind(line, 5);
      if (line.starts_with("right:")) example.right = behind(line, 6);
      if (line.starts_with("->")) example.found.push_back(line.substr(3));
    }
  }
  return examples;
}

std::string told(const shadow::Difference& d) {
  std::string line =
      std::string(to_string(d.kind)) + " " + d.path + ": " + d.left + " | " + d.right;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

TEST(ComparisonPage, ItsExamplesFindWhatTheySay) {
  const std::vector<Example> examples = examples_of_the_page();
  ASSERT_GE(examples.size(), 9U);
  for (const Example& example : examples) {
    const LoadedRules loaded = load_compare_rules(example.rules);
    ASSERT_TRUE(loaded.problems.empty()) << example.rules << ": " << loaded.problems[0].message;
    shadow::CapturedPair pair;
    for (auto* side : {&pair.legacy, &pair.monolith}) {
      side->status = 200;
      side->headers.add("content-type", example.type);
    }
    pair.legacy.body = example.left;
    pair.monolith.body = example.right;
    std::vector<std::string> found;
    for (const shadow::Difference& d : shadow::compare(pair, loaded.rules).differences) {
      found.push_back(told(d));
    }
    EXPECT_EQ(found, example.found) << example.left << '\n' << example.right;
  }
}

TEST(CompareRules, AreCheckedWithTheirPlaces) {
  const auto problem = [](std::string_view yaml) {
    const LoadedRules loaded = load_compare_rules(yaml);
    return loaded.problems.empty() ? ""
                                   : loaded.problems[0].path + ": " + loaded.problems[0].message;
  };
  EXPECT_EQ(problem(""), "");
  EXPECT_EQ(problem("keyed: { $.a: id }\ntolerance: { $.b: 0.5, $.c: 2s }"), "");
  EXPECT_EQ(problem("ignored: []"), "ignored: unknown key (did you mean \"ignore\"?)");
  EXPECT_NE(problem("unordered: [\"header:x\"]").find("must begin with $"), std::string::npos);
  EXPECT_NE(problem("keyed: { $.a: [] }").find("expected the name of a member"), std::string::npos);
  EXPECT_NE(problem("tolerance: { $.a: -1 }").find("must not be negative"), std::string::npos);
  EXPECT_NE(problem("tolerance: { $.a: 2d }").find("must be"), std::string::npos);
  EXPECT_NE(problem("tolerance: { $.a: x }").find("expected"), std::string::npos);
  EXPECT_NE(problem("descriptors: /nowhere/at.all").find("can not be read"), std::string::npos);
  EXPECT_NE(problem("descriptors: " BANYAN_SOURCE_DIR "/README.md").find("FileDescriptorSet"),
            std::string::npos);
}

}  // namespace
}  // namespace banyan::config
