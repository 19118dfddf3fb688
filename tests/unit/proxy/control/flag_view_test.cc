// Who says a flag's value, and whom it outranks.
#include "proxy/control/flag_view.h"

#include <gmock/gmock.h>

#include "proxy/control/flag_sources.h"
#include "stand.h"

namespace banyan::control {
namespace {

using routing::FlagOrigin;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kRule =
    R"({"state":"ENABLED","variants":{"old":"legacy","new":"monolith"},"defaultVariant":"old",
"targeting":{"if":[{"==":[{"var":"method"},"GET"]},"new",{"fractional":[["new",3],["old",97]]}]}})";
constexpr const char* kAll =
    R"({"state":"ENABLED","variants":{"new":"monolith"},"defaultVariant":"new"})";
constexpr const char* kOff =
    R"({"state":"DISABLED","variants":{"new":"monolith"},"defaultVariant":"new"})";

SourceContent source(const std::string& file, const std::string& orders) {
  auto parsed = config::parse_flag_file(
      R"({"flags":{)" + (orders.empty() ? "" : "\"orders\":" + orders) + "}}", {"orders", "shop"},
      routing::Bucketing::integer);
  EXPECT_TRUE(parsed);
  return {file, std::make_shared<const config::FlagFile>(std::move(*parsed))};
}

class FlagViewTest : public testing::Test {
 protected:
  FlagView orders(const SourceContents& sources) {
    for (FlagView& view : flag_views(*snapshot_, sources, run_time_)) {
      if (view.name == "orders") return std::move(view);
    }
    ADD_FAILURE();
    return {};
  }
  void set(std::uint32_t millipercent) {
    run_time_.set("orders", {{millipercent}, {"ops", "", {}}, {}});
  }

  TempDir dir_;
  Reloader::SnapshotPtr snapshot_ = snapshot_of(config_text());  // orders: 5
  RunTimeFlags run_time_{dir_.file("flags.json")};
};

TEST_F(FlagViewTest, TheLastSourceThatHasItOutranksTheRest) {
  EXPECT_EQ(orders({}).origin, FlagOrigin::config);
  EXPECT_EQ(orders({source("a", "")}).share.millipercent, 5'000U);
  const FlagView all = orders({source("a", kRule), source("b", kAll), source("c", "")});
  EXPECT_EQ(all.share, routing::kEverybody);
  EXPECT_EQ(all.source, "b");
  EXPECT_EQ(all.origin, FlagOrigin::source);
  EXPECT_EQ(orders({source("a", kAll), source("b", kOff)}).share, routing::kNobody);
}

TEST_F(FlagViewTest, ASourceOfWhichNothingIsKnownMeansLegacy) {
  const FlagView view = orders({source("a", kAll), {"b", nullptr}});
  EXPECT_EQ(view.share, routing::kNobody);
  EXPECT_TRUE(view.source_unknown);
  EXPECT_EQ(orders({{"a", nullptr}, source("b", kAll)}).share, routing::kEverybody);
}

TEST_F(FlagViewTest, AValueOfTheRunTimePutsARuleOutOfForce) {
  const SourceContents sources{source("a", kRule)};
  const FlagView ruled = orders(sources);
  EXPECT_TRUE(ruled.is_by_rule());
  EXPECT_EQ(ruled.share.millipercent, 3'000U);
  routing::Slots slots;
  EXPECT_TRUE((*flag_table({ruled}, slots, 1))[0].rule);
  EXPECT_EQ((*flag_table({ruled}, slots, 1))[0].share, routing::kByRule);
  set(3'000);
  const FlagView set_by_hand = orders(sources);
  EXPECT_FALSE(set_by_hand.is_by_rule());
  EXPECT_TRUE(set_by_hand.has_targeting());
  EXPECT_TRUE(set_by_hand.overridden());
  EXPECT_FALSE((*flag_table({set_by_hand}, slots, 1))[0].rule);
  EXPECT_EQ((*flag_table({set_by_hand}, slots, 1))[0].share.millipercent, 3'000U);
}

TEST_F(FlagViewTest, SaysWhatIsOutranked) {
  set(0);
  const auto before = flag_views(*snapshot_, {}, run_time_);
  const auto now = flag_views(*snapshot_, {source("a", kAll)}, run_time_);
  EXPECT_THAT(newly_outranked(before, now), ElementsAre(HasSubstr("flag orders: stays at 0 %")));
  EXPECT_THAT(newly_outranked(now, now), IsEmpty());
}

TEST_F(FlagViewTest, SaysWhichFlagNobodyHas) {
  snapshot_ = snapshot_of(config_text("{}", "flag_sources: [ { file: /nowhere.json } ]\n"));
  const auto views = flag_views(*snapshot_, {source("a", kAll)}, run_time_);
  EXPECT_THAT(flags_that_nobody_has(views, *snapshot_),
              ElementsAre(HasSubstr("migration cart: no flag source has its flag shop"),
                          HasSubstr("migration stock")));
  snapshot_ = snapshot_of(config_text("{}"));
  EXPECT_THAT(flags_that_nobody_has(flag_views(*snapshot_, {}, run_time_), *snapshot_), IsEmpty());
}

class FlagSourcesTest : public Stand {};

TEST_F(FlagSourcesTest, AnswersOnceWorkersFollow) {
  bool answered = false;
  switches_->take_sources({source("a", kRule)}, {"(file)", "", now_}, [&] { answered = true; });
  EXPECT_TRUE((*table_)[slots_.flag("orders")].rule);
  EXPECT_FALSE(answered);
  turn_workers();
  EXPECT_TRUE(answered);
  const auto entries = audit_.tail();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0]["action"], "flag_source");
  EXPECT_EQ(entries[0]["target"], "orders");
  EXPECT_EQ(entries[0]["from"], 5.0);
  EXPECT_EQ(entries[0]["to"], 3.0);
}

}  // namespace
}  // namespace banyan::control
