#include "proxy/control/switchboard.h"

#include "stand.h"

namespace banyan::control {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

class SwitchboardTest : public Stand {
 protected:
  Switchboard::Answer keep() {
    return [this](const Switchboard::Switched& switched) { answers_.push_back(switched); };
  }
  void rollback(const Names& names) {
    switches_->rollback(names, "operator", {"ann", "why", now_}, keep());
  }
  void refuse_writes(const std::string& name) {
    std::filesystem::create_directory(dir_.file(name + ".new"));
  }
  void allow_writes(const std::string& name) { std::filesystem::remove(dir_.file(name + ".new")); }
  std::vector<Switchboard::Switched> answers_;
};

TEST_F(SwitchboardTest, ARollbackIsInForceAndOnDiskBeforeItIsAnswered) {
  rollback({"orders"});
  EXPECT_TRUE(latched("orders"));
  EXPECT_NE(dir_.read("latches.json").find("orders"), std::string::npos);
  EXPECT_TRUE(answers_.empty());
  turn_workers();
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(answers_[0].durable);
  EXPECT_EQ(answers_[0].migrations, Names{"orders"});
}

TEST_F(SwitchboardTest, ARollbackNamesTheSiblingsThatStay) {
  rollback({"cart"});
  turn_workers();
  EXPECT_EQ(answers_[0].siblings, Names{"stock"});
  EXPECT_FALSE(latched("stock"));
  rollback({"cart", "stock"});
  turn_workers();
  EXPECT_EQ(answers_[1].siblings, Names{});
}

TEST_F(SwitchboardTest, ARollbackThatCanNotBeWrittenIsInForceAllTheSame) {
  refuse_writes("latches.json");
  rollback({"orders"});
  turn_workers();
  EXPECT_TRUE(latched("orders"));
  EXPECT_FALSE(answers_[0].durable);
  EXPECT_FALSE(answers_[0].problem.empty());
  EXPECT_TRUE(switches_->retry_saves());
  allow_writes("latches.json");
  EXPECT_FALSE(switches_->retry_saves());
  EXPECT_NE(dir_.read("latches.json").find("orders"), std::string::npos);
}

TEST_F(SwitchboardTest, ALatchSurvivesARestartAndEveryReload) {
  rollback({"orders"});
  slots_.migration("orders").latched = false;  // a new process begins like this
  restart();
  EXPECT_TRUE(latched("orders"));
  take(snapshot_of(config_text("{ orders: 100 }")));
  EXPECT_TRUE(latched("orders"));
}

TEST_F(SwitchboardTest, AnUnreadableListLatchesEveryMigration) {
  dir_.write("latches.json", "\x01");
  restart();
  EXPECT_EQ(problems_.size(), 1U);
  for (const char* name : {"orders", "cart", "stock"}) EXPECT_TRUE(latched(name)) << name;
}

TEST_F(SwitchboardTest, RearmingIsWrittenBeforeItIsInForce) {
  rollback({"orders"});
  switches_->rearm("orders", {"bob", "", now_}, keep());
  EXPECT_FALSE(latched("orders"));
  EXPECT_EQ(dir_.read("latches.json").find("orders"), std::string::npos);
  turn_workers();
  EXPECT_TRUE(answers_[1].durable);
  slots_.migration("orders").latched = true;
  restart();
  EXPECT_FALSE(latched("orders"));
}

TEST_F(SwitchboardTest, OnlyAFreshRollbackCounts) {
  rollback({"orders"});
  rollback({"orders"});
  const std::pair<std::string, std::string> key{"orders", "operator"};
  EXPECT_EQ(switches_->rollbacks().at(key), 1U);
}

TEST_F(SwitchboardTest, ARunTimeValueOutranksTheConfigurationUntilItIsCleared) {
  EXPECT_EQ(share("orders"), 5'000U);
  switches_->set_flag("orders", {{40'000}, {"ann", "", now_}, {}}, keep());
  EXPECT_TRUE(answers_.empty());
  turn_workers();
  EXPECT_EQ(share("orders"), 40'000U);
  EXPECT_TRUE(switches_->flag("orders")->overridden());
  take(snapshot_of(config_text("{ orders: 90 }")));
  EXPECT_EQ(share("orders"), 40'000U);
  switches_->clear_flag("orders", {"ann", "", now_}, keep());
  EXPECT_EQ(share("orders"), 90'000U);
  EXPECT_FALSE(switches_->flag("orders")->overridden());
}

TEST_F(SwitchboardTest, ARunTimeValueEqualToTheConfiguredOneOverridesNothing) {
  switches_->set_flag("orders", {{5'000}, {}, {}}, keep());
  EXPECT_FALSE(switches_->flag("orders")->overridden());
}

TEST_F(SwitchboardTest, AFlagWithoutAnyValueIsAtNobody) {
  take(snapshot_of(config_text("{}")));
  EXPECT_EQ(share("orders"), 0U);
  EXPECT_EQ(switches_->flag("orders")->origin, routing::FlagOrigin::none);
  EXPECT_EQ(switches_->flag("shop")->migrations, (Names{"cart", "stock"}));
}

TEST_F(SwitchboardTest, AValueSetForAWhileGoesBackByItself) {
  switches_->set_flag("orders", {{40'000}, {}, now_ + 1h}, keep());
  switches_->expire(now_ + 59min);
  EXPECT_EQ(share("orders"), 40'000U);
  EXPECT_EQ(switches_->next_expiry(), now_ + 1h);
  switches_->expire(now_ + 1h);
  EXPECT_EQ(share("orders"), 5'000U);
  EXPECT_EQ(audit_.tail().back()["action"], "flag_expire");
}

TEST_F(SwitchboardTest, EveryTableHasALaterRevision) {
  const auto before = (*table_)[slots_.flag("orders")].revision;
  switches_->set_flag("orders", {{1}, {}, {}}, keep());
  EXPECT_GT((*table_)[slots_.flag("orders")].revision, before);
}

TEST_F(SwitchboardTest, EveryChangeIsInTheAuditLogWithFromAndTo) {
  rollback({"orders"});
  rollback({"orders"});
  switches_->rearm("orders", {"bob", "", now_}, keep());
  switches_->set_flag("orders", {{40'500}, {"cid", "", now_}, {}}, keep());
  switches_->clear_flag("orders", {"cid", "", now_}, keep());
  std::vector<std::string> told;
  for (const auto& e : audit_.tail()) {
    told.push_back(e["action"].get<std::string>() + " " + e["target"].get<std::string>() + " " +
                   e["from"].dump() + " " + e["to"].dump());
  }
  EXPECT_EQ(told,
            (Names{R"(rollback orders "armed" "latched")", R"(rollback orders "latched" "latched")",
                   R"(rearm orders "latched" "armed")", "flag_set orders null 40.5",
                   "flag_clear orders 40.5 null"}));
}

}  // namespace
}  // namespace banyan::control
