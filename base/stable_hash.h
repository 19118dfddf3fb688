// base/stable_hash.h: hashes whose values other programs and later versions rely on.
#pragma once

#include <cstdint>
#include <string_view>

namespace banyan {

// MurmurHash3_x86_32 (Austin Appleby, public domain), fed in pieces so that `flag + key` needs no
// joined string. The result is that of the pieces in one run.
class Murmur3 {
 public:
  explicit Murmur3(std::uint32_t seed = 0) : hash_(seed) {}
  Murmur3& add(std::string_view bytes);
  [[nodiscard]] std::uint32_t finish() const;

 private:
  std::uint32_t hash_;
  std::uint32_t tail_ = 0;
  std::uint32_t size_ = 0;
};

[[nodiscard]] std::uint32_t murmur3_x86_32(std::string_view bytes, std::uint32_t seed);

}  // namespace banyan
