// Ramps by hand, by a value set at run time, and through a restart: the API over the switchboard.
#include <gmock/gmock.h>

#include "proxy/control/ramp_view.h"
#include "stand.h"

namespace banyan::control {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string ramp_text(const std::string& ramp = "{ steps: [1, 25, 100], hold: 10m }") {
  std::string text = config_text("{ shop: 90, orders: 5 }");
  const std::string after = "monolith: new, flag: shop";
  return text.insert(text.find(after) + after.size(), ", ramp: " + ramp);
}

class AdminRampTest : public Stand {
 protected:
  AdminRampTest()
      : reloader_(
            "config", snapshot_of(ramp_text()),
            [](const auto&, const auto&) -> Result<void, std::string> { return {}; }, now_) {
    take(snapshot_of(ramp_text()));
  }

  AdminResponse ask(const std::string& method, const std::string& target,
                    const std::string& body = "", const std::string& if_match = "") {
    AdminApi api({*switches_, reloader_, audit_, differences_,
                  [this](const auto& read, const auto& done) { return read_store(read, done); },
                  events_, [] { return StatusFacts{}; }, [] { return std::string(); },
                  [](const std::function<void()>& then) { then(); },
                  [](const Author&, const Reloader::Done&) {}, [](const Author&) {},
                  [this] { return now_; }, [this] { ++changed_; }, readiness_,
                  [](StatusFacts&) {}});
    readiness_.adopt(snapshot_of(ramp_text()), now_);
    AdminRequest request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.authority = "127.0.0.1:9901";
    request.who = "ann";
    if (!if_match.empty()) request.if_match = if_match;
    std::vector<AdminResponse> answers;
    api.answer(request, [&](AdminResponse answer) { answers.push_back(std::move(answer)); });
    turn_workers();
    EXPECT_EQ(answers.size(), 1U);
    return answers.empty() ? AdminResponse{} : answers[0];
  }
  int post(const std::string& act, const std::string& body = "") {
    return ask("POST", "/v1/migrations/cart/ramp/" + act, body).status;
  }
  const Ramp& ramp() { return *switches_->ramp("shop"); }
  std::vector<std::string> actions() {
    std::vector<std::string> actions;
    for (const json& entry : audit_.tail()) actions.push_back(entry["action"]);
    return actions;
  }
  void start_again() { restart(ramp_text()); }

  shadow::DifferenceTable differences_;
  observe::StatsRegistry stats_{1};
  ReadinessBook readiness_{stats_, differences_};
  Events events_;
  Reloader reloader_;
  int changed_ = 0;
};

TEST_F(AdminRampTest, AFlagWithARampBeginsAtNobodyWhateverTheConfigurationSays) {
  EXPECT_EQ(share("shop"), 0U);
  EXPECT_EQ(switches_->flag("shop")->share, routing::kNobody);
  EXPECT_EQ(share("orders"), 5'000U);
}

TEST_F(AdminRampTest, AStepByHandIsInForceOnDiskAndInTheAuditLog) {
  const AdminResponse answer =
      ask("POST", "/v1/migrations/stock/ramp/skip", R"({"reason": "seen enough"})");
  EXPECT_EQ(answer.status, 200);
  const json document = json::parse(answer.body);
  EXPECT_EQ(document["ramp"]["step"], 1);
  EXPECT_EQ(document["ramp"]["steps"], json({1, 25, 100}));
  EXPECT_EQ(document["ramp"]["percent"], 1);
  EXPECT_EQ(document["ramp"]["next"], 25);
  EXPECT_EQ(document["migrations"], json({"cart", "stock"}));
  EXPECT_EQ(share("shop"), 1'000U);
  EXPECT_EQ(changed_, 1);
  const json entry = audit_.tail().back();
  EXPECT_EQ(entry["action"], "ramp_step");
  EXPECT_EQ(entry["target"], "shop");
  EXPECT_EQ(entry["from"], 0);
  EXPECT_EQ(entry["to"], 1);
  EXPECT_EQ(entry["who"], "ann");
  EXPECT_EQ(entry["reason"], "skipped by hand: seen enough");
  start_again();
  EXPECT_EQ(share("shop"), 1'000U);
}

TEST_F(AdminRampTest, WhatCanNotBeDoneIsSaid) {
  EXPECT_EQ(ask("POST", "/v1/migrations/nobody/ramp/skip").status, 404);
  EXPECT_EQ(ask("POST", "/v1/migrations/orders/ramp/skip").status, 409);
  EXPECT_EQ(post("skip", R"({"reasn": "x"})"), 400);
  EXPECT_EQ(post("jump"), 404);
  EXPECT_EQ(ask("GET", "/v1/migrations/cart/ramp/skip").status, 405);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post("skip"), 200);
  EXPECT_EQ(post("skip"), 409);
  EXPECT_EQ(share("shop"), 100'000U);
}

TEST_F(AdminRampTest, APauseStaysThroughARestartAndEndsWithResume) {
  EXPECT_EQ(post("pause", R"({"reason": "until Monday"})"), 200);
  start_again();
  ASSERT_TRUE(ramp().paused);
  EXPECT_EQ(ramp().paused->reason, "until Monday");
  EXPECT_EQ(post("resume"), 200);
  EXPECT_FALSE(ramp().paused);
  EXPECT_THAT(actions(), ElementsAre("ramp_pause", "ramp_resume"));
}

TEST_F(AdminRampTest, AValueSetAtRunTimePausesItAndResumeClearsIt) {
  EXPECT_EQ(post("skip"), 200);
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 30, "reason": "a look"})").status, 200);
  EXPECT_EQ(share("shop"), 30'000U);
  ASSERT_TRUE(ramp().paused);
  EXPECT_EQ(ramp().paused->reason, "a value was set at run time: a look");
  EXPECT_TRUE(switches_->flag("shop")->overridden());
  EXPECT_EQ(post("skip"), 409);
  EXPECT_EQ(post("resume"), 200);
  EXPECT_EQ(share("shop"), 1'000U);
  EXPECT_FALSE(ramp().paused);
  EXPECT_THAT(actions(),
              ElementsAre("ramp_step", "ramp_pause", "flag_set", "flag_clear", "ramp_resume"));
}

TEST_F(AdminRampTest, AClearedValueLeavesItPausedWhereItWas) {
  EXPECT_EQ(post("skip"), 200);
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 30})").status, 200);
  EXPECT_EQ(ask("DELETE", "/v1/flags/shop").status, 200);
  EXPECT_EQ(share("shop"), 1'000U);
  EXPECT_TRUE(ramp().paused);
}

TEST_F(AdminRampTest, NoStepIsTakenWhileAGateIsRolledBack) {
  EXPECT_EQ(ask("POST", "/v1/migrations/stock/rollback").status, 200);
  const AdminResponse refused = ask("POST", "/v1/migrations/cart/ramp/skip");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("stock is rolled back"));
}

SourceContents disabled(const std::string& state = "DISABLED") {
  auto file = config::parse_flag_file(
      R"({"flags": {"shop": {"state": ")" + state +
          R"(", "variants": {"new": "monolith"}, "defaultVariant": "new"}}})",
      {"shop"}, {});
  EXPECT_TRUE(file);
  return {{"off.json", std::make_shared<const config::FlagFile>(std::move(*file))}};
}

TEST_F(AdminRampTest, AFlagThatAFileDisablesIsAtNobodyAtOnceAndTakesNoStep) {
  EXPECT_EQ(post("skip"), 200);
  switches_->take_sources(disabled(), {}, [] {});
  EXPECT_EQ(share("shop"), 0U);
  EXPECT_TRUE(switches_->ramps_due());
  const AdminResponse refused = ask("POST", "/v1/migrations/cart/ramp/skip");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("the flag is DISABLED in off.json"));
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 30})").status, 200);
  EXPECT_EQ(share("shop"), 30'000U) << "a value set at run time outranks files";
}

TEST_F(AdminRampTest, AFlagThatIsDisabledIsAtNobodyFromTheStart) {
  EXPECT_EQ(post("skip"), 200);
  start_again();
  const auto table = switches_->prepare(*snapshot_of(ramp_text()), disabled());
  EXPECT_EQ((*table)[slots_.flag("shop")].share, routing::kNobody);
  const auto enabled = switches_->prepare(*snapshot_of(ramp_text()), disabled("ENABLED"));
  EXPECT_EQ((*enabled)[slots_.flag("shop")].share.millipercent, 1'000U);
}

TEST_F(AdminRampTest, IfMatchKeepsTwoOperatorsApart) {
  const auto etag = [&] {
    for (const auto& [name, value] : ask("GET", "/v1/migrations/cart").headers) {
      if (name == "etag") return value;
    }
    return std::string();
  };
  const std::string before = etag();
  EXPECT_EQ(ask("POST", "/v1/migrations/cart/ramp/pause", "", before).status, 200);
  EXPECT_EQ(ask("POST", "/v1/migrations/cart/ramp/skip", "", before).status, 412);
  EXPECT_EQ(ask("POST", "/v1/migrations/cart/ramp/skip", "", etag()).status, 200);
}

TEST_F(AdminRampTest, AStepThatCanNotBeWrittenIsInForceAndSaysSo) {
  std::filesystem::create_directory(dir_.file("ramps.json.new"));
  EXPECT_EQ(post("skip"), 202);
  EXPECT_EQ(share("shop"), 1'000U);
  EXPECT_FALSE(switches_->durable());
  std::filesystem::remove(dir_.file("ramps.json.new"));
  EXPECT_FALSE(switches_->retry_saves());
  start_again();
  EXPECT_EQ(share("shop"), 1'000U);
}

TEST_F(AdminRampTest, AnUnreadableListIsSaidAndLeavesEverybodyOnLegacyUntilResumed) {
  EXPECT_EQ(post("skip"), 200);
  dir_.write("ramps.json", "\x01");
  start_again();
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_THAT(problems_[0], HasSubstr("every ramp is at 0 % and paused until it is resumed"));
  EXPECT_EQ(share("shop"), 0U);
  EXPECT_TRUE(ramp().paused);
  start_again();
  EXPECT_TRUE(problems_.empty());
  EXPECT_TRUE(ramp().paused);
}

TEST_F(AdminRampTest, AReloadThatIsOnlyPreparedChangesNothing) {
  EXPECT_EQ(post("skip"), 200);
  EXPECT_EQ(post("skip"), 200);
  const auto table = switches_->prepare(*snapshot_of(ramp_text("{ steps: [2] }")));
  EXPECT_EQ((*table)[slots_.flag("shop")].share.millipercent, 2'000U);
  EXPECT_EQ(switches_->flag("shop")->share.millipercent, 25'000U);
  take(snapshot_of(ramp_text("{ steps: [2] }")));
  EXPECT_EQ(share("shop"), 2'000U);
  const json entry = audit_.tail().back();
  EXPECT_EQ(entry["action"], "ramp_back");
  EXPECT_EQ(entry["from"], 25);
  EXPECT_EQ(entry["to"], 2);
  take(snapshot_of(config_text("{ shop: 90 }")));
  EXPECT_EQ(share("shop"), 90'000U);
}

TEST_F(AdminRampTest, AStartThatFailsLeavesEverythingAsItWas) {
  EXPECT_EQ(post("skip"), 200);
  const std::string before = dir_.read("ramps.json");
  switches_->adopt(snapshot_of(config_text()));
  EXPECT_EQ(dir_.read("ramps.json"), before);
  switches_->keep_ramps();
  EXPECT_NE(dir_.read("ramps.json"), before);
}

TEST_F(AdminRampTest, StepsThatEndLowerAfterARestartAreSaidToo) {
  EXPECT_EQ(post("skip"), 200);
  EXPECT_EQ(post("skip"), 200);
  restart(ramp_text("{ steps: [2] }"));
  EXPECT_EQ(share("shop"), 2'000U);
  const json entry = audit_.tail().back();
  EXPECT_EQ(entry["action"], "ramp_back");
  EXPECT_EQ(entry["from"], 25);
  EXPECT_EQ(entry["to"], 2);
  restart(ramp_text("{ steps: [2] }"));
  EXPECT_THAT(actions(), ElementsAre("ramp_step", "ramp_step", "ramp_back"));
}

TEST_F(AdminRampTest, TheNameMayBeThatOfTheFlag) {
  EXPECT_EQ(ask("POST", "/v1/migrations/shop/ramp/skip").status, 200);
  EXPECT_EQ(share("shop"), 1'000U);
  EXPECT_EQ(ask("POST", "/v1/migrations/orders/ramp/skip").status, 409)
      << "a migration of this name, whose flag has none";
}

TEST_F(AdminRampTest, AValueWhosePauseCanNotBeWrittenSaysSo) {
  EXPECT_EQ(post("skip"), 200);
  std::filesystem::create_directory(dir_.file("ramps.json.new"));
  const AdminResponse answer = ask("PUT", "/v1/flags/shop", R"({"percent": 30})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_THAT(answer.body, HasSubstr("ramps.json"));
  EXPECT_EQ(share("shop"), 30'000U);
}

TEST_F(AdminRampTest, ARuleThatTheRampPutOutOfForceRefusesNoPercentage) {
  auto file = config::parse_flag_file(
      R"({"flags": {"shop": {"state": "ENABLED", "variants": {"old": "legacy", "new": "monolith"},
          "defaultVariant": "old", "targeting": {"if": [true, "new", "old"]}}}})",
      {"shop"}, {});
  ASSERT_TRUE(file);
  switches_->take_sources({{"f.json", std::make_shared<const config::FlagFile>(std::move(*file))}},
                          {}, [] {});
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 30})").status, 200);
  EXPECT_EQ(share("shop"), 30'000U);
}

TEST_F(AdminRampTest, AMigrationThatJoinsAFlagOnItsWayIsSaid) {
  const std::vector<Ramp> before = switches_->ramps();
  std::vector<Ramp> now = before;
  now[0].gates.push_back({"search", ""});
  EXPECT_TRUE(joined(before, now).empty()) << "at 0 % nobody is moved";
  now[0].state.at = {25'000};
  const auto texts = joined(before, now);
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_THAT(texts[0],
              HasSubstr("migration search: joins the flag shop while its ramp is at 25 %"));
  EXPECT_TRUE(joined(now, now).empty());
  EXPECT_TRUE(joined({}, now).empty()) << "a ramp that is new begins at 0 %";
}

RampGateView gate(const std::string& name, Readiness state, bool passed) {
  RampGateView view;
  view.migration = name;
  view.judged.judgement.state = state;
  view.judged.judgement.compared = 12;
  if (state != Readiness::ready) {
    view.judged.judgement.lacks = {shadow::Lack::too_few_compared};
  }
  view.guardrail = {
      7, 200, passed, false, "failures: 1 %", {{"outcome", "hold"}, {"why", "nothing"}}};
  return view;
}

TEST(RampView, SaysWhatIsWaitedForAndWhy) {
  RampView view;
  view.ramp.flag = "shop";
  view.ramp.settings = {{routing::Share{1'000}, routing::Share{5'000}}, Milliseconds(600'000)};
  view.ramp.state.at = {1'000};
  view.held = Milliseconds(60'001);
  view.gates = {gate("orders", Readiness::ready, false),
                gate("cart", Readiness::inconclusive, true)};
  const auto told = [&](routing::Wait wait) {
    view.wait = wait;
    return waits_for(view);
  };
  EXPECT_EQ(told(routing::Wait::hold), "hold, 9m more");
  EXPECT_EQ(told(routing::Wait::readiness),
            "readiness of cart (inconclusive: too few compared; 12 pairs compared in this step)");
  EXPECT_EQ(told(routing::Wait::guardrail),
            "guardrail of orders (7 of 200 requests of the monolith beside legacy)");
  view.gates[0].guardrail->compared = 200;
  EXPECT_EQ(told(routing::Wait::guardrail), "guardrail of orders (failures: 1 %)");
  view.gates[1].latch = Latch{"guardrail", {"guardrail", "cart: failures", {}}};
  EXPECT_EQ(told(routing::Wait::latched), "`banyan rearm` of cart");
  view.disabled_in = "off.json";
  EXPECT_EQ(told(routing::Wait::disabled), "the flag is DISABLED in off.json");
  EXPECT_EQ(reason_back(view), "cart: failures");
  RampView untripped = view;
  untripped.gates[1].latch.reset();
  EXPECT_EQ(reason_back(untripped), "the flag is DISABLED in off.json");
  EXPECT_EQ(told(routing::Wait::latched), "`banyan rearm` of cart");
  EXPECT_THAT(reason_of(view), HasSubstr("held for 61s; orders: 12 pairs compared"));
  const json shown = to_json(view);
  EXPECT_EQ(shown["waits_for"], "latched");
  EXPECT_EQ(shown["held_s"], 60.001);
  const json evidence = evidence_of(view);
  EXPECT_EQ(evidence["held_s"], 60.001);
  EXPECT_EQ(evidence["gates"]["orders"]["guardrail"]["compared"], 200);
  EXPECT_EQ(evidence["gates"]["cart"]["readiness"]["state"], "inconclusive");
  EXPECT_EQ(evidence["gates_left_out"], 0);
}

TEST(RampView, WhatIsToldOfManyGatesIsBounded) {
  RampView view;
  view.ramp.settings = {{routing::Share{1'000}}, Milliseconds(600'000)};
  for (int i = 0; i < 1'000; ++i) {
    view.gates.push_back(gate("m" + std::to_string(i), Readiness::inconclusive, false));
  }
  view.wait = routing::Wait::readiness;
  EXPECT_THAT(waits_for(view), HasSubstr("m2 (inconclusive: too few compared; 12 pairs compared in "
                                         "this step), 997 more"));
  EXPECT_LT(reason_of(view).size(), kAuthorTextMax);
  EXPECT_EQ(evidence_of(view)["gates"].size(), kGatesInEvidenceMax);
  EXPECT_EQ(evidence_of(view)["gates_left_out"], 1'000 - kGatesInEvidenceMax);
}

TEST(RampView, AGateWithoutAGuardrailIsNotAskedForOne) {
  RampGateView view = gate("orders", Readiness::ready, false);
  EXPECT_FALSE(has_passed(view));
  view.guardrail.reset();
  EXPECT_TRUE(has_passed(view));
  EXPECT_FALSE(is_tripped(view));
  view.latch = Latch{"operator", {}};
  EXPECT_FALSE(is_tripped(view));
  view.latch->cause = kGuardrailCause;
  EXPECT_TRUE(is_tripped(view));
}

TEST(RampView, AGateThatIsTakenBackAloneLeavesTheRampInItsStep) {
  RampGateView view = gate("orders", Readiness::ready, true);
  view.latch = Latch{std::string(kGuardrailCause), {}};
  EXPECT_TRUE(is_tripped(view));
  view.guardrail->alone = true;
  EXPECT_FALSE(is_tripped(view));
}

}  // namespace
}  // namespace banyan::control
