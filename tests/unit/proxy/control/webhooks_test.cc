// Real sockets, and receivers that the test plays.
#include "proxy/control/webhooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_fixture.h"
#include "tests/support/scripted_peer.h"

namespace banyan::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const json kEntry{{"who", "guardrail"},
                  {"reason", "orders: failures"},
                  {"at", "2026-11-23T…"},
                  {"action", "rollback"},
                  {"evidence", {{"cause", "errors"}}}};

class WebhooksTest : public test::LoopTest {
 protected:
  ~WebhooksTest() override {
    webhooks.abandon();
    loop.finish_deletes();
  }

  // Of migration "orders".
  void use(std::uint16_t port) {
    webhook->upstream.name = config::webhook_name("orders");
    webhook->upstream.endpoints = {{"127.0.0.1", port}};
    webhook->upstream.max_requests_per_connection = 1;
    webhook->origin = "http://127.0.0.1:" + std::to_string(port);
    webhook->authority = "127.0.0.1";
    webhook->target = "/trips?to=team";
    snapshot.migrations.resize(1);
    snapshot.migrations[0].name = "orders";
    snapshot.migrations[0].webhook = webhook;
    webhooks.adopt(snapshot);
  }
  std::unique_ptr<test::Peer> accepted() {
    std::unique_ptr<test::Peer> peer;
    EXPECT_TRUE(run_until([&] { return (peer = receiver.accept()) != nullptr; }));
    return peer;
  }
  // One that has all of the request.
  std::unique_ptr<test::Peer> asked() {
    auto peer = accepted();
    EXPECT_TRUE(run_until([&] { return peer->received().find("\r\n\r\n{") != std::string::npos; }));
    return peer;
  }
  static json body_of(test::Peer& peer) {
    const std::string& text = peer.received();
    return json::parse(text.substr(text.find("\r\n\r\n") + 4), nullptr, false);
  }

  test::Listening receiver;
  std::shared_ptr<config::Webhook> webhook = std::make_shared<config::Webhook>();
  config::Snapshot snapshot;
  Webhooks webhooks{loop,
                    {[] { return std::make_shared<const upstream::AddressBook>(); },
                     [](const std::string&) { return nullptr; }}};
};

constexpr std::string_view kDone = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view kBusy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

TEST(WebhookDocument, SaysWhatWhyWhereAndInOneSentence) {
  const json document = webhook_document("orders", kEntry);
  EXPECT_EQ(document["event"], "rollback");
  EXPECT_EQ(document["migration"], "orders");
  EXPECT_EQ(document["cause"], "guardrail");
  EXPECT_EQ(document["evidence"]["cause"], "errors");
  EXPECT_EQ(document["at"], kEntry["at"]);
  EXPECT_FALSE(document["host"].get<std::string>().empty());
  EXPECT_EQ(document["id"].get<std::string>().size(), 32U);
  EXPECT_NE(document["id"], webhook_document("orders", kEntry)["id"]);
  EXPECT_EQ(document["text"], "orders is rolled back to legacy by guardrail: orders: failures");
}

TEST_F(WebhooksTest, ADocumentIsPostedOnce) {
  use(receiver.port());
  webhook->authorization = "Bearer s3cret";
  webhooks.post("orders", kEntry);
  EXPECT_EQ(webhooks.under_way(), 1U);
  auto peer = asked();
  EXPECT_THAT(peer->received(), HasSubstr("POST /trips?to=team HTTP/1.1\r\n"));
  EXPECT_THAT(peer->received(), HasSubstr("127.0.0.1\r\n"));
  EXPECT_THAT(peer->received(), HasSubstr("application/json\r\n"));
  EXPECT_THAT(peer->received(), HasSubstr("Bearer s3cret\r\n"));
  EXPECT_EQ(body_of(*peer)["reason"], kEntry["reason"]);
  peer->send(kDone);
  ASSERT_TRUE(run_until([&] { return webhooks.under_way() == 0; }));
  EXPECT_EQ(webhooks.counts().sent, 1U);
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));  // and not cut off
  EXPECT_EQ(receiver.accept(), nullptr);
}

TEST_F(WebhooksTest, WithoutOneNothingHappens) {
  use(receiver.port());
  webhooks.post("cart", kEntry);
  EXPECT_EQ(webhooks.under_way(), 0U);
}

TEST_F(WebhooksTest, AReceiverThatIsBusyIsAskedAgainOnAnotherConnection) {
  use(receiver.port());
  webhooks.post("orders", kEntry);
  auto first = asked();
  first->send(kBusy);
  auto second = asked();
  EXPECT_EQ(body_of(*second), body_of(*first));
  second->send(kDone);
  ASSERT_TRUE(run_until([&] { return webhooks.under_way() == 0; }));
  EXPECT_EQ(webhooks.counts().sent, 1U);
  EXPECT_EQ(webhooks.counts().failed, 0U);
}

TEST_F(WebhooksTest, OneThatHangsIsAskedAgainAfterTheTimeout) {
  use(receiver.port());
  webhook->timeout = Milliseconds(50);
  webhooks.post("orders", kEntry);
  auto first = asked();
  auto second = asked();
  EXPECT_TRUE(first->was_reset() || first->ended());
  second->send(kDone);
  ASSERT_TRUE(run_until([&] { return webhooks.under_way() == 0; }));
  EXPECT_EQ(webhooks.counts().sent, 1U);
}

TEST_F(WebhooksTest, AnAnswerToTheRequestAsItIsIsTheLastOne) {
  use(receiver.port());
  for (const int status : {301, 400, 404}) {
    webhooks.post("orders", kEntry);
    asked()->send("HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(run_until([&] { return webhooks.under_way() == 0; }));
  }
  EXPECT_EQ(webhooks.counts().failed, 3U);
}

TEST_F(WebhooksTest, WhatRefusesIsGivenUpInTime) {
  use(test::refusing_port());
  webhook->give_up_after = Milliseconds(1'200);
  const auto began = std::chrono::steady_clock::now();
  webhooks.post("orders", kEntry);
  ASSERT_TRUE(run_until([&] { return webhooks.under_way() == 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, Milliseconds(5'000));
  EXPECT_EQ(webhooks.counts().failed, 1U);
}

TEST_F(WebhooksTest, ANameThatIsNotKnownIsNoReasonToGiveUpAtOnce) {
  use(receiver.port());
  webhook->upstream.endpoints = {{"pager.shop.test", receiver.port(), true}};
  webhooks.post("orders", kEntry);
  EXPECT_EQ(webhooks.under_way(), 1U);
  EXPECT_EQ(webhooks.counts().failed, 0U);
}

TEST_F(WebhooksTest, OneReceiverThatHangsHoldsUpNoOther) {
  use(receiver.port());
  test::Listening other;
  auto second = std::make_shared<config::Webhook>(*webhook);
  second->upstream.endpoints = {{"127.0.0.1", other.port()}};
  snapshot.migrations.resize(2);
  snapshot.migrations[1].name = "cart";
  snapshot.migrations[1].webhook = second;
  webhooks.adopt(snapshot);
  webhooks.post("orders", kEntry);
  webhooks.post("cart", kEntry);
  std::unique_ptr<test::Peer> peer;
  ASSERT_TRUE(run_until([&] { return (peer = other.accept()) != nullptr; }));
  ASSERT_TRUE(run_until([&] { return !peer->received().empty(); }));
  peer->send(kDone);
  ASSERT_TRUE(run_until([&] { return webhooks.counts().sent == 1; }));
  EXPECT_EQ(webhooks.under_way(), 1U);
}

TEST_F(WebhooksTest, TooManyAreDroppedAndCounted) {
  use(receiver.port());
  for (std::size_t i = 0; i < kWebhooksMax + 3; ++i) webhooks.post("orders", kEntry);
  EXPECT_EQ(webhooks.under_way(), kWebhooksMax);
  EXPECT_EQ(webhooks.counts().dropped, 3U);
}

TEST_F(WebhooksTest, AtTheEndOfTheProcessNothingIsWaitedFor) {
  use(receiver.port());
  webhooks.post("orders", kEntry);
  auto peer = asked();
  webhooks.abandon();
  EXPECT_EQ(webhooks.under_way(), 0U);
  EXPECT_EQ(webhooks.counts().dropped, 1U);
  ASSERT_TRUE(run_until([&] { return peer->was_reset() || peer->ended(); }));
}

TEST_F(WebhooksTest, AReloadChangesTheNextOneAndNotTheOneUnderWay) {
  use(receiver.port());
  webhooks.post("orders", kEntry);
  snapshot.migrations[0].webhook = nullptr;
  webhooks.adopt(snapshot);
  webhooks.post("orders", kEntry);
  EXPECT_EQ(webhooks.under_way(), 1U);
  asked()->send(kDone);
  ASSERT_TRUE(run_until([&] { return webhooks.counts().sent == 1; }));
}

}  // namespace
}  // namespace banyan::control
