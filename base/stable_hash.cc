#include "base/stable_hash.h"

#include <bit>

namespace banyan {
namespace {

constexpr std::uint32_t scramble(std::uint32_t k) {
  return std::rotl(k * 0xcc9e2d51U, 15) * 0x1b873593U;
}

}  // namespace

Murmur3& Murmur3::add(std::string_view bytes) {
  for (const char c : bytes) {
    tail_ |= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << (8U * (size_ & 3U));
    ++size_;
    if ((size_ & 3U) != 0) continue;
    hash_ = std::rotl(hash_ ^ scramble(tail_), 13) * 5U + 0xe6546b64U;
    tail_ = 0;
  }
  return *this;
}

std::uint32_t Murmur3::finish() const {
  std::uint32_t h = (size_ & 3U) != 0 ? hash_ ^ scramble(tail_) : hash_;
  h ^= size_;
  h = (h ^ (h >> 16U)) * 0x85ebca6bU;
  h = (h ^ (h >> 13U)) * 0xc2b2ae35U;
  return h ^ (h >> 16U);
}

std::uint32_t murmur3_x86_32(std::string_view bytes, std::uint32_t seed) {
  return Murmur3(seed).add(bytes).finish();
}

}  // namespace banyan
