// A request that hangs is the guardrail's business before its time is over, through a real worker.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {
namespace {

using test::get;
using test::Peer;
using test::response;

config::Timeouts responding_in(int milliseconds) {
  config::Timeouts timeouts;
  timeouts.response = Milliseconds(milliseconds);
  return timeouts;
}

TEST(HangsAfter, ASixthOfTheLongerResponseTimeoutButASecondAtLeast) {
  EXPECT_EQ(hangs_after(responding_in(30'000), responding_in(30'000)), Milliseconds(5'000));
  EXPECT_EQ(hangs_after(responding_in(60'000), responding_in(300)), Milliseconds(10'000));
  EXPECT_EQ(hangs_after(responding_in(300), responding_in(3'000)), Milliseconds(1'000));
}

class HangingTest : public test::ProxyTest {
 protected:
  void SetUp() override {
    everything_to(Arm::monolith);
    snapshot.migrations[0].guardrail.emplace();
    snapshot.timeouts.response = Milliseconds(1'300);  // counted after one second
  }
  const observe::FailureStats& failures(Arm arm) { return orders().failures.of(arm); }
  // What the guardrail takes for exchanges.
  std::int64_t exchanges(Arm arm) {
    std::int64_t sum = failures(arm).hung.read();
    for (const auto& c : orders().of(arm, Role::primary).requests) sum += c.read();
    return sum;
  }
  void ask(Peer& c) {
    c.send(get("/orders/1"));
    up_ = accepted(monolith);
    ASSERT_TRUE(run_until([&] { return failures(Arm::monolith).hard.read() == 1; }));
    EXPECT_EQ(all_requests(), 0) << "it still waits";
    EXPECT_EQ(exchanges(Arm::monolith), 1);
  }
  std::unique_ptr<Peer> up_;
};

TEST_F(HangingTest, IsCountedWhileItWaitsAndOnceInAll) {
  serve();
  auto c = client();
  ask(*c);
  take_until(*c, "response_timeout\n");
  EXPECT_EQ(failures(Arm::monolith).all.read(), 1);
  EXPECT_EQ(failures(Arm::monolith).hard.read(), 1);
  EXPECT_EQ(exchanges(Arm::monolith), 1);
}

TEST_F(HangingTest, IsStillAnsweredAfterwards) {
  serve();
  auto c = client();
  ask(*c);
  up_->send(response("late"));
  take_until(*c, "late");
  EXPECT_EQ(requests(Arm::monolith, 200), 1);
  EXPECT_EQ(failures(Arm::monolith).all.read(), 1);
}

TEST_F(HangingTest, AResetAfterwardsIsNotASecondFailureAndLegacysAnswerIsItsOwn) {
  serve();
  auto c = client();
  ask(*c);
  up_->reset();
  auto up = accepted(legacy);
  ASSERT_TRUE(run_until([&] { return up->received().ends_with("\r\n\r\n"); }));
  up->send(response("from legacy"));
  take_until(*c, "from legacy");
  EXPECT_EQ(failures(Arm::monolith).all.read(), 1);
  EXPECT_EQ(exchanges(Arm::monolith), 1);
  EXPECT_EQ(exchanges(Arm::legacy), 1);
}

TEST_F(HangingTest, WithoutAGuardrailNothingIsCounted) {
  snapshot.migrations[0].guardrail.reset();
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  take_until(*c, "response_timeout\n");
  EXPECT_EQ(failures(Arm::monolith).all.read(), 0);
  EXPECT_EQ(failures(Arm::monolith).hung.read(), 0);
}

}  // namespace
}  // namespace banyan::exchange
