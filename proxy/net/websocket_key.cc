#include "proxy/net/websocket_key.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstring>

namespace banyan::net {
namespace {

template <std::size_t kSize>
std::string base64(const std::array<unsigned char, kSize>& bytes) {
  std::array<unsigned char, (kSize + 2) / 3 * 4 + 1> text{};
  const int size = EVP_EncodeBlock(text.data(), bytes.data(), int{kSize});
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

}  // namespace

std::string websocket_key(std::uint64_t random_a, std::uint64_t random_b) {
  std::array<unsigned char, sizeof random_a + sizeof random_b> bytes{};
  std::memcpy(bytes.data(), &random_a, sizeof random_a);
  std::memcpy(bytes.data() + sizeof random_a, &random_b, sizeof random_b);
  return base64(bytes);
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest);
}

}  // namespace banyan::net
