// base/counted_place.h: one of a bounded number of places, over all threads.
//
// Taken before what it stands for begins, given back when it ends, wherever that is. Relaxed
// atomics: the bound holds exactly, no lock is taken.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace banyan {

// Adds `n` where the sum stays within `max`.
[[nodiscard]] inline bool reserve(std::atomic<std::uint64_t>& counter, std::uint64_t n,
                                  std::uint64_t max) {
  if (counter.fetch_add(n, std::memory_order_relaxed) + n <= max) return true;
  counter.fetch_sub(n, std::memory_order_relaxed);
  return false;
}

// Empty, or holds one place of `taken`, which outlives it.
class CountedPlace {
 public:
  CountedPlace() = default;
  // Empty where all `max` are taken.
  [[nodiscard]] static CountedPlace take(std::atomic<std::uint64_t>& taken, std::uint64_t max) {
    CountedPlace place;
    if (reserve(taken, 1, max)) place.taken_ = &taken;
    return place;
  }
  CountedPlace(CountedPlace&& o) noexcept : taken_(std::exchange(o.taken_, nullptr)) {}
  CountedPlace& operator=(CountedPlace&& o) noexcept {
    if (this == &o) return *this;
    give_back();
    taken_ = std::exchange(o.taken_, nullptr);
    return *this;
  }
  ~CountedPlace() { give_back(); }

  void give_back() {
    if (taken_ == nullptr) return;
    std::exchange(taken_, nullptr)->fetch_sub(1, std::memory_order_relaxed);
  }
  explicit operator bool() const { return taken_ != nullptr; }
  [[nodiscard]] bool is_of(const std::atomic<std::uint64_t>& taken) const {
    return taken_ == &taken;
  }

 private:
  std::atomic<std::uint64_t>* taken_ = nullptr;
};

}  // namespace banyan
