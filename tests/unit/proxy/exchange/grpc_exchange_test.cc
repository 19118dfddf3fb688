// gRPC calls through a real worker: by which status they count, and which of them are shadowed.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http2_peer.h"
#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {
namespace {

namespace h2 = test::http2;
using shadow::Skip;
using shadow::Verdict;
using test::Http2Peer;
using test::Peer;

constexpr std::string_view kMessage("\0\0\0\0\1x", 6);
const h2::Fields kHead{{":status", "200"}, {"content-type", "application/grpc"}};
const h2::Fields kTrailersOnly{
    {":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "5"}};

class GrpcExchangeTest : public test::ProxyTest {
 protected:
  GrpcExchangeTest() {
    for (config::Upstream& upstream : snapshot.upstreams) {
      upstream.protocol = config::Protocol::http2;
    }
  }
  // The first call of a client that has just connected.
  void call(std::string_view method = "Get", const h2::Fields& more = {}) {
    c = client();
    h2::Fields head{{":method", "POST"},         {":scheme", "http"},
                    {":authority", "shop.test"}, {":path", "/orders/" + std::string(method)},
                    {"te", "trailers"},          {"content-type", "application/grpc"}};
    head.insert(head.end(), more.begin(), more.end());
    c->send(std::string(h2::kPreface) + h2::settings() + h2::settings_ack() + h2::headers(1, head) +
            h2::data(1, kMessage, h2::kEndStream));
  }
  std::unique_ptr<Http2Peer> asked_at(test::Listening& at) {
    auto peer = std::make_unique<Http2Peer>(accepted(at));
    peer->say(h2::settings() + h2::settings_ack());
    EXPECT_TRUE(run_until([&] { return (void)peer->asked(), peer->ended.size() == 1; }));
    return peer;
  }
  static std::string answer(const char* status, std::string_view message = kMessage) {
    return h2::headers(1, kHead) + h2::data(1, message) +
           h2::headers(1, {{"grpc-status", status}}, h2::kEndStream);
  }
  std::int64_t calls(Arm arm, std::size_t status, Role role = Role::primary) {
    return orders().of(arm, role).grpc_requests[status].read();
  }
  std::int64_t all_calls() {
    std::int64_t sum = 0;
    for (const Arm arm : {Arm::legacy, Arm::monolith}) {
      for (const Role role : {Role::primary, Role::shadow}) {
        for (const auto& counter : orders().of(arm, role).grpc_requests) sum += counter.read();
      }
    }
    return sum;
  }
  [[nodiscard]] bool counted(Arm arm, std::size_t status, Role role = Role::primary) {
    return run_until([&] { return calls(arm, status, role) == 1; });
  }

  std::unique_ptr<Peer> c;
};

TEST_F(GrpcExchangeTest, CountsByTheStatusInTheTrailers) {
  serve();
  call();
  auto up = asked_at(legacy);
  up->say(answer("13"));
  EXPECT_TRUE(counted(Arm::legacy, 13));
  EXPECT_EQ(requests(Arm::legacy, 200), 1);
  EXPECT_EQ(all_calls(), 1);
}

TEST_F(GrpcExchangeTest, CountsByTheStatusOfAnAnswerWithTrailersOnly) {
  everything_to(Arm::monolith);
  serve();
  call();
  auto up = asked_at(monolith);
  up->say(h2::headers(1, kTrailersOnly, h2::kEndStream));
  EXPECT_TRUE(counted(Arm::monolith, 5));
  EXPECT_EQ(all_calls(), 1);
}

TEST_F(GrpcExchangeTest, AnAnswerWithoutAStatusCountsAsItsClientTakesIt) {
  serve();
  call();
  auto up = asked_at(legacy);
  up->say(h2::headers(1, {{":status", "503"}}, h2::kEndStream));
  EXPECT_TRUE(counted(Arm::legacy, 14));
  EXPECT_EQ(requests(Arm::legacy, 503), 1);
}

TEST_F(GrpcExchangeTest, AnAnswerThatIsCutOffCountsAsAFailureWhateverItSaidBefore) {
  serve();
  call();
  auto up = asked_at(legacy);
  up->say(h2::headers(1, kHead) + h2::data(1, kMessage) + h2::rst_stream(1, h2::kInternalError));
  EXPECT_TRUE(counted(Arm::legacy, 14));
}

TEST_F(GrpcExchangeTest, AnErrorOfOursCountsThoughItsHttpStatusIs200) {
  snapshot.upstreams[0].endpoints = {{"127.0.0.1", test::refusing_port()}};
  serve();
  call();
  EXPECT_TRUE(counted(Arm::legacy, 14));
  EXPECT_EQ(requests(Arm::legacy, 200), 1);
  EXPECT_EQ(errors(ErrorCode::connect_refused), 1);
}

TEST_F(GrpcExchangeTest, ADeadlineThatIsOverCountsAsSuch) {
  serve();
  call("Get", {{"grpc-timeout", "500m"}});
  auto up = asked_at(legacy);
  EXPECT_TRUE(counted(Arm::legacy, 4));
  EXPECT_TRUE(run_until([&] { return (void)up->asked(), up->resets.size() == 1; }));
}

TEST_F(GrpcExchangeTest, AClientThatCancelsCountsAsSuch) {
  serve();
  call();
  auto up = asked_at(legacy);
  c->send(h2::rst_stream(1, h2::kCancel));
  EXPECT_TRUE(counted(Arm::legacy, 1));
  EXPECT_TRUE(run_until([&] { return (void)up->asked(), up->resets.size() == 1; }));
}

TEST_F(GrpcExchangeTest, AFallbackCountsAsAFailureOfTheMonolith) {
  everything_to(Arm::monolith);
  snapshot.upstreams[1].endpoints = {{"127.0.0.1", test::refusing_port()}};
  serve();
  call();
  auto up = asked_at(legacy);
  up->say(answer("0"));
  EXPECT_TRUE(counted(Arm::legacy, 0));
  EXPECT_EQ(calls(Arm::monolith, 14), 1);
  EXPECT_EQ(all_calls(), 2);
  EXPECT_EQ(requests(Arm::monolith, 503), 1);
}

TEST_F(GrpcExchangeTest, OtherExchangesCountAsNone) {
  serve();
  c = client();
  c->send(test::get("/orders"));
  auto up = asked_at(legacy);
  up->say(h2::headers(1, kTrailersOnly, h2::kEndStream));
  EXPECT_TRUE(run_until([&] { return requests(Arm::legacy, 200) == 1; }));
  EXPECT_EQ(all_calls(), 0);
}

// ---- shadows ----------------------------------------------------------------------------------

class GrpcShadowTest : public GrpcExchangeTest {
 protected:
  GrpcShadowTest() {
    shadow_everything();
    snapshot.migrations[0].shadow->sampling.grpc_methods = {"/orders/Get"};
    snapshot.migrations[0].shadow->sampling.methods.push_back(Method::post);
  }
  std::int64_t skipped(Skip skip) {
    const auto s = static_cast<std::size_t>(skip);
    return orders().shadow_skipped[0][s].read() + orders().shadow_skipped[1][s].read();
  }
  [[nodiscard]] bool judged(Verdict verdict) {
    return run_until([&] {
      return compared()
                 .comparisons[static_cast<std::size_t>(Arm::monolith)]
                             [static_cast<std::size_t>(verdict)]
                 .read() == 1;
    });
  }
};

TEST_F(GrpcShadowTest, ACallThatIsNamedIsCopiedWholeAndCounted) {
  serve();
  call();
  auto up = asked_at(legacy);
  auto copy = asked_at(monolith);
  EXPECT_EQ(copy->body[1], kMessage);
  EXPECT_EQ(copy->field(1, "content-type"), "application/grpc");
  EXPECT_EQ(copy->field(1, "te"), "trailers");
  EXPECT_EQ(copy->field(1, "x-banyan-shadow"), "orders");
  up->say(answer("0"));
  copy->say(answer("0"));
  EXPECT_TRUE(judged(Verdict::match));
  EXPECT_EQ(calls(Arm::legacy, 0), 1);
  EXPECT_EQ(calls(Arm::monolith, 0, Role::shadow), 1);
}

TEST_F(GrpcShadowTest, ACallThatIsNotNamedIsNotCopiedWhateverItsMethod) {
  serve();
  call("Cancel");
  auto up = asked_at(legacy);
  up->say(answer("0"));
  EXPECT_TRUE(counted(Arm::legacy, 0));
  EXPECT_EQ(skipped(Skip::method), 1);
}

TEST_F(GrpcShadowTest, EveryMessageOfAStreamIsCompared) {
  serve();
  call();
  auto up = asked_at(legacy);
  auto copy = asked_at(monolith);
  const std::string two = std::string(kMessage) + std::string(kMessage);
  up->say(answer("0", two));
  copy->say(answer("0", two.substr(0, two.size() - 1) + "y"));
  EXPECT_TRUE(judged(Verdict::mismatch));
}

TEST_F(GrpcShadowTest, ACallWhoseClientIsNotDoneIsCopiedWhenItIs) {
  serve();
  c = client();
  c->send(std::string(h2::kPreface) + h2::settings() + h2::settings_ack() +
          h2::headers(1, {{":method", "POST"},
                          {":scheme", "http"},
                          {":authority", "h"},
                          {":path", "/orders/Get"},
                          {"content-type", "application/grpc"}}) +
          h2::data(1, kMessage));
  auto up = std::make_unique<Http2Peer>(accepted(legacy));
  up->say(h2::settings() + h2::settings_ack());
  ASSERT_TRUE(run_until([&] { return (void)up->asked(), up->body[1] == kMessage; }));
  up->say(h2::headers(1, kHead) + h2::data(1, kMessage));  // before the client has said all
  turn();
  EXPECT_EQ(monolith.accept(), nullptr);
  c->send(h2::data(1, kMessage, h2::kEndStream));
  auto copy = asked_at(monolith);
  EXPECT_EQ(copy->body[1], std::string(kMessage) + std::string(kMessage));
  up->say(h2::headers(1, {{"grpc-status", "0"}}, h2::kEndStream));
  copy->say(answer("0"));
  EXPECT_TRUE(judged(Verdict::match));
}

TEST_F(GrpcShadowTest, TrailersOnlyAndWholeAnswersOfOneOutcomeMatch) {
  serve();
  call();
  auto up = asked_at(legacy);
  auto copy = asked_at(monolith);
  up->say(h2::headers(1, kTrailersOnly, h2::kEndStream));
  copy->say(h2::headers(1, kHead) + h2::headers(1, {{"grpc-status", "5"}}, h2::kEndStream));
  EXPECT_TRUE(judged(Verdict::match));
  EXPECT_EQ(calls(Arm::legacy, 5), 1);
  EXPECT_EQ(calls(Arm::monolith, 5, Role::shadow), 1);
}

TEST_F(GrpcShadowTest, ACopyThatGetsNoAnswerCountsByItsEnd) {
  snapshot.migrations[0].shadow->timeout = Milliseconds(300);
  serve();
  call();
  auto up = asked_at(legacy);
  auto copy = asked_at(monolith);
  up->say(answer("0"));
  EXPECT_TRUE(counted(Arm::monolith, 4, Role::shadow));
  EXPECT_TRUE(judged(Verdict::mismatch));
}

}  // namespace
}  // namespace banyan::exchange
