// proxy/net/keyed_hash.h: hashes that nobody can make without the key (HMAC, RFC 2104, with
// SHA-256). Pure but for random_key(); it stands here because OpenSSL does. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace banyan::net {

inline constexpr std::size_t kHashKeyBytes = 32;

// kHashKeyBytes of the system's randomness; nothing where it has none to give.
[[nodiscard]] std::optional<std::string> random_key();
// The first 64 bits of the whole hash.
[[nodiscard]] std::uint64_t keyed_hash(std::string_view key, std::string_view text);

}  // namespace banyan::net
