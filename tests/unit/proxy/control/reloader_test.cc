#include "proxy/control/reloader.h"

#include "stand.h"

namespace banyan::control {
namespace {

class ReloaderTest : public testing::Test {
 protected:
  ReloaderTest() { dir_.write("banyan.yaml", config_text()); }
  Reloader::Publish publish() {
    return [this](const Reloader::SnapshotPtr& next,
                  std::function<void()> done) -> Result<void, std::string> {
      if (!refusal_.empty()) return tl::unexpected(refusal_);
      published_ = next;
      done_ = std::move(done);
      return {};
    };
  }
  void reload(std::optional<std::string> bytes = {}) {
    reloader_.reload(
        "command", WallTime{}, [this](const Reloader::Status& status) { told_.push_back(status); },
        bytes);
  }

  TempDir dir_;
  std::string refusal_;
  Reloader::SnapshotPtr published_;
  std::function<void()> done_;
  std::vector<Reloader::Status> told_;
  Reloader reloader_{dir_.file("banyan.yaml"), snapshot_of(config_text()), publish(), WallTime{}};
};

TEST_F(ReloaderTest, IsAnsweredWhenAllWorkersHaveIt) {
  dir_.write("banyan.yaml", config_text("{ orders: 50 }"));
  reload();
  ASSERT_NE(published_, nullptr);
  EXPECT_EQ(published_->flags.shares.at("orders").millipercent, 50'000U);
  EXPECT_TRUE(told_.empty());
  done_();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(told_[0].ok);
  EXPECT_EQ(reloader_.running(), published_);
}

TEST_F(ReloaderTest, ABadFileChangesNothingAndIsTold) {
  const auto before = reloader_.running();
  reload("flags: [\n");
  reload(config_text("{}", "migratons: []\n"));
  EXPECT_EQ(published_, nullptr);
  EXPECT_EQ(reloader_.running(), before);
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_FALSE(told_[1].ok);
  EXPECT_EQ(told_[1].refused, 2U);
  ASSERT_FALSE(told_[1].problems.empty());
  EXPECT_NE(told_[1].problems[0].find("migratons"), std::string::npos);
}

TEST_F(ReloaderTest, AFileThatIsGoneIsAProblem) {
  std::filesystem::remove(dir_.file("banyan.yaml"));
  reload();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_NE(told_[0].problems.at(0).find("No such file"), std::string::npos);
}

TEST_F(ReloaderTest, WhatIsFixedAtStartIsRefusedByName) {
  reload(config_text("{}", "workers: 7\n"));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_NE(told_[0].problems.at(0).find("workers"), std::string::npos);
  EXPECT_EQ(published_, nullptr);
}

TEST_F(ReloaderTest, WhatCanNotBePublishedIsRefused) {
  refusal_ = "listener: address in use";
  reload();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_NE(told_[0].problems.at(0).find("address in use"), std::string::npos);
  EXPECT_NE(reloader_.running(), published_);
}

TEST_F(ReloaderTest, AGoodOneEndsTheProblems) {
  reload("[");
  reload();
  done_();
  EXPECT_TRUE(reloader_.status().ok);
  EXPECT_TRUE(reloader_.status().problems.empty());
  EXPECT_EQ(reloader_.status().taken, 1U);
  EXPECT_EQ(reloader_.status().refused, 1U);
}

TEST_F(ReloaderTest, EachAnswerIsOfItsOwnReload) {
  reload();
  const auto first = std::move(done_);
  reload("[");
  first();
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_FALSE(told_[0].ok);
  EXPECT_TRUE(told_[1].ok);
}

TEST(ConfigFile, TooLargeIsAProblem) {
  const TempDir dir;
  dir.write("big", std::string(kConfigBytesMax + 1, '#'));
  EXPECT_FALSE(read_config_file(dir.file("big")));
  dir.write("fits", std::string(kConfigBytesMax, '#'));
  EXPECT_TRUE(read_config_file(dir.file("fits")));
  EXPECT_FALSE(read_config_file(dir.path()));
}

TEST(Fingerprint, TellsContentsApart) {
  EXPECT_EQ(fingerprint("a"), fingerprint("a"));
  EXPECT_NE(fingerprint("a"), fingerprint("b"));
  EXPECT_NE(fingerprint(""), fingerprint(std::string(1, '\0')));
}

}  // namespace
}  // namespace banyan::control
