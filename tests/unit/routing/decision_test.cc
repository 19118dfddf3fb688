#include "routing/decision.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "tests/support/allocation_count.h"
#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

constexpr std::uint32_t kDrawMax = std::numeric_limits<std::uint32_t>::max();

Route sticky_route(StickyMissing missing = StickyMissing::legacy) {
  Route route;
  route.name = "orders";
  route.flag = "orders";
  route.sticky = {{StickySource::Kind::header, "x-user-id"},
                  {StickySource::Kind::cookie, "session"}};
  route.sticky_missing = missing;
  return route;
}

Route keyless_route() {
  Route route = sticky_route();
  route.sticky.clear();
  return route;
}

std::string& scratch() {
  static std::string text;
  return text;
}

Decision decide(const Route& route, const FlagState& flag, bool latched, const Headers& headers,
                std::uint32_t draw, std::optional<Arm> forced = {}) {
  static DecisionTools tools{{}, [] { return 0xfedcba9876543210U; }};
  static RequestHead request;
  request.method_text = "GET";
  request.target = "/orders/%37?u=7";
  request.authority = "Shop.Test.:80";
  request.headers = headers;
  return routing::decide(route, flag, latched, forced, {request, "192.0.2.1", scratch(), tools},
                         draw);
}

FlagState at(std::uint32_t millipercent) { return {1, Share{millipercent}, FlagOrigin::config}; }

Headers user(std::string_view id) {
  Headers headers;
  headers.add("x-user-id", id);
  return headers;
}

// A user whose bucket is below, or not below, `share`.
std::string user_on(Arm arm, std::uint32_t share) {
  for (int i = 0;; ++i) {
    std::string id = "user-" + std::to_string(i);
    if (arm_of(bucket_of("orders", id), Share{share}) == arm) return id;
  }
}

TEST(Decision, ALatchOutranksEverything) {
  for (const Route& route :
       {sticky_route(), sticky_route(StickyMissing::per_request), keyless_route()}) {
    for (const std::uint32_t share : {0U, 1U, 50'000U, 100'000U}) {
      for (const Headers& headers : {Headers(), user(user_on(Arm::monolith, 50'000))}) {
        const Decision d = decide(route, at(share), true, headers, 0);
        EXPECT_EQ(d.arm, Arm::legacy);
        EXPECT_EQ(d.reason, Reason::latched);
        EXPECT_EQ(d.bucket, std::nullopt);
      }
    }
  }
}

TEST(Decision, AtZeroPercentItIsNobody) {
  for (const Route& route :
       {sticky_route(), sticky_route(StickyMissing::per_request), keyless_route()}) {
    for (const Headers& headers : {Headers(), user("a")}) {
      const Decision d = decide(route, at(0), false, headers, 0);
      EXPECT_EQ(d.arm, Arm::legacy);
      EXPECT_EQ(d.reason, Reason::nobody);
      EXPECT_EQ(d.bucket, std::nullopt);
    }
  }
}

TEST(Decision, AFlagThatNobodySetIsAtZeroPercent) {
  EXPECT_EQ(decide(sticky_route(), FlagState{}, false, user("a"), 0).reason, Reason::nobody);
}

TEST(Decision, AtHundredPercentItIsEverybodyAlsoWithoutAKey) {
  for (const Route& route :
       {sticky_route(), sticky_route(StickyMissing::per_request), keyless_route()}) {
    for (const std::uint32_t share : {100'000U, 100'001U, kDrawMax}) {
      for (const Headers& headers : {Headers(), user("a")}) {
        const Decision d = decide(route, at(share), false, headers, kDrawMax);
        EXPECT_EQ(d.arm, Arm::monolith);
        EXPECT_EQ(d.reason, Reason::everybody);
        EXPECT_EQ(d.bucket, std::nullopt);
      }
    }
  }
}

TEST(Decision, TheKeysBucketDecides) {
  for (const Arm arm : {Arm::legacy, Arm::monolith}) {
    const std::string id = user_on(arm, 30'000);
    const Decision d = decide(sticky_route(), at(30'000), false, user(id), 0);
    EXPECT_EQ(d.arm, arm);
    EXPECT_EQ(d.reason, Reason::bucket);
    EXPECT_EQ(d.bucket, bucket_of("orders", id));
  }
}

TEST(Decision, TheSecondSourceCountsWhereTheFirstIsMissing) {
  Headers headers;
  headers.add("Cookie", "session=abc");
  const Decision d = decide(sticky_route(), at(50'000), false, headers, 0);
  EXPECT_EQ(d.reason, Reason::bucket);
  EXPECT_EQ(d.bucket, bucket_of("orders", "abc"));
}

TEST(Decision, TheFlagAndNotTheMigrationsNameMakesTheBucket) {
  Route route = sticky_route();
  route.flag = "shop";
  EXPECT_EQ(decide(route, at(50'000), false, user("a"), 0).bucket, bucket_of("shop", "a"));
}

TEST(Decision, WithoutItsKeyARequestGoesToLegacy) {
  for (const Headers& headers : {Headers(), user("")}) {
    const Decision d = decide(sticky_route(), at(99'999), false, headers, 0);
    EXPECT_EQ(d.arm, Arm::legacy);
    EXPECT_EQ(d.reason, Reason::sticky_missing);
    EXPECT_EQ(d.bucket, std::nullopt);
  }
}

TEST(Decision, WithoutItsKeyARequestIsDrawnWhereThatIsConfigured) {
  const Route route = sticky_route(StickyMissing::per_request);
  const Decision low = decide(route, at(50'000), false, Headers(), 0);
  EXPECT_EQ(low.arm, Arm::monolith);
  EXPECT_EQ(low.reason, Reason::per_request);
  EXPECT_EQ(low.bucket, 0U);
  const Decision high = decide(route, at(50'000), false, user(""), kDrawMax);
  EXPECT_EQ(high.arm, Arm::legacy);
  EXPECT_EQ(high.reason, Reason::per_request);
  EXPECT_EQ(high.bucket, kBuckets - 1);
}

TEST(Decision, WhereNoKeyIsConfiguredEachRequestIsDrawn) {
  const std::pair<std::uint32_t, std::uint32_t> draws[] = {
      {0, 0}, {42'949, 0}, {42'950, 1}, {0x8000'0000U, 50'000}, {kDrawMax, 99'999}};
  for (const auto& [draw, bucket] : draws) {
    const Decision d = decide(keyless_route(), at(50'000), false, user("a"), draw);
    EXPECT_EQ(d.reason, Reason::per_request);
    EXPECT_EQ(d.bucket, bucket) << draw;
    EXPECT_EQ(d.arm, arm_of(bucket, Share{50'000})) << draw;
  }
}

TEST(Decision, DrawnSharesAreWithinStatisticalBounds) {
  std::mt19937_64 random = test::seeded_random();
  constexpr int kRequests = 100'000;
  int monolith = 0;
  for (int i = 0; i < kRequests; ++i) {
    const auto draw = static_cast<std::uint32_t>(random());
    if (decide(keyless_route(), at(5'000), false, Headers(), draw).arm == Arm::monolith) ++monolith;
  }
  EXPECT_NEAR(monolith, kRequests * 0.05, 6 * std::sqrt(kRequests * 0.05 * 0.95));
}

TEST(Decision, AUserStaysOnOneArmWhateverTheDrawAndMovesOnlyOnce) {
  std::mt19937_64 random = test::seeded_random();
  const Route route = sticky_route();
  for (int i = 0; i < 2'000; ++i) {
    const Headers headers = user(std::to_string(random()));
    Arm before = Arm::legacy;
    for (const std::uint32_t share : {0U, 1'000U, 5'000U, 25'000U, 50'000U, 100'000U}) {
      const Decision d =
          decide(route, at(share), false, headers, static_cast<std::uint32_t>(random()));
      const Decision again =
          decide(route, at(share), false, headers, static_cast<std::uint32_t>(random()));
      EXPECT_EQ(d.arm, again.arm);
      EXPECT_FALSE(before == Arm::monolith && d.arm == Arm::legacy);
      before = d.arm;
    }
    EXPECT_EQ(before, Arm::monolith);
  }
}

TEST(Decision, AllocatesNothing) {
  const Route route = sticky_route();
  Headers headers;
  headers.add("Accept", "*/*");
  headers.add("Cookie", "a=1; session=\"a-rather-long-session-id-that-would-not-fit-inline\"");
  Decision d = decide(route, at(50'000), false, headers, 1);  // the test's own request
  EXPECT_EQ(test::allocations_of([&] { d = decide(route, at(50'000), false, headers, 1); }), 0U);
  EXPECT_EQ(d.reason, Reason::bucket);
}

TEST(Decision, AForcedArmOutranksTheShareAndNeverALatch) {
  for (const std::uint32_t share : {0U, 50'000U, 100'000U}) {
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      const Decision d = decide(sticky_route(), at(share), false, user("a"), 0, arm);
      EXPECT_EQ(d.arm, arm);
      EXPECT_EQ(d.reason, Reason::forced);
      EXPECT_EQ(d.bucket, std::nullopt);
    }
    const Decision latched = decide(sticky_route(), at(share), true, user("a"), 0, Arm::monolith);
    EXPECT_EQ(latched.arm, Arm::legacy);
    EXPECT_EQ(latched.reason, Reason::latched);
  }
}

TEST(Reason, EachHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (const Reason r :
       {Reason::latched, Reason::forced, Reason::nobody, Reason::everybody, Reason::bucket,
        Reason::sticky_missing, Reason::per_request, Reason::targeting, Reason::issued}) {
    words.insert(to_string(r));
  }
  EXPECT_EQ(words,
            (std::set<std::string_view>{"latched", "forced", "nobody", "everybody", "bucket",
                                        "sticky_missing", "per_request", "targeting", "issued"}));
}

// `var` of this name against this text decides.
FlagState by_rule(const std::string& name, std::string_view text, Logic::Op op = Logic::Op::equal) {
  LogicBuilder builder;
  const auto variable = builder.operation(
      Logic::Op::var, std::array{builder.constant(Value::of(std::string_view(name)))});
  const auto condition =
      builder.operation(op, std::array{variable, builder.constant(Value::of(text))});
  const auto root = builder.operation(
      Logic::Op::if_, std::array{condition, builder.constant(Value::of(std::string_view("new")))});
  auto flag = std::make_shared<FlagDefinition>();
  flag->key = "orders";
  flag->variants = {{"old", Arm::legacy}, {"new", Arm::monolith}};
  flag->default_variant = 0;
  flag->targeting = std::move(builder).finish(root);
  return {1, kByRule, FlagOrigin::source, flag};
}

TEST(Decision, ARuleSeesTheRequest) {
  Headers headers = user("u7");
  headers.add("Cookie", "tenant=acme");
  headers.add("X-Region", "");
  headers.add("x-region", "eu");
  for (const auto& [name, text] :
       std::vector<std::pair<const char*, const char*>>{{"targetingKey", "u7"},
                                                        {"method", "GET"},
                                                        {"path", "/orders/7"},
                                                        {"host", "shop.test"},
                                                        {"headers.x-region", "eu"},
                                                        {"headers.X-Region", "eu"},
                                                        {"cookies.tenant", "acme"},
                                                        {"$flagd.flagKey", "orders"}}) {
    const Decision d = decide(sticky_route(), by_rule(name, text), false, headers, 0);
    EXPECT_EQ(d.arm, Arm::monolith) << name;
    EXPECT_EQ(d.reason, Reason::targeting);
    EXPECT_EQ(decide(sticky_route(), by_rule(name, "x"), false, headers, 0).arm, Arm::legacy);
  }
  EXPECT_EQ(decide(sticky_route(), by_rule("query.u", "7"), false, headers, 0).arm, Arm::legacy);
  EXPECT_EQ(decide(sticky_route(), by_rule("method", "GET"), true, headers, 0).reason,
            Reason::latched);
  EXPECT_EQ(decide(sticky_route(), by_rule("method", "GET"), false, headers, 0, Arm::legacy).reason,
            Reason::forced);
}

TEST(Decision, ARuleIsEvaluatedWithoutAKey) {
  EXPECT_EQ(decide(sticky_route(), by_rule("method", "GET"), false, Headers(), 0).arm,
            Arm::monolith);
  EXPECT_EQ(decide(sticky_route(), by_rule("targetingKey", ""), false, Headers(), 0).arm,
            Arm::legacy);
}

Route issuing_route() {
  Route route = sticky_route();
  route.sticky.push_back({StickySource::Kind::issue_cookie, "banyan-id"});
  return route;
}

TEST(Decision, AKeyIsIssuedOnlyWhereThereIsNone) {
  const Decision fresh = decide(issuing_route(), at(50'000), false, Headers(), 0);
  EXPECT_TRUE(fresh.issues_key);
  EXPECT_EQ(fresh.reason, Reason::issued);
  EXPECT_EQ(scratch(), "fedcba9876543210fedcba9876543210");
  EXPECT_EQ(fresh.bucket, bucket_of("orders", scratch()));
  Headers known;
  known.add("Cookie", "banyan-id=" + std::string(scratch()));
  const Decision again = decide(issuing_route(), at(50'000), false, known, 0);
  EXPECT_FALSE(again.issues_key);
  EXPECT_EQ(again.reason, Reason::bucket);
  EXPECT_EQ(again.bucket, fresh.bucket);
  EXPECT_FALSE(decide(issuing_route(), at(50'000), false, user("a"), 0).issues_key);
  EXPECT_FALSE(decide(issuing_route(), at(0), false, Headers(), 0).issues_key);
  EXPECT_FALSE(decide(issuing_route(), at(100'000), false, Headers(), 0).issues_key);
  EXPECT_FALSE(decide(issuing_route(), at(50'000), true, Headers(), 0).issues_key);
}

TEST(Decision, ARuleThatAsksForAKeyHasItIssued) {
  const FlagState starts = by_rule("targetingKey", "fedc", Logic::Op::starts_with);
  const Decision d = decide(issuing_route(), starts, false, Headers(), 0);
  EXPECT_EQ(d.arm, Arm::monolith);
  EXPECT_TRUE(d.issues_key);
  EXPECT_FALSE(decide(issuing_route(), by_rule("method", "GET"), false, Headers(), 0).issues_key);
}

}  // namespace
}  // namespace banyan::routing
