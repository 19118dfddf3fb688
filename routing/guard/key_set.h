// routing/guard/key_set.h: which sticky keys failed in this window. Pure.
//
// Bounded: where more than kKeysMax keys failed, each further one counts every time, on both arms
// alike. That many keys are no longer one user's trouble.
#pragma once

#include <array>
#include <cstdint>

namespace banyan::routing::guard {

class KeySet {
 public:
  static constexpr std::size_t kKeysMax = 1'024;

  // False where the key failed already in the same window (a number that counts up).
  bool insert(std::uint32_t hash, std::uint64_t window) {
    if (window != window_) {
      slots_.fill(0);
      size_ = 0;
      window_ = window;
    }
    const std::uint32_t kept = hash == 0 ? 1 : hash;  // 0: a free slot
    std::size_t at = kept % kSlots;
    while (slots_[at] != 0 && slots_[at] != kept) at = (at + 1) % kSlots;
    if (slots_[at] == kept) return false;
    if (size_ < kKeysMax) {
      slots_[at] = kept;
      ++size_;
    }
    return true;
  }

 private:
  static constexpr std::size_t kSlots = 2 * kKeysMax;
  std::array<std::uint32_t, kSlots> slots_{};
  std::size_t size_ = 0;
  std::uint64_t window_ = 0;
};

}  // namespace banyan::routing::guard
