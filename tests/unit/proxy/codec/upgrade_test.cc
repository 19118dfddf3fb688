#include "proxy/codec/upgrade.h"

#include <gtest/gtest.h>

namespace banyan::codec {
namespace {

RequestHead asking(std::string_view upgrade, std::string_view connection = "upgrade") {
  RequestHead head;
  head.headers.add("Connection", connection);
  if (!upgrade.empty()) head.headers.add("Upgrade", upgrade);
  return head;
}

TEST(Upgrade, Rfc9110Section78GoesOnInTheClientsOrder) {
  EXPECT_EQ(upgrade_of(asking("websocket")), "websocket");
  EXPECT_EQ(upgrade_of(asking("WebSocket", "keep-alive, Upgrade")), "WebSocket");
  EXPECT_EQ(upgrade_of(asking("SPDY/3.1 , tcp")), "SPDY/3.1, tcp");
  RequestHead lines = asking("a");
  lines.headers.add("Upgrade", "b");
  EXPECT_EQ(upgrade_of(lines), "a, b");
}

TEST(Upgrade, Rfc9110Section78IsOneOnlyWhereConnectionNamesIt) {
  EXPECT_EQ(upgrade_of(asking("websocket", "keep-alive")), "");
  EXPECT_EQ(upgrade_of(asking("", "upgrade")), "");
  RequestHead alone;
  alone.headers.add("Upgrade", "websocket");
  EXPECT_EQ(upgrade_of(alone), "");
}

TEST(Upgrade, Rfc9110Section78IsIgnoredOverHttp10) {
  RequestHead old = asking("websocket");
  old.version = HttpVersion::http10;
  EXPECT_EQ(upgrade_of(old), "");
}

TEST(Upgrade, IsNoneWithABody) {
  RequestHead head = asking("websocket");
  head.framing = Framing::chunked;
  EXPECT_EQ(upgrade_of(head), "");
  head.framing = Framing::content_length;
  head.content_length = 1;
  EXPECT_EQ(upgrade_of(head), "");
  head.content_length = 0;
  EXPECT_EQ(upgrade_of(head), "websocket");
}

TEST(Upgrade, ProtocolsThatCarryHttpAreLeftOut) {
  for (const char* list : {"h2c", "H2C", "h2", "h3", "HTTP/2.0", "http/2", "http", "TLS/1.2", "tls",
                           "h2c, HTTP/2.0", "h2c/1"}) {
    EXPECT_EQ(upgrade_of(asking(list)), "") << list;
  }
  EXPECT_EQ(upgrade_of(asking("h2c, websocket, TLS/1.0")), "websocket");
  EXPECT_EQ(upgrade_of(asking("h2cx")), "h2cx");
}

Headers answering(std::string_view upgrade) {
  Headers headers;
  headers.add("Upgrade", upgrade);
  return headers;
}

TEST(Upgrade, Rfc9110Section78OnlyWhatWasAskedForIsFollowed) {
  EXPECT_EQ(switched_to(answering("websocket"), "websocket"), "websocket");
  EXPECT_EQ(switched_to(answering("WebSocket"), "tcp, websocket"), "WebSocket");
  EXPECT_EQ(switched_to(answering("h2c"), "websocket"), "");
  EXPECT_EQ(switched_to(answering("websocket, tcp"), "websocket, tcp"), "");
  EXPECT_EQ(switched_to(answering(""), "websocket"), "");
  EXPECT_EQ(switched_to(Headers(), "websocket"), "");
  Headers twice = answering("websocket");
  twice.add("Upgrade", "websocket");
  EXPECT_EQ(switched_to(twice, "websocket"), "");
}

}  // namespace
}  // namespace banyan::codec
