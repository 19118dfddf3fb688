// Flag definitions of flagd: what they mean, and what is refused.
#include "config/flag_file.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/seed.h"
#include "tests/unit/config/logic_fixture.h"

namespace banyan::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const FlagNames kUsed{"orders", "headerColor"};

std::vector<std::string> texts(const std::vector<Problem>& problems, bool warnings = false) {
  std::vector<std::string> all;
  for (const Problem& p : problems) {
    const std::string text = warnings ? warning_text("f.json", p) : to_text("f.json", p);
    all.push_back(text.substr(0, text.find('\n')));
  }
  return all;
}

std::vector<std::string> problems_in(const std::string& text) {
  const auto file = parse_flag_file(text, kUsed, routing::Bucketing::integer);
  return file ? std::vector<std::string>{} : texts(file.error());
}

std::string with_targeting(const std::string& targeting, const std::string& more = "") {
  return R"({"flags":{"orders":{"state":"ENABLED","variants":{"old":"legacy","new":"monolith"},
"defaultVariant":"old","targeting":)" +
         targeting + "}}" + more + "}";
}

FlagDefinitionPtr flag_in(const std::string& text,
                          routing::Bucketing bucketing = routing::Bucketing::integer) {
  const auto file = parse_flag_file(text, kUsed, bucketing);
  if (file) return file->flags.begin()->second;
  for (const std::string& problem : texts(file.error())) ADD_FAILURE() << problem;
  return nullptr;
}

routing::FlagAnswer answer(const routing::FlagDefinition& flag, const json& context) {
  routing::LogicScratch scratch;
  return flag.evaluate(DataVariables(context), scratch);
}

std::string variant(const routing::FlagDefinition& flag, const json& context) {
  const auto found = answer(flag, context);
  return found.variant ? flag.variants[*found.variant].name : "-";
}

TEST(FlagFile, NamesAnArmForEachVariant) {
  const auto flag =
      flag_in(with_targeting(R"({"if":[{"==":[{"var":"headers.x-region"},"eu"]},"new"]})"));
  ASSERT_TRUE(flag);
  EXPECT_EQ(answer(*flag, {{"headers", {{"x-region", "eu"}}}}).arm, Arm::monolith);
  const auto other = answer(*flag, json::object());
  EXPECT_EQ(other.arm, Arm::legacy);
  EXPECT_EQ(other.outcome, routing::FlagOutcome::otherwise);
}

// flagd's own example, and where its hash puts these keys.
TEST(FlagFile, PutsKeysWhereFlagdDoes) {
  const std::string colors = R"({"flags":{"headerColor":{"state":"ENABLED",
"variants":{"red":"legacy","blue":"legacy","green":"monolith","yellow":"monolith"},
"defaultVariant":"red","targeting":{"fractional":[{"cat":[{"var":"$flagd.flagKey"},{"var":"email"}]},
["red",25],["blue",25],["green",25],["yellow",25]]}}}})";
  const auto flag = flag_in(colors);
  ASSERT_TRUE(flag);
  for (const auto& [email, color] :
       std::vector<std::pair<const char*, const char*>>{{"rachel@faas.com", "blue"},
                                                        {"monica@faas.com", "yellow"},
                                                        {"joey@faas.com", "red"},
                                                        {"ross@faas.com", "blue"}}) {
    EXPECT_EQ(variant(*flag, {{"email", email}, {"$flagd", {{"flagKey", "headerColor"}}}}), color);
  }
}

// The facts of flagd's test kit, by the hash of each generation.
TEST(FlagFile, KnowsBothWaysOfBucketing) {
  const std::string cards =
      R"({"fractional":[{"cat":[{"var":"$flagd.flagKey"},{"var":"user.name"}]},
["clubs",25],["diamonds",25],["hearts",25],["spades",25]]})";
  struct Row {
    const char* name;
    const char* decimal;
    const char* integer;
  };
  for (const Row& row : std::vector<Row>{{"jack", "spades", "hearts"},
                                         {"queen", "clubs", "spades"},
                                         {"ten", "diamonds", "clubs"},
                                         {"nine", "hearts", "diamonds"},
                                         {"3", "diamonds", "clubs"}}) {
    const json data{{"user", {{"name", row.name}}}, {"$flagd", {{"flagKey", "fractional-flag"}}}};
    const auto logic = compiled(cards);
    ASSERT_TRUE(logic);
    EXPECT_EQ(evaluated(*logic, data, "fractional-flag", routing::Bucketing::decimal), row.decimal);
    EXPECT_EQ(evaluated(*logic, data, "fractional-flag"), row.integer) << row.name;
  }
}

TEST(FlagFile, DividesHashesAtTheirEdges) {
  const std::string halves = R"({"fractional":[{"var":"targetingKey"},["lower",50],["upper",50]]})";
  for (const auto& [key, part] :
       std::vector<std::pair<const char*, const char*>>{{"ejOoVL", "lower"},
                                                        {"bY9fO-", "lower"},
                                                        {"SI7p-", "lower"},
                                                        {"6LvT0", "upper"},
                                                        {"ceQdGm", "upper"}}) {
    EXPECT_EQ(applied(halves, {{"targetingKey", key}}), part) << key;
  }
}

TEST(FlagFile, ComputesVariantsAndWeights) {
  const std::string by_tier =
      R"({"fractional":[{"var":"targetingKey"},[{"if":[{"==":[{"var":"tier"},"premium"]},"p","s"]},50],["s",50]]})";
  EXPECT_EQ(applied(by_tier, {{"targetingKey", "jon@company.com"}, {"tier", "premium"}}), "p");
  EXPECT_EQ(applied(by_tier, {{"targetingKey", "jon@company.com"}, {"tier", "basic"}}), "s");
  EXPECT_EQ(applied(by_tier, {{"targetingKey", "user1"}, {"tier", "premium"}}), "s");
  const std::string by_weight =
      R"({"fractional":[{"var":"targetingKey"},["red",{"if":[{"==":[{"var":"tier"},"premium"]},100,0]}],["blue",10]]})";
  EXPECT_EQ(applied(by_weight, {{"targetingKey", "user1"}, {"tier", "premium"}}), "red");
  EXPECT_EQ(applied(by_weight, {{"targetingKey", "user1"}, {"tier", "basic"}}), "blue");
}

TEST(FlagFile, GivesLegacyWithoutAKey) {
  const auto halves = flag_in(with_targeting(R"({"fractional":[["new",50],["old",50]]})"));
  const auto all = flag_in(with_targeting(R"({"fractional":[["new",50],["old",0]]})"));
  const auto own = flag_in(with_targeting(
      R"({"fractional":[{"cat":[{"var":"$flagd.flagKey"},{"var":"targetingKey"}]},["new",99],["old",1]]})"));
  const auto condition = flag_in(with_targeting(
      R"({"if":[{"==":[{"var":"path"},"/a"]},"new",{"fractional":[["new",50],["old",50]]}]})"));
  ASSERT_TRUE(halves && all && own && condition);
  for (const json& context : {json::object(), json{{"targetingKey", ""}}}) {
    EXPECT_EQ(answer(*halves, context).outcome, routing::FlagOutcome::no_key);
    EXPECT_EQ(answer(*halves, context).arm, Arm::legacy);
    EXPECT_EQ(answer(*all, context).arm, Arm::monolith);
  }
  EXPECT_EQ(answer(*own, json::object()).outcome, routing::FlagOutcome::no_key);
  EXPECT_EQ(answer(*condition, {{"path", "/a"}}).arm, Arm::monolith);
  EXPECT_EQ(answer(*condition, {{"path", "/b"}}).arm, Arm::legacy);
}

TEST(FlagFile, TakesTheDefaultWhereARuleSaysNothing) {
  const auto flag = flag_in(with_targeting(R"({"if":[{"var":"x"},"new",null]})"));
  const auto computed = flag_in(with_targeting(R"({"var":"name"})"));
  ASSERT_TRUE(flag && computed);
  EXPECT_EQ(variant(*flag, json::object()), "old");
  EXPECT_EQ(variant(*computed, {{"name", "new"}}), "new");
  EXPECT_EQ(answer(*computed, {{"name", "newer"}}).outcome, routing::FlagOutcome::unusable);
  EXPECT_EQ(answer(*computed, {{"name", "newer"}}).arm, Arm::legacy);
}

TEST(FlagFile, DisabledIsLegacy) {
  const auto flag = flag_in(
      R"({"flags":{"orders":{"state":"DISABLED","variants":{"on":"monolith"},"defaultVariant":"on"}}})");
  ASSERT_TRUE(flag);
  EXPECT_EQ(answer(*flag, json::object()).arm, Arm::legacy);
  EXPECT_EQ(flag->share, routing::kNobody);
}

TEST(FlagFile, TellsTheShareOfTheRest) {
  const auto share = [](const std::string& targeting) {
    const auto flag = flag_in(with_targeting(targeting));
    return flag ? flag->share.millipercent : 999'999U;
  };
  EXPECT_EQ(share("null"), 0U);
  EXPECT_EQ(share("{}"), 0U);
  EXPECT_EQ(share(R"({"fractional":[["new",5],["old",95]]})"), 5'000U);
  EXPECT_EQ(share(R"({"fractional":[{"var":"targetingKey"},["new"],["old"]]})"), 50'000U);
  EXPECT_EQ(share(R"({"if":[{"var":"x"},"old",{"fractional":[["new",1],["old",999]]}]})"), 100U);
  EXPECT_EQ(share(R"({"if":[{"var":"x"},"old","new"]})"), 100'000U);
  EXPECT_EQ(share(R"({"if":[{"var":"x"},"new"]})"), 0U);
}

TEST(FlagFileProblems, SayWhere) {
  EXPECT_THAT(problems_in(with_targeting("{\n \"iff\": []}")),
              ElementsAre("f.json:3:2: error: flags.orders.targeting: unknown operator \"iff\" "
                          "(did you mean \"if\"?)"));
  EXPECT_THAT(
      problems_in(with_targeting(R"({"if":[true,"newer"]})")),
      ElementsAre("f.json:2:48: error: flags.orders.targeting.if[1]: unknown variant \"newer\""));
  EXPECT_THAT(problems_in(with_targeting(R"({"fractional":[["new",-1]]})")),
              ElementsAre(HasSubstr(
                  "f.json:2:58: error: flags.orders.targeting.fractional[0][1]: a weight")));
  EXPECT_THAT(problems_in(with_targeting(R"({"$ref":"eu"})", R"(,"$evaluators":{"ue":true})")),
              ElementsAre(HasSubstr("there is no \"eu\" in $evaluators (did you mean \"ue\"?)")));
  EXPECT_THAT(
      problems_in(R"({"flags":{"orders":{"state":"enabled","variants":{"on":"monolit"}}}})"),
      testing::SizeIs(2));
  EXPECT_THAT(
      problems_in(R"({"flags":{"orders":{"state":"ENABLED","variants":{"on":"monolith"},
"defaultVariant":"off"}}})"),
      ElementsAre("f.json:2:18: error: flags.orders.defaultVariant: unknown variant \"off\""));
  EXPECT_THAT(
      problems_in(R"({"flags":{"orders":{"variants":{"on":"monolith"},"stat":"ENABLED"}}})"),
      Contains(HasSubstr("unknown key (did you mean \"state\"?)")));
  EXPECT_THAT(problems_in(R"({"flags":{"orders":5}})"),
              ElementsAre(HasSubstr("expected a mapping")));
  EXPECT_THAT(problems_in(R"({"flags":{}, "flags":{}})"), ElementsAre(HasSubstr("duplicate key")));
  EXPECT_THAT(problems_in("{}"), ElementsAre(HasSubstr("flags: missing, but required")));
  EXPECT_THAT(problems_in("[]"), ElementsAre(HasSubstr("expected a mapping, found a list")));
}

TEST(FlagFileProblems, AreTextsThatAreNoJson) {
  EXPECT_THAT(problems_in("{\"flags\": {\n}"), ElementsAre(HasSubstr("f.json:2:")));
  EXPECT_THAT(problems_in(""), ElementsAre(HasSubstr("not JSON")));
  EXPECT_THAT(problems_in("{\"flags\": NaN}"), ElementsAre(HasSubstr("f.json:1:")));
  EXPECT_THAT(problems_in("flags: {}"), ElementsAre(HasSubstr("not JSON")));
  EXPECT_THAT(problems_in(std::string(5 * 1024 * 1024, ' ')),
              ElementsAre(HasSubstr("larger than 4MiB")));
  EXPECT_THAT(problems_in(std::string(200, '[')), ElementsAre(HasSubstr("nested deeper than 128")));
}

TEST(FlagFile, PassesOverFlagsOfOtherPrograms) {
  const auto file = parse_flag_file(
      R"({"flags":{"color":{"state":"ENABLED","variants":{"on":true},"targeting":{"matches":[]}},
"cart":{"state":"ENABLED","variants":{"on":"monolith"}}}})",
      kUsed, routing::Bucketing::integer);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->flags.contains("color"));
  EXPECT_TRUE(file->flags.contains("cart"));
  EXPECT_THAT(texts(file->warnings, true),
              ElementsAre("f.json:2:1: warning: flags.cart: no migration follows this flag"));
}

// 0 to 100 by 0.1, as weights and as a percentage: nobody ever goes back, and as many as should be
// are on the monolith.
TEST(FlagFile, ARampNeverMovesAnybodyBack) {
  constexpr int kKeys = 100'000;
  constexpr double kSigmas = 6;
  auto random = test::seeded_random();
  const std::string salt = std::to_string(random());
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back(salt + "-" + std::to_string(i));
  std::vector<std::uint32_t> hashes;
  for (const std::string& key : keys) hashes.push_back(routing::bucket_of("orders", key));
  std::vector<char> on_monolith(kKeys, 0);
  for (std::uint32_t step = 0; step <= 1'000; ++step) {
    const routing::Share share{step * 100};
    int count = 0;
    int moved_back = 0;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const char now = routing::arm_of(hashes[i], share) == Arm::monolith ? 1 : 0;
      moved_back += on_monolith[i] > now ? 1 : 0;
      count += now;
      on_monolith[i] = now;
    }
    EXPECT_EQ(moved_back, 0) << "at " << step;
    const double p = step / 1000.0;
    EXPECT_LE(std::abs(count - kKeys * p), kSigmas * std::sqrt(kKeys * p * (1 - p)) + 0.5) << step;
  }
  EXPECT_THAT(on_monolith, testing::Each(1));
  // The long form says the same of each key.
  for (const int permille : {1, 50, 333, 999}) {
    const auto flag =
        flag_in(with_targeting(R"({"fractional":[["new",)" + std::to_string(permille) +
                               R"(],["old",)" + std::to_string(1'000 - permille) + "]]}"));
    ASSERT_TRUE(flag);
    const routing::Share share{static_cast<std::uint32_t>(permille) * 100};
    for (int i = 0; i < 500; ++i) {
      const json context{{"targetingKey", keys[static_cast<std::size_t>(i)]}};
      const auto found = answer(*flag, context);
      ASSERT_EQ(found.arm, routing::arm_of(hashes[static_cast<std::size_t>(i)], share));
      ASSERT_EQ(found.bucket, hashes[static_cast<std::size_t>(i)]);
    }
  }
}

}  // namespace
}  // namespace banyan::config
