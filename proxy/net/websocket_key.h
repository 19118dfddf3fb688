// proxy/net/websocket_key.h: how the two ends of a WebSocket prove that they mean one over HTTP/1.1
// (RFC 6455 §4.1, §4.2.2). Pure; it stands here because OpenSSL does. Over HTTP/2 there is none of
// it (RFC 8441 §5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace banyan::net {

// A Sec-WebSocket-Key: 16 bytes that nobody knows before, in base64.
[[nodiscard]] std::string websocket_key(std::uint64_t random_a, std::uint64_t random_b);
// The Sec-WebSocket-Accept that answers it.
[[nodiscard]] std::string websocket_accept(std::string_view key);

}  // namespace banyan::net
