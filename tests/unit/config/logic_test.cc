// The operators of JsonLogic against the facts of its public tests (jsonlogic.com/tests.json), and
// those that flagd adds.
#include "tests/unit/config/logic_fixture.h"

#include <gmock/gmock.h>

#include "tests/support/allocation_count.h"

namespace banyan::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Fact {
  const char* rule;
  const char* data;
  const char* value;
};

void check(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    EXPECT_EQ(applied(fact.rule, json::parse(fact.data)), json::parse(fact.value))
        << fact.rule << " of " << fact.data;
  }
}

TEST(JsonLogic, LeavesWhatIsNoRule) {
  check({{"true", "{}", "true"},
         {"17", "{}", "17"},
         {"3.14", "{}", "3.14"},
         {R"("apple")", "{}", R"("apple")"},
         {"null", "{}", "null"},
         {R"(["a","b"])", "{}", R"(["a","b"])"},
         {R"([1,{"var":"x"},3])", R"({"x":2})", "[1,2,3]"}});
}

TEST(JsonLogic, ComparesForEquality) {
  check({{R"({"==":[1,1]})", "{}", "true"},       {R"({"==":[1,"1"]})", "{}", "true"},
         {R"({"==":[1,2]})", "{}", "false"},      {R"({"==":[0,false]})", "{}", "true"},
         {R"({"==":[null,0]})", "{}", "false"},   {R"({"==":[null,null]})", "{}", "true"},
         {R"({"==":["",0]})", "{}", "true"},      {R"({"==":["x",0]})", "{}", "false"},
         {R"({"==":[[1],1]})", "{}", "true"},     {R"({"==":[[1],[1]]})", "{}", "false"},
         {R"({"===":[1,1]})", "{}", "true"},      {R"({"===":[1,"1"]})", "{}", "false"},
         {R"({"===":[1,2]})", "{}", "false"},     {R"({"===":[0,"0"]})", "{}", "false"},
         {R"({"!=":[1,2]})", "{}", "true"},       {R"({"!=":[1,1]})", "{}", "false"},
         {R"({"!=":[1,"1"]})", "{}", "false"},    {R"({"!==":[1,2]})", "{}", "true"},
         {R"({"!==":[1,1]})", "{}", "false"},     {R"({"!==":[1,"1"]})", "{}", "true"},
         {R"({"===":["a","a"]})", "{}", "true"},  {R"({"==":["1e2",100]})", "{}", "true"},
         {R"({"==":["0x10",16]})", "{}", "true"}, {R"({"==":[" 7 ",7]})", "{}", "true"},
         {R"({"==":["inf",0]})", "{}", "false"},  {R"({"==":["nan","nan"]})", "{}", "true"}});
}

TEST(JsonLogic, ComparesByOrder) {
  check({{R"({">":[2,1]})", "{}", "true"},     {R"({">":[1,1]})", "{}", "false"},
         {R"({">":[1,2]})", "{}", "false"},    {R"({">":["2",1]})", "{}", "true"},
         {R"({">=":[2,1]})", "{}", "true"},    {R"({">=":[1,1]})", "{}", "true"},
         {R"({">=":[1,2]})", "{}", "false"},   {R"({">=":["2",1]})", "{}", "true"},
         {R"({"<":[2,1]})", "{}", "false"},    {R"({"<":[1,1]})", "{}", "false"},
         {R"({"<":[1,2]})", "{}", "true"},     {R"({"<":["1",2]})", "{}", "true"},
         {R"({"<":[1,2,3]})", "{}", "true"},   {R"({"<":[1,1,3]})", "{}", "false"},
         {R"({"<":[1,4,3]})", "{}", "false"},  {R"({"<=":[2,1]})", "{}", "false"},
         {R"({"<=":[1,1]})", "{}", "true"},    {R"({"<=":[1,2]})", "{}", "true"},
         {R"({"<=":["1",2]})", "{}", "true"},  {R"({"<=":[1,2,3]})", "{}", "true"},
         {R"({"<=":[1,4,3]})", "{}", "false"}, {R"({"<":["10","9"]})", "{}", "true"},
         {R"({"<":["x",1]})", "{}", "false"},  {R"({">=":["x",1]})", "{}", "false"},
         {R"({"<=":[null,0]})", "{}", "true"}, {R"({"<":["a","b"]})", "{}", "true"}});
}

TEST(JsonLogic, KnowsTrueFromFalse) {
  check({{R"({"!":[false]})", "{}", "true"},
         {R"({"!":false})", "{}", "true"},
         {R"({"!":[true]})", "{}", "false"},
         {R"({"!":true})", "{}", "false"},
         {R"({"!":0})", "{}", "true"},
         {R"({"!":1})", "{}", "false"},
         {R"({"!":[[]]})", "{}", "true"},
         {R"({"!":[""]})", "{}", "true"},
         {R"({"!":["0"]})", "{}", "false"},
         {R"({"!":null})", "{}", "true"},
         {R"({"or":[true,true]})", "{}", "true"},
         {R"({"or":[false,true]})", "{}", "true"},
         {R"({"or":[false,false,false]})", "{}", "false"},
         {R"({"or":[1,3]})", "{}", "1"},
         {R"({"or":[false,3]})", "{}", "3"},
         {R"({"or":[[],true]})", "{}", "true"},
         {R"({"or":["0",true]})", "{}", R"("0")"},
         {R"({"and":[true,true,false]})", "{}", "false"},
         {R"({"and":[1,3]})", "{}", "3"},
         {R"({"and":[3,false]})", "{}", "false"},
         {R"({"and":[false,3]})", "{}", "false"},
         {R"({"and":[[],true]})", "{}", "[]"},
         {R"({"and":[0,true]})", "{}", "0"},
         {R"({"and":["",true]})", "{}", R"("")"},
         {R"({"and":["0",true]})", "{}", "true"},
         {R"({"and":[{">":[3,1]},{"<":[1,3]}]})", "{}", "true"},
         {R"({"and":[{">":[3,1]},{"!":true}]})", "{}", "false"}});
}

TEST(JsonLogic, Chooses) {
  check({{R"({"if":[]})", "null", "null"},
         {R"({"if":[true]})", "null", "true"},
         {R"({"if":[false]})", "null", "false"},
         {R"({"if":["apple"]})", "null", R"("apple")"},
         {R"({"if":[true,"apple"]})", "null", R"("apple")"},
         {R"({"if":[false,"apple"]})", "null", "null"},
         {R"({"if":[true,"apple","banana"]})", "null", R"("apple")"},
         {R"({"if":[false,"apple","banana"]})", "null", R"("banana")"},
         {R"({"if":[[],"apple","banana"]})", "null", R"("banana")"},
         {R"({"if":[[1],"apple","banana"]})", "null", R"("apple")"},
         {R"({"if":["","apple","banana"]})", "null", R"("banana")"},
         {R"({"if":["0","apple","banana"]})", "null", R"("apple")"},
         {R"({"if":[0,"apple","banana"]})", "null", R"("banana")"},
         {R"({"if":[-1,"apple","banana"]})", "null", R"("apple")"},
         {R"({"if":[{">":[2,1]},"apple","banana"]})", "null", R"("apple")"},
         {R"({"if":[false,{"cat":["ap","ple"]},{"cat":["ba","na","na"]}]})", "null", R"("banana")"},
         {R"({"if":[false,"apple",true,"banana"]})", "null", R"("banana")"},
         {R"({"if":[false,"apple",false,"banana"]})", "null", "null"},
         {R"({"if":[false,"apple",false,"banana","carrot"]})", "null", R"("carrot")"},
         {R"({"if":[false,1,false,2,true,3,4]})", "null", "3"},
         {R"({"if":[{"var":"x"},[{"var":"y"}],99]})", R"({"x":true,"y":42})", "[42]"}});
}

TEST(JsonLogic, LooksIntoTextsAndLists) {
  check({{R"({"in":["Bart",["Bart","Homer","Lisa"]]})", "{}", "true"},
         {R"({"in":["Milhouse",["Bart","Homer","Lisa"]]})", "{}", "false"},
         {R"({"in":["Spring","Springfield"]})", "{}", "true"},
         {R"({"in":["i","team"]})", "{}", "false"},
         {R"({"in":["1",[1,2]]})", "{}", "false"},
         {R"({"in":[{"var":"filling"},["apple","cherry"]]})", R"({"filling":"apple"})", "true"},
         {R"({"in":["a",{"var":"list"}]})", R"({"list":["b","a"]})", "true"},
         {R"({"in":["a",{"var":"missing"}]})", "{}", "false"},
         {R"({"in":[null,"nullable"]})", "{}", "false"},
         {R"({"in":["x",[{"var":"a"},{"var":"b"}]]})", R"({"b":"x"})", "true"}});
}

TEST(JsonLogic, Joins) {
  check({{R"({"cat":"ice"})", "{}", R"("ice")"},
         {R"({"cat":["ice","cream"]})", "{}", R"("icecream")"},
         {R"({"cat":[1,2]})", "{}", R"("12")"},
         {R"({"cat":["Robocop",2]})", "{}", R"("Robocop2")"},
         {R"({"cat":["a",null,1.5,true,[1,[2,3]]]})", "{}", R"("a1.5true1,2,3")"},
         {R"({"cat":[{"cat":["a","b"]},{"cat":["c",{"var":"x"}]}]})", R"({"x":"d"})", R"("abcd")"},
         {R"({"cat":[]})", "{}", R"("")"}});
}

TEST(JsonLogic, AsksForDataByName) {
  check({{R"({"var":["a"]})", R"({"a":1})", "1"},
         {R"({"var":"b"})", R"({"a":1})", "null"},
         {R"({"var":"a"})", "null", "null"},
         {R"({"var":["a",1]})", "null", "1"},
         {R"({"var":["b",2]})", R"({"a":1})", "2"},
         {R"({"var":"a.b"})", R"({"a":{"b":"c"}})", R"("c")"},
         {R"({"var":["a.q",9]})", R"({"a":{"b":"c"}})", "9"},
         {R"({"var":1})", R"(["apple","banana"])", R"("banana")"},
         {R"({"var":"1.1"})", R"(["apple",["banana","beer"]])", R"("beer")"},
         {R"({"var":[{"if":[{"<":[{"var":"temp"},110]},"pie.filling","pie.eta"]}]})",
          R"({"temp":100,"pie":{"filling":"apple","eta":"60s"}})", R"("apple")"},
         {R"({"var":"a.b.c"})", R"({"a":{"b":null}})", "null"},
         {R"({"var":""})", "1", "1"},
         {R"({"var":null})", "1", "1"},
         {R"({"var":[]})", "1", "1"}});
}

TEST(FlagdOperators, CompareTheEndsOfTexts) {
  check({{R"({"starts_with":[{"var":"id"},"abc"]})", R"({"id":"abcdef"})", "true"},
         {R"({"starts_with":[{"var":"id"},"abc"]})", R"({"id":"xabc"})", "false"},
         {R"({"ends_with":[{"var":"id"},"xyz"]})", R"({"id":"uvwxyz"})", "true"},
         {R"({"ends_with":[{"var":"id"},"xyz"]})", R"({"id":"xy"})", "false"},
         {R"({"starts_with":[{"var":"num"},"abc"]})", R"({"num":123})", "null"},
         {R"({"ends_with":[{"var":"num"},"abc"]})", "{}", "null"}});
}

TEST(FlagdOperators, CompareVersions_SemVer2_0_0_11) {
  struct Row {
    const char* left;
    const char* sign;
    const char* right;
    const char* value;
  };
  for (const Row& row : std::vector<Row>{{"2.0.0", "=", "2.0.0", "true"},
                                         {"2.1.0", ">", "2.0.0", "true"},
                                         {"1.9.0", "<", "2.0.0", "true"},
                                         {"2.0.0-alpha", "<", "2.0.0", "true"},
                                         {"2.0.0.0", "=", "2.0.0", "null"},
                                         {"3.0.1", "~", "3.0.0", "true"},
                                         {"3.1.0", "~", "3.0.0", "false"},
                                         {"3.1.0", "^", "3.0.0", "true"},
                                         {"4.0.0", "^", "3.0.0", "false"},
                                         {"v1.0.0", "=", "1.0.0", "true"},
                                         {"1.5.0", "^", "1", "true"},
                                         {"1", "=", "1.0.0", "true"},
                                         {"1.0.0+other", "=", "1.0.0+a", "true"},
                                         {"not-a-version", "=", "1.0.0", "null"},
                                         {"1.0.0-alpha", "<", "1.0.0-alpha.1", "true"},
                                         {"1.0.0-alpha.1", "<", "1.0.0-alpha.beta", "true"},
                                         {"1.0.0-beta.2", "<", "1.0.0-beta.11", "true"},
                                         {"1.0.0-rc.1", "<", "1.0.0", "true"},
                                         {"01.0.0", "=", "1.0.0", "null"},
                                         {"1.0.0-01", "=", "1.0.0", "null"},
                                         {"1.0.0-", "=", "1.0.0", "null"},
                                         {"1-alpha", "=", "1.0.0", "null"},
                                         {"", "=", "1.0.0", "null"},
                                         {"99999999999999999999.0.0", ">", "1.0.0", "true"},
                                         {"1.0.0", "!=", "1.0.1", "true"},
                                         {"1.0.0", "<=", "1.0.0", "true"},
                                         {"1.0.0", ">=", "1.0.1", "false"}}) {
    const json data{{"left", row.left}};
    const std::string rule =
        R"({"sem_ver":[{"var":"left"},")" + std::string(row.sign) + "\",\"" + row.right + "\"]}";
    EXPECT_EQ(applied(rule, data), json::parse(row.value)) << row.left << rule;
  }
}

TEST(JsonLogic, RefersToEvaluatorsOfTheFile) {
  const std::string evaluators =
      R"({"is_eu":{"in":[{"var":"region"},["de","fr"]]},"is_big":{"and":[{"$ref":"is_eu"},true]}})";
  EXPECT_EQ(applied(R"({"if":[{"$ref":"is_big"},"a","b"]})", {{"region", "fr"}}, evaluators), "a");
  EXPECT_EQ(applied(R"({"if":[{"$ref":"is_big"},"a","b"]})", {{"region", "us"}}, evaluators), "b");
}

TEST(JsonLogicProblems, SayWhere) {
  EXPECT_THAT(problems_of("{\n \"iff\": [1]}"),
              ElementsAre("2:2 rule: unknown operator \"iff\" (did you mean \"if\"?)"));
  EXPECT_THAT(problems_of(R"({"==":[1]})"),
              ElementsAre("1:2 rule[\"==\"]: takes exactly 2 arguments"));
  EXPECT_THAT(problems_of(R"({"==":[1,2],"!":1})"),
              ElementsAre("1:1 rule: an operator is an object with exactly one key"));
  EXPECT_THAT(problems_of(R"({"$ref":"x"})"),
              ElementsAre("1:9 rule[\"$ref\"]: there is no \"x\" in $evaluators"));
  EXPECT_THAT(problems_of(R"({"sem_ver":["1.0.0","=>","1.0"]})"),
              ElementsAre("1:21 rule.sem_ver[1]: expected one of = != < <= > >= ^ ~"));
  EXPECT_THAT(problems_of(R"({"sem_ver":[{"var":"v"},"=","1.0.0.0"]})").size(), 1U);
}

TEST(JsonLogicProblems, AreWeightsThatAreNone) {
  for (const char* parts : {R"(["a",-1])", R"(["a",1.5])", R"(["a","50"])", R"(["a",2147483648])",
                            R"(["a",2147483647],["b",1])", R"(["a",0],["b",0])", R"("a","b")",
                            R"(["a",1,2])", R"([])", R"([["a"],1])"}) {
    EXPECT_EQ(problems_of(R"({"fractional":[)" + std::string(parts) + "]}").size(), 1U) << parts;
  }
  EXPECT_THAT(problems_of(R"({"fractional":[["a"],["b",2147483646]]})"), IsEmpty());
}

TEST(JsonLogicProblems, AreRulesWithoutAnEnd) {
  EXPECT_THAT(problems_of(R"({"$ref":"a"})", R"({"a":{"!":{"$ref":"b"}},"b":{"!":{"$ref":"a"}}})"),
              testing::Contains(testing::HasSubstr("uses itself")));
  std::string chain = R"({"e0":true)";
  for (int i = 1; i < 1'000; ++i) {
    chain += ",\"e" + std::to_string(i) + R"(":{"!":{"$ref":"e)" + std::to_string(i - 1) + "\"}}";
  }
  EXPECT_FALSE(problems_of(R"({"$ref":"e999"})", chain + "}").empty());
}

// Each evaluator uses the one before it twice: 2^40 steps in forty lines.
TEST(JsonLogicProblems, AreRulesThatTakeTooLong) {
  std::string doubling = R"({"e0":{"var":"x"})";
  for (int i = 1; i < 40; ++i) {
    const std::string before = R"({"$ref":"e)" + std::to_string(i - 1) + "\"}";
    doubling += ",\"e" + std::to_string(i) + R"(":{"and":[)" + before + "," + before + "]}";
  }
  EXPECT_THAT(problems_of(R"({"$ref":"e39"})", doubling + "}"),
              testing::Contains(testing::HasSubstr("may take more than 20000 steps")));
}

TEST(JsonLogicProblems, AreRulesThatNestTooDeep) {
  std::string rule = "true";
  for (int i = 0; i < 65; ++i) rule = R"({"!":)" + rule + "}";
  EXPECT_THAT(problems_of(rule), testing::Contains(testing::HasSubstr("more than 64 operators")));
}

TEST(JsonLogic, TakesNoMemoryForAnEvaluation) {
  const auto logic = compiled(
      R"({"if":[{"in":[{"var":"region"},["de","fr"]]},{"fractional":[["a",1],["b",1]]},
                {"starts_with":[{"var":"region"},"u"]},"c","d"]})");
  ASSERT_TRUE(logic);
  const json data{{"region", "fr"}, {"targetingKey", "u1"}};
  const DataVariables variables(data);
  routing::LogicScratch scratch;
  routing::Occasion occasion{variables, scratch, "flag"};
  static_cast<void>(logic->evaluate(occasion));
  // What the test's own variables take is for their names.
  EXPECT_LE(test::allocations_of([&] { static_cast<void>(logic->evaluate(occasion)); }), 0U);
}

}  // namespace
}  // namespace banyan::config
