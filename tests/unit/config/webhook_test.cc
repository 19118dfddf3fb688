// `webhook` of a guardrail.
#include "config/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/webhook_url.h"
#include "tests/unit/config/loading.h"

namespace banyan::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Parts {
  bool tls;
  std::string host;
  std::uint16_t port;
  bool is_name;
  std::string authority;
  std::string target;
};

TEST(WebhookUrl, IsTakenApart) {
  const std::vector<std::pair<std::string, Parts>> cases{
      {"http://127.0.0.1", {false, "127.0.0.1", 80, false, "127.0.0.1", "/"}},
      {"https://pager.shop.test", {true, "pager.shop.test", 443, true, "pager.shop.test", "/"}},
      {"https://Pager.Shop.test:8443/v1/Trips?to=Team",
       {true, "pager.shop.test", 8443, true, "pager.shop.test:8443", "/v1/Trips?to=Team"}},
      {"http://[::1]:8080/a", {false, "::1", 8080, false, "[::1]:8080", "/a"}},
      {"http://[::1]/a", {false, "::1", 80, false, "[::1]", "/a"}},
      {"http://localhost:81?x=1", {false, "127.0.0.1", 81, false, "localhost:81", "/?x=1"}},
  };
  for (const auto& [text, parts] : cases) {
    const auto url = read_webhook_url(text);
    ASSERT_TRUE(url) << text << ": " << url.error();
    EXPECT_EQ(url->tls, parts.tls) << text;
    EXPECT_EQ(url->address, (Address{parts.host, parts.port, parts.is_name})) << text;
    EXPECT_EQ(url->authority, parts.authority) << text;
    EXPECT_EQ(url->target, parts.target) << text;
  }
}

TEST(WebhookUrl, Rfc9110_4_2_TheSchemeCountsInAnyCaseAndItsOwnPortIsNotNamed) {
  EXPECT_EQ(read_webhook_url("HTTP://pager.test:80/")->authority, "pager.test");
  EXPECT_EQ(read_webhook_url("hTTps://pager.test:443/")->authority, "pager.test");
  EXPECT_EQ(read_webhook_url("http://pager.test:443/")->authority, "pager.test:443");
}

TEST(WebhookUrl, WhatCanNotBeSentAsItIsIsRefused) {
  for (const std::string text :
       {"", "pager.test", "ftp://pager.test/", "https:/pager.test", "https://", "https:///path",
        "http://pager.test:0/", "http://pager.test:65536/", "http://pager.test:/", "http://a b/",
        "http://pager.test/a b", "http://pager.test/\n", "http://pager.test/<id>",
        "http://pager.test/ä", "http://pager.test/#top", "http://[::1", "http://pager_test:80x/"}) {
    EXPECT_FALSE(read_webhook_url(text)) << text;
  }
  EXPECT_FALSE(read_webhook_url("http://pager.test/" + std::string(kUrlBytesMax, 'a')));
}

TEST(WebhookUrl, Rfc9110_4_2_4_AUserAndPasswordAreRefusedWithTheKeyForThem) {
  EXPECT_THAT(read_webhook_url("https://user:secret@pager.test/").error(),
              HasSubstr("authorization_file"));
}

std::shared_ptr<const Webhook> webhook(const std::string& value) {
  const Loaded loaded = load_text(with_migration("guardrail: { webhook: " + value + " }"));
  return loaded.snapshot ? loaded.snapshot->migrations[0].webhook : nullptr;
}

TEST(Webhook, IsAUrlOrAMappingWithOne) {
  EXPECT_EQ(load_text(with_migration("epoch: e")).snapshot->migrations[0].webhook, nullptr);
  EXPECT_EQ(load_text(with_migration("guardrail: {}")).snapshot->migrations[0].webhook, nullptr);
  const auto plain = webhook("\"http://127.0.0.1:9000/trips\"");
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->origin, "http://127.0.0.1:9000");
  EXPECT_EQ(plain->upstream.name, "webhook of orders");
  EXPECT_FALSE(plain->upstream.tls);
  EXPECT_EQ(plain->timeout, milliseconds(5'000));
  EXPECT_EQ(plain->give_up_after, milliseconds(300'000));
  const auto made = webhook(
      "{ url: \"https://pager.test/trips\", timeout: 1s, give_up_after: 20s, ca: pager.pem }");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->timeout, milliseconds(1'000));
  EXPECT_EQ(made->give_up_after, milliseconds(20'000));
  ASSERT_TRUE(made->upstream.tls);
  EXPECT_EQ(made->upstream.tls->ca.text, "pager.pem");
  EXPECT_EQ(made->upstream.tls->ca.key, "migrations[0].guardrail.webhook.ca");
}

TEST(Webhook, OverHttpsTheSystemsCasAreBelievedWhereNoneIsGiven) {
  const auto made = webhook("https://pager.test/trips");
  ASSERT_NE(made, nullptr);
  ASSERT_TRUE(made->upstream.tls);
  EXPECT_FALSE(made->upstream.tls->ca.given());
}

TEST(Webhook, EveryKeyIsChecked) {
  for (const char* wrong :
       {"on", "[]", "{}", "{ timeout: 1s }", "{ url: 5 }", "{ url: \"http://a/\", timeout: 0s }",
        "{ url: \"http://a/\", timeout: 61s }", "{ url: \"http://a/\", give_up_after: 2h }",
        "{ url: \"http://a/\", ca: a.pem }", "{ url: \"http://a/\", retries: 3 }",
        "{ url: \"http://a/\", authorization_file: /nonexistent }"}) {
    EXPECT_EQ(
        problems_of(with_migration(std::string("guardrail: { webhook: ") + wrong + " }")).size(),
        1U)
        << wrong;
  }
  EXPECT_THAT(problems_of(with_migration("guardrail: { webhook: \"ftp://a/\" }")),
              ElementsAre("11:27 migrations[0].guardrail.webhook: expected a URL that begins with "
                          "http:// or https://"));
}

TEST(Webhook, TheFieldAuthorizationComesFromAFile) {
  const auto made =
      webhook("{ url: \"https://pager.test/\", authorization_file: /proc/self/comm }");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->authorization, "config_test");
}

}  // namespace
}  // namespace banyan::config
