#include "proxy/net/websocket_key.h"

#include <gtest/gtest.h>

namespace banyan::net {
namespace {

TEST(WebsocketKey, Rfc6455Section422IsAnsweredByItsDigest) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebsocketKey, Rfc6455Section41Is16BytesInBase64) {
  EXPECT_EQ(websocket_key(0, 0), "AAAAAAAAAAAAAAAAAAAAAA==");
  EXPECT_NE(websocket_key(1, 0), websocket_key(0, 1));
  EXPECT_EQ(websocket_key(~0ULL, ~0ULL), "/////////////////////w==");
}

}  // namespace
}  // namespace banyan::net
