#include "proxy/exchange/body_pipe.h"

#include <gtest/gtest.h>

#include <string>

namespace banyan::exchange {
namespace {

struct Ends final : BodyProducer, BodyConsumer {
  void pause_body() override { log += "pause "; }
  void resume_body() override { log += "resume "; }
  void take_body(Bytes bytes) override { log += std::string(bytes) + " "; }
  void take_body_end() override { log += "end "; }
  std::string log;
};

struct BodyPipeTest : ::testing::Test {
  Ends ends;
  BodyPipe pipe{ends, ends};
};

TEST_F(BodyPipeTest, BuffersUntilItIsOpen) {
  pipe.push("a");
  pipe.push("b");
  EXPECT_EQ(ends.log, "");
  EXPECT_EQ(pipe.open(), "ab");
  pipe.push("c");
  pipe.end();
  EXPECT_EQ(ends.log, "ab c end ");
  EXPECT_EQ(pipe.bytes(), 3U);
}

TEST_F(BodyPipeTest, AnEndThatCameBeforeOpeningIsToldThenAndOnce) {
  pipe.push("a");
  pipe.end();
  (void)pipe.open();
  pipe.end();
  EXPECT_EQ(ends.log, "a end ");
}

TEST_F(BodyPipeTest, PausesTheProducerAboveTheMarkAndResumesItWhenOpen) {
  const std::string mark(BodyPipe::kBufferHigh, 'x');
  pipe.push(mark);
  EXPECT_EQ(ends.log, "");
  pipe.push("y");
  pipe.push("z");
  EXPECT_EQ(ends.log, "pause ");
  EXPECT_TRUE(pipe.paused());
  ends.log.clear();
  (void)pipe.open();
  EXPECT_EQ(ends.log, mark + "yz resume ");
  EXPECT_FALSE(pipe.paused());
}

TEST_F(BodyPipeTest, AConsumerThatIsBlockedByWhatWasHeldIsNotFedOn) {
  struct Blocked final : BodyConsumer {
    void take_body(Bytes) override { pipe->on_blocked(); }
    void take_body_end() override {}
    BodyPipe* pipe = nullptr;
  } blocked;
  BodyPipe full(ends, blocked);
  blocked.pipe = &full;
  full.push("a");
  (void)full.open();
  EXPECT_EQ(ends.log, "pause ");
  full.on_writable();
  EXPECT_EQ(ends.log, "pause resume ");
}

TEST_F(BodyPipeTest, PausingIsOneHopFromTheConsumer) {
  (void)pipe.open();
  pipe.on_blocked();
  pipe.on_blocked();
  pipe.on_writable();
  pipe.on_writable();
  EXPECT_EQ(ends.log, "pause resume ");
}

TEST_F(BodyPipeTest, ARetryTellsTheEndToTheNextConsumer) {
  pipe.end();
  (void)pipe.open();
  pipe.close();
  (void)pipe.open();
  EXPECT_EQ(ends.log, "end end ");
}

}  // namespace
}  // namespace banyan::exchange
