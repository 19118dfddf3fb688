#include "proxy/net/keyed_hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>

namespace banyan::net {

std::optional<std::string> random_key() {
  std::array<unsigned char, kHashKeyBytes> bytes{};
  if (RAND_bytes(bytes.data(), int{kHashKeyBytes}) != 1) return std::nullopt;
  return std::string(bytes.begin(), bytes.end());
}

std::uint64_t keyed_hash(std::string_view key, std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8U | digest[i];
  return hash;
}

}  // namespace banyan::net
