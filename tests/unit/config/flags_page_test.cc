// docs/flags.md against what there is: its examples load, and every operator stands in it.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/flag_file.h"
#include "tests/unit/config/logic_fixture.h"

namespace banyan::config {
namespace {

std::string page() {
  std::ostringstream text;
  text << std::ifstream(BANYAN_SOURCE_DIR "/docs/flags.md").rdbuf();
  return text.str();
}

std::vector<std::string> blocks(const std::string& language) {
  const std::string text = page();
  const std::string begin = "```" + language + "\n";
  std::vector<std::string> found;
  for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    const std::size_t first = at + begin.size();
    found.push_back(text.substr(first, text.find("```", first) - first));
  }
  return found;
}

TEST(FlagsPage, ItsExampleDecidesAsItSays) {
  const auto examples = blocks("json");
  ASSERT_EQ(examples.size(), 2U);
  const auto file = parse_flag_file(examples[0], {"orders"}, routing::Bucketing::integer);
  ASSERT_TRUE(file) << file.error()[0].message;
  const auto& flag = *file->flags.at("orders");
  routing::LogicScratch scratch;
  const auto arm = [&](const json& context) {
    return flag.evaluate(DataVariables(context), scratch).arm;
  };
  EXPECT_EQ(arm({{"headers", {{"x-tenant", "acme"}}}}), Arm::monolith);
  EXPECT_EQ(arm({{"headers", {{"x-tenant", "initech"}}}}), Arm::legacy);
  // The question and the answer of the section on OFREP.
  const json answer = json::parse(examples[1]);
  const json asked{{"targetingKey", "user-43"}, {"headers", {{"x-region", "de"}}}};
  EXPECT_NE(
      page().find(R"('{"context": {"targetingKey": "user-43", "headers": {"x-region": "de"}}}')"),
      std::string::npos);
  const auto found = flag.evaluate(DataVariables(asked), scratch);
  EXPECT_EQ(answer["value"], to_string(found.arm));
  EXPECT_EQ(answer["variant"], flag.variants[found.variant.value()].name);
}

TEST(FlagsPage, HasEveryOperator) {
  const std::string text = page();
  for (const char* name : {"var", "if",          "==",        "===",     "!=",         "!==", "<",
                           "<=",  ">",           ">=",        "and",     "or",         "!",   "in",
                           "cat", "starts_with", "ends_with", "sem_ver", "fractional", "$ref"}) {
    EXPECT_NE(text.find("`" + std::string(name) + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace banyan::config
