// What is on disk: whole, or known to be bad.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/control/audit_log.h"
#include "proxy/control/latches.h"
#include "proxy/control/run_time_flags.h"
#include "proxy/control/state_dir.h"
#include "proxy/control/state_file.h"
#include "temp_dir.h"

namespace banyan::control {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const WallTime kNow = WallTime{} + 1'795'354'493s + 5us;

TEST(StateFile, TellsAbsentFromDocumentFromUnreadable) {
  const TempDir dir;
  const StateFile file(dir.file("a.json"));
  EXPECT_EQ(file.load().found, StateFile::Found::nothing);
  ASSERT_TRUE(file.save({{"x", 1}}));
  EXPECT_EQ(file.load().found, StateFile::Found::document);
  EXPECT_EQ(file.load().document, json({{"x", 1}}));
  for (const std::string& bad : {std::string(), std::string("{"), std::string("[]"),
                                 std::string("{} {}"), std::string("\0{}", 3)}) {
    dir.write("a.json", bad);
    EXPECT_EQ(file.load().found, StateFile::Found::unreadable) << testing::PrintToString(bad);
    EXPECT_NE(file.load().problem.find("a.json"), std::string::npos);
  }
}

TEST(StateFile, WhatIsNestedTooDeepIsUnreadable) {
  TempDir dir;
  const StateFile file(dir.file("a.json"));
  const auto nested = [&](int levels) {
    const auto n = static_cast<std::size_t>(levels);
    dir.write("a.json", R"({"ramps":)" + std::string(n, '[') + std::string(n, ']') + "}");
    return file.load();
  };
  EXPECT_EQ(nested(kStateFileDepthMax - 2).found, StateFile::Found::document);
  for (const int levels : {kStateFileDepthMax + 1, 1'000'000}) {
    const StateFile::Loaded loaded = nested(levels);
    EXPECT_EQ(loaded.found, StateFile::Found::unreadable);
    EXPECT_NE(loaded.problem.find("nested deeper than 64"), std::string::npos) << loaded.problem;
    const json copy = loaded.document;
    EXPECT_TRUE(copy.is_null());
  }
}

TEST(StateFile, ADirectoryInItsPlaceIsUnreadable) {
  const TempDir dir;
  std::filesystem::create_directory(dir.file("a.json"));
  EXPECT_EQ(StateFile(dir.file("a.json")).load().found, StateFile::Found::unreadable);
}

TEST(StateFile, ASaveThatFailsLeavesTheOldDocument) {
  const TempDir dir;
  const StateFile file(dir.file("a.json"));
  ASSERT_TRUE(file.save({{"x", 1}}));
  std::filesystem::create_directory(dir.file("a.json.new"));  // the file beside can not be made
  EXPECT_FALSE(file.save({{"x", 2}}));
  EXPECT_EQ(file.load().document, json({{"x", 1}}));
}

TEST(StateFile, AFullDiskIsAnErrorThatNamesTheFile) {
  const TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir.file("a.json.new"));
  const auto saved = StateFile(dir.file("a.json")).save({{"x", 1}});
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().find("No space left"), std::string::npos) << saved.error();
  EXPECT_FALSE(std::filesystem::exists(dir.file("a.json")));
}

TEST(StateFile, ADirectoryThatIsNotThereIsAnError) {
  EXPECT_FALSE(StateFile("/no/such/directory/a.json").save(json::object()));
}

TEST(StateFile, LeavesNothingBeside) {
  const TempDir dir;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(StateFile(dir.file("a.json")).save({{"x", i}}));
  EXPECT_EQ(dir.files(), 1U);
}

TEST(StateFile, MovesABadFileAsideWhenAnotherStandsInItsPlace) {
  const TempDir dir;
  const StateFile file(dir.file("a.json"));
  for (int i = 1; i <= 2; ++i) {
    dir.write("a.json", "bad " + std::to_string(i));
    const auto aside = file.replace_unreadable({{"x", i}});
    ASSERT_TRUE(aside);
    EXPECT_EQ(file.load().document, json({{"x", i}}));
    EXPECT_EQ(*aside, dir.file("a.json.unreadable." + std::to_string(i)));
    EXPECT_EQ(dir.read("a.json.unreadable." + std::to_string(i)), "bad " + std::to_string(i));
  }
}

TEST(StateFile, KeepsABadFileWhereNothingCanBeWritten) {
  const TempDir dir;
  dir.write("a.json", "bad");
  std::filesystem::create_directory(dir.file("a.json.new"));
  EXPECT_FALSE(StateFile(dir.file("a.json")).replace_unreadable(json::object()));
  EXPECT_EQ(dir.read("a.json"), "bad");
}

TEST(StateDir, IsMadeWithItsParentsAndHeldByOneProcess) {
  const TempDir dir;
  const auto held = StateDir::lock(dir.file("a/b"));
  ASSERT_TRUE(held);
  const auto second = StateDir::lock(dir.file("a/b"));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another process uses it"), std::string::npos);
  EXPECT_NE(second.error().find(std::to_string(::getpid())), std::string::npos);
  const auto mode = std::filesystem::status(dir.file("a/b")).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);
}

TEST(StateDir, IsFreeAgainAfterItsHolderIsGone) {
  const TempDir dir;
  { ASSERT_TRUE(StateDir::lock(dir.path())); }
  EXPECT_TRUE(StateDir::lock(dir.path()));
}

TEST(StateDir, AFileInItsPlaceIsAnError) {
  const TempDir dir;
  dir.write("a", "");
  const auto locked = StateDir::lock(dir.file("a"));
  ASSERT_FALSE(locked);
  EXPECT_NE(locked.error().find("state_dir"), std::string::npos);
}

TEST(Latches, SurviveARestartWithWhoWhenAndWhy) {
  const TempDir dir;
  Latches before(dir.file("latches.json"));
  EXPECT_EQ(before.load(kNow), std::nullopt);
  before.set("orders", {"operator", {"ann", "prices", kNow}});
  ASSERT_TRUE(before.save());
  Latches after(dir.file("latches.json"));
  EXPECT_EQ(after.load(kNow + 1h), std::nullopt);
  const auto latch = after.find("orders");
  ASSERT_TRUE(latch);
  EXPECT_EQ(latch->cause, "operator");
  EXPECT_EQ(latch->author.who, "ann");
  EXPECT_EQ(latch->author.reason, "prices");
  EXPECT_EQ(latch->author.at, kNow);
  EXPECT_FALSE(after.find("cart"));
}

TEST(Latches, TheFirstOneStays) {
  Latches latches("/nowhere/latches.json");
  latches.set("orders", {"operator", {"ann", "first", kNow}});
  latches.set("orders", {"operator", {"bob", "second", kNow}});
  EXPECT_EQ(latches.find("orders")->author.who, "ann");
}

class UnreadableLatches : public testing::TestWithParam<std::string> {};

TEST_P(UnreadableLatches, LatchEverythingUntilEachIsRearmed) {
  const TempDir dir;
  dir.write("latches.json", GetParam());
  {
    Latches latches(dir.file("latches.json"));
    ASSERT_TRUE(latches.load(kNow));
    EXPECT_TRUE(latches.find("orders"));
    EXPECT_TRUE(latches.find("one that is not configured yet"));
    EXPECT_EQ(latches.find("orders")->cause, "unreadable_state");
    EXPECT_EQ(dir.read("latches.json.unreadable.1"), GetParam());
  }
  Latches again(dir.file("latches.json"));
  EXPECT_EQ(again.load(kNow), std::nullopt);
  again.take_off("orders");
  ASSERT_TRUE(again.save());
  Latches last(dir.file("latches.json"));
  EXPECT_EQ(last.load(kNow), std::nullopt);
  EXPECT_FALSE(last.find("orders"));
  EXPECT_TRUE(last.find("cart"));
  last.set("orders", {"operator", {}});
  EXPECT_TRUE(last.find("orders"));
}

INSTANTIATE_TEST_SUITE_P(Files, UnreadableLatches,
                         testing::Values("", "{", "[]", "{}", R"({"latched": []})",
                                         R"({"latched": {"a": 1}})",
                                         R"({"latched": {}, "everything": 1})",
                                         R"({"latched": {}, "rearmed": [1]})"));

TEST(Latches, AreLatchedAllTheSameWhereABadFileCanNotBeReplaced) {
  const TempDir dir;
  dir.write("latches.json", "{");
  std::filesystem::create_directory(dir.file("latches.json.new"));
  Latches latches(dir.file("latches.json"));
  ASSERT_TRUE(latches.load(kNow));
  EXPECT_TRUE(latches.find("orders"));
  EXPECT_FALSE(latches.durable());
  EXPECT_EQ(dir.read("latches.json"), "{");
}

TEST(RunTimeFlags, SurviveARestart) {
  const TempDir dir;
  RunTimeFlags before(dir.file("flags.json"));
  before.set("orders", {{12'345}, {"ann", "try", kNow}, kNow + 1h});
  before.set("cart", {{1}, {}, {}});
  ASSERT_TRUE(before.save());
  RunTimeFlags after(dir.file("flags.json"));
  EXPECT_EQ(after.load(kNow), std::nullopt);
  EXPECT_EQ(after.find("orders")->share.millipercent, 12'345U);
  EXPECT_EQ(after.find("orders")->expires, kNow + 1h);
  EXPECT_EQ(after.find("cart")->expires, std::nullopt);
}

TEST(RunTimeFlags, AreGoneWhenTheirTimeIsOver) {
  RunTimeFlags flags("/nowhere/flags.json");
  flags.set("long", {{1}, {}, kNow + 2h});
  flags.set("short", {{1}, {}, kNow + 1h});
  flags.set("ever", {{1}, {}, {}});
  EXPECT_EQ(flags.next_expiry(), kNow + 1h);
  EXPECT_TRUE(flags.expire(kNow + 1h - 1us).empty());
  EXPECT_EQ(flags.expire(kNow + 1h), std::vector<std::string>{"short"});
  EXPECT_FALSE(flags.find("short"));
  EXPECT_EQ(flags.next_expiry(), kNow + 2h);
}

class UnreadableFlags : public testing::TestWithParam<std::string> {};

TEST_P(UnreadableFlags, AreAllAtNobodyUntilEachIsSetOrCleared) {
  const TempDir dir;
  dir.write("flags.json", GetParam());
  RunTimeFlags flags(dir.file("flags.json"));
  ASSERT_TRUE(flags.load(kNow));
  ASSERT_TRUE(flags.find("orders"));
  EXPECT_EQ(flags.find("orders")->share, routing::kNobody);
  flags.clear("orders");
  EXPECT_FALSE(flags.find("orders"));
  flags.set("cart", {{5}, {}, {}});
  EXPECT_EQ(flags.find("cart")->share.millipercent, 5U);
  ASSERT_TRUE(flags.save());
  RunTimeFlags again(dir.file("flags.json"));
  EXPECT_EQ(again.load(kNow), std::nullopt);
  EXPECT_FALSE(again.find("orders"));
  EXPECT_TRUE(again.find("other"));
}

INSTANTIATE_TEST_SUITE_P(
    Files, UnreadableFlags,
    testing::Values("", "{", "[]", "{}", R"({"flags": {"a": {}}})",
                    R"({"flags": {"a": {"millipercent": 100001}}})",
                    R"({"flags": {"a": {"millipercent": -1}}})",
                    R"({"flags": {"a": {"millipercent": 1, "expires": "x"}}})"));

TEST(AuditLog, GivesBackWhatWasAppended) {
  const TempDir dir;
  AuditLog log(dir.file("audit.jsonl"));
  ASSERT_TRUE(log.append({"flag_set", "orders", nullptr, 5, {"ann", "line\nbreak \xff", kNow}}));
  ASSERT_TRUE(log.append({"rearm", "orders", "latched", "armed", {"bob", "", kNow}}));
  const auto entries = log.tail();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0]["action"], "flag_set");
  EXPECT_EQ(entries[0]["to"], 5);
  EXPECT_EQ(entries[0]["at"], to_text(kNow));
  EXPECT_EQ(entries[1]["who"], "bob");
  EXPECT_EQ(log.tail(1)[0]["who"], "bob");
}

TEST(AuditLog, KeepsToTwoFilesOfItsBound) {
  const TempDir dir;
  AuditLog log(dir.file("audit.jsonl"), 1000);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(log.append({"drain", "", i, i, {"ann", "", kNow}}));
  EXPECT_EQ(dir.files(), 2U);
  EXPECT_LE(std::filesystem::file_size(dir.file("audit.jsonl")), 1000U);
  EXPECT_LE(std::filesystem::file_size(dir.file("audit.jsonl.1")), 1000U);
  EXPECT_EQ(log.tail().back()["to"], 99);
  EXPECT_GT(log.tail().size(), 5U);
}

TEST(AuditLog, GoesOnBehindAHalfWrittenLine) {
  const TempDir dir;
  dir.write("audit.jsonl", R"({"action": "dra)");
  AuditLog log(dir.file("audit.jsonl"));
  ASSERT_TRUE(log.append({"drain", "", 1, 2, {}}));
  ASSERT_EQ(log.tail().size(), 1U);
  EXPECT_EQ(log.tail()[0]["to"], 2);
}

TEST(AuditLog, AFullDiskIsAnError) {
  const TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir.file("audit.jsonl"));
  EXPECT_FALSE(AuditLog(dir.file("audit.jsonl")).append({"drain", "", 1, 2, {}}));
}

TEST(WallTime, ReadsBackWhatItWrites) {
  EXPECT_EQ(wall_time_of(to_text(kNow)), kNow);
  for (const char* bad :
       {"", "2026-11-22", "2026-13-22T00:00:00.000000Z", "2026-11-22T00:00:00.00000xZ",
        "2026-02-30T00:00:00.000000Z", "2026-11-22T24:00:00.000000Z", "9999-12-31T00:00:00.000000Z",
        "2201-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.000000Z"}) {
    EXPECT_EQ(wall_time_of(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace banyan::control
