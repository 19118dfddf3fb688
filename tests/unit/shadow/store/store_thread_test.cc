#include "shadow/store/store_thread.h"

#include <gtest/gtest.h>

#include <future>

namespace banyan::shadow {
namespace {

constexpr auto kMatch = static_cast<std::size_t>(Verdict::match);

// A disk that a test breaks.
struct FakeDisk {
  std::atomic<bool> refuses{false};
  std::atomic<StoreError::Kind> how{StoreError::Kind::other};
  std::atomic<std::uint64_t> saved{0};
  std::atomic<int> trims{0};
  std::atomic<int> tries{0};
};

class FakeStore final : public Store {
 public:
  explicit FakeStore(FakeDisk& disk) : disk_(disk) {}
  StoreResult<> add(const std::vector<EpochRecord>& records, WallTime) override {
    ++disk_.tries;
    if (disk_.refuses) return tl::unexpected(StoreError{disk_.how, "refused"});
    for (const EpochRecord& record : records) disk_.saved += record.pairs();
    return {};
  }
  StoreResult<> trim(const StoreLimits&, WallTime) override {
    return ++disk_.trims, StoreResult<>{};
  }
  StoreResult<std::vector<EpochRecord>> records(const RecordQuery&) override {
    return std::vector<EpochRecord>{};
  }
  StoreResult<std::vector<StoredDifference>> differences(const DifferenceQuery&) override {
    return std::vector<StoredDifference>{};
  }
  StoreResult<std::optional<StoredDifference>> difference(std::int64_t) override {
    return std::optional<StoredDifference>{};
  }
  std::uint64_t bytes() const override { return 4711; }

 private:
  FakeDisk& disk_;
};

class StoreThreadTest : public ::testing::Test {
 protected:
  void start() {
    thread_ = std::make_unique<StoreThread>(
        StoreThread::Parts{table_, [this](const std::string&) { ++said_; },
                           [] { return WallTime{} + std::chrono::hours(490'000); }},
        std::make_unique<FakeStore>(disk_),
        [this]() -> std::unique_ptr<Store> {
          ++reopened_;
          disk_.refuses = false;
          return reopens_ ? std::make_unique<FakeStore>(disk_) : nullptr;
        },
        StoreLimits{});
  }
  void count(std::uint64_t pairs) {
    table_.settle("orders", {"1", 0, 0}, "GET", "/", Arm::legacy, pairs, WallTime{} + kSavePause);
  }
  // Waits until everything up to now was saved, or tried; whether there was a store then.
  bool round() {
    std::promise<bool> done;
    EXPECT_TRUE(thread_->read([&](Store* store) { done.set_value(store != nullptr); }));
    return done.get_future().get();
  }

  DifferenceTable table_;
  FakeDisk disk_;
  std::atomic<int> said_{0};
  std::atomic<int> reopened_{0};
  bool reopens_ = true;
  std::unique_ptr<StoreThread> thread_;
};

TEST_F(StoreThreadTest, SavesBeforeItReadsAndAtTheEnd) {
  start();
  count(3);
  EXPECT_TRUE(round());
  EXPECT_EQ(disk_.saved, 3U);
  EXPECT_EQ(thread_->bytes(), 4711U);
  count(4);
  thread_.reset();
  EXPECT_EQ(disk_.saved, 7U);
}

TEST_F(StoreThreadTest, WhatTheDiskRefusesWaitsAndIsSavedOnce) {
  start();
  disk_.refuses = true;
  count(3);
  for (int i = 0; i < 5; ++i) round();
  count(2);
  round();
  EXPECT_FALSE(thread_->works());
  EXPECT_EQ(said_, 1) << "said once, not with every try";
  EXPECT_EQ(table_.report()[0].to_monolith[kMatch], 5U) << "the report has it all the same";
  disk_.refuses = false;
  round();
  round();
  EXPECT_EQ(disk_.saved, 5U);
  EXPECT_TRUE(thread_->works());
  EXPECT_EQ(said_, 2);
  for (std::size_t i = 0; i < kStoreDropCount; ++i) {
    EXPECT_EQ(thread_->dropped(static_cast<StoreDrop>(i)), 0U);
  }
}

TEST_F(StoreThreadTest, AFullStoreMakesRoomAndTriesAgainAtOnce) {
  start();
  round();
  const int trims = disk_.trims;
  disk_.refuses = true;
  disk_.how = StoreError::Kind::full;
  const int tries = disk_.tries;
  count(1);
  round();
  EXPECT_EQ(disk_.trims, trims + 1);
  EXPECT_EQ(disk_.tries, tries + 2);
}

TEST_F(StoreThreadTest, ABrokenStoreIsReplacedAndWhatWasUnderWayIsCounted) {
  start();
  disk_.refuses = true;
  disk_.how = StoreError::Kind::corrupt;
  count(3);
  round();
  EXPECT_EQ(reopened_, 1);
  EXPECT_EQ(thread_->dropped(StoreDrop::corrupt), 3U);
  count(2);
  round();
  EXPECT_EQ(disk_.saved, 2U);
  EXPECT_TRUE(thread_->works());
}

TEST_F(StoreThreadTest, WithoutAReplacementItGoesOnWithoutAStore) {
  reopens_ = false;
  start();
  disk_.refuses = true;
  disk_.how = StoreError::Kind::corrupt;
  count(3);
  round();
  EXPECT_FALSE(round());
  EXPECT_FALSE(thread_->works());
}

TEST_F(StoreThreadTest, EpochsThatEndUnsavedAreBoundedAndCounted) {
  TableLimits limits;
  limits.ended_max = 2;
  DifferenceTable table(limits);
  table.track_unsaved();
  for (int epoch = 0; epoch < 5; ++epoch) {
    table.settle("orders", {std::to_string(epoch)}, "GET", "/", Arm::legacy, 10,
                 WallTime{} + std::chrono::hours(epoch + 1));
  }
  std::uint64_t superseded = 0;
  EXPECT_EQ(table.take_unsaved(superseded).size(), 3U);  // two that ended, and the one that runs
  EXPECT_EQ(superseded, 20U);
}

TEST_F(StoreThreadTest, AResetBeginsAnewAndLosesNothing) {
  table_.track_unsaved();
  count(3);
  const WallTime now = WallTime{} + std::chrono::hours(500'000);
  table_.reset("orders", now);
  table_.reset("nobody", now);
  EXPECT_EQ(table_.report()[0].to_monolith[kMatch], 0U);
  EXPECT_EQ(table_.report()[0].since, now);
  count(1);
  std::uint64_t superseded = 0;
  const auto records = table_.take_unsaved(superseded);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].pairs(), 3U);
  EXPECT_EQ(records[1].pairs(), 1U);
  EXPECT_NE(records[0].since, records[1].since);
}

TEST_F(StoreThreadTest, AResetIsSavedThoughNothingIsCountedAfterIt) {
  start();
  count(3);
  EXPECT_TRUE(round());
  const int tries = disk_.tries;
  table_.reset("orders", WallTime{} + std::chrono::hours(500'000));
  EXPECT_TRUE(round());
  EXPECT_EQ(disk_.tries, tries + 1);
  EXPECT_TRUE(round());
  EXPECT_EQ(disk_.tries, tries + 1) << "once";
}

}  // namespace
}  // namespace banyan::shadow
