#include "proxy/comparison/recording.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace banyan::comparison {
namespace {

using shadow::Outcome;
constexpr std::chrono::microseconds kLatency{42};

struct RecordingTest : ::testing::Test {
  Recording recording(std::uint64_t bytes_max) {
    return Recording(Reservation(migration, process, {bytes_max, 1'000'000, 1'000'000}));
  }
  ResponseHead head(std::optional<std::uint64_t> length) {
    ResponseHead h;
    h.status = 200;
    h.framing = length ? Framing::content_length : Framing::chunked;
    h.content_length = length;
    h.headers.add("etag", "\"1\"");
    return h;
  }
  Ledger migration;
  Ledger process;
};

TEST_F(RecordingTest, HoldsAnAnswerAndItsMemory) {
  Recording r = recording(10'000);
  r.head(head(5));
  r.body("he");
  r.body("llo");
  {
    const Recording::Finished done = r.finish(Outcome::answered, kLatency);
    EXPECT_EQ(done.response.outcome, Outcome::answered);
    EXPECT_EQ(done.response.status, 200);
    EXPECT_EQ(done.response.body, "hello");
    EXPECT_EQ(done.response.headers.find(HeaderId::etag), "\"1\"");
    EXPECT_EQ(done.response.latency, kLatency);
    EXPECT_GE(migration.bytes, 5U);
  }
  EXPECT_EQ(migration.bytes, 0U);
}

TEST_F(RecordingTest, HoldsTrailersWithinTheSameBudget) {
  Headers trailers;
  trailers.add("x-sum", std::string(500, 's'));
  Recording r = recording(10'000);
  r.head(head(std::nullopt));
  const std::uint64_t before = migration.bytes;
  r.trailers(trailers);
  EXPECT_GE(migration.bytes, before + 500);
  EXPECT_EQ(r.finish(Outcome::answered, kLatency).response.trailers.find("X-Sum"),
            std::string(500, 's'));

  Recording small = recording(1'000);
  small.head(head(std::nullopt));
  small.body(std::string(800, 'x'));
  ASSERT_FALSE(small.over_budget());
  small.trailers(trailers);
  EXPECT_TRUE(small.over_budget());
  const Recording::Finished done = small.finish(Outcome::answered, kLatency);
  EXPECT_TRUE(done.response.trailers.empty());
  EXPECT_TRUE(done.response.body.empty());
}

TEST_F(RecordingTest, ABodyOverTheBudgetIsDroppedAndItsMemoryGivenBack) {
  Recording r = recording(10'000);
  r.head(head(std::nullopt));
  for (int i = 0; i < 20; ++i) r.body(std::string(1'000, 'x'));
  EXPECT_TRUE(r.over_budget());
  EXPECT_EQ(migration.bytes, 0U);
  const Recording::Finished done = r.finish(Outcome::answered, kLatency);
  EXPECT_EQ(done.response.outcome, Outcome::over_budget);
  EXPECT_TRUE(done.response.body.empty());
}

TEST_F(RecordingTest, AnAnnouncedBodyThatDoesNotFitIsNotBegun) {
  Recording r = recording(10'000);
  r.head(head(10'000));
  EXPECT_TRUE(r.over_budget());
  EXPECT_EQ(migration.bytes, 0U);
}

TEST_F(RecordingTest, AnyAnnouncedLengthIsSurvived) {
  for (std::uint64_t below = 0; below < 3'000; below += 7) {
    Recording r = recording(10'000);
    r.head(head(std::numeric_limits<std::uint64_t>::max() - below));
    EXPECT_TRUE(r.over_budget());
    EXPECT_EQ(migration.bytes, 0U);
  }
}

TEST_F(RecordingTest, AHeadAloneMayBeOverTheBudget) {
  Recording r = recording(1);
  r.head(head(0));
  EXPECT_TRUE(r.over_budget());
}

TEST_F(RecordingTest, TheHeadThatDoesNotFitStopsTheBodyToo) {
  Recording r = recording(1);
  r.head(head(std::nullopt));
  r.body("body");
  EXPECT_EQ(r.finish(Outcome::cut_off, kLatency).response.body, "");
}

TEST_F(RecordingTest, AnArmThatFailedSaysHow) {
  Recording r = recording(10'000);
  EXPECT_EQ(r.finish(Outcome::refused, kLatency).response.outcome, Outcome::refused);
}

}  // namespace
}  // namespace banyan::comparison
