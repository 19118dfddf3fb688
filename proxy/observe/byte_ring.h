// proxy/observe/byte_ring.h: bytes from one thread to one other, bounded, without a lock.
//
// One producer, one consumer. put() takes all or nothing, so a reader never sees half a record.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>

namespace banyan::observe {

class ByteRing {
 public:
  // `capacity` is rounded up to a power of two. The memory is touched only by what is put in.
  explicit ByteRing(std::size_t capacity)
      : capacity_(std::bit_ceil(std::max<std::size_t>(capacity, 1))), bytes_(new char[capacity_]) {}

  // Producer. False, and nothing taken, where it does not fit.
  [[nodiscard]] bool put(std::string_view bytes) {
    const std::uint64_t end = written_.load(std::memory_order_relaxed);
    if (end + bytes.size() - read_.load(std::memory_order_acquire) > capacity_) return false;
    const std::size_t at = end & (capacity_ - 1);
    const std::size_t first = std::min(bytes.size(), capacity_ - at);
    std::copy_n(bytes.data(), first, bytes_.get() + at);
    std::copy_n(bytes.data() + first, bytes.size() - first, bytes_.get());
    // Sequentially consistent: the producer then asks whether the consumer sleeps, which it says
    // before it looks at the ring for the last time.
    written_.store(end + bytes.size(), std::memory_order_seq_cst);
    return true;
  }

  // Consumer. What can be read now, in two pieces where it runs over the end; valid until drop().
  [[nodiscard]] std::array<std::string_view, 2> peek() const {
    const std::uint64_t begin = read_.load(std::memory_order_relaxed);
    const std::size_t size = written_.load(std::memory_order_seq_cst) - begin;
    const std::size_t at = begin & (capacity_ - 1);
    const std::size_t first = std::min(size, capacity_ - at);
    return {std::string_view(bytes_.get() + at, first),
            std::string_view(bytes_.get(), size - first)};
  }
  [[nodiscard]] bool empty() const {
    return read_.load(std::memory_order_relaxed) == written_.load(std::memory_order_seq_cst);
  }
  // Consumer. At most what peek() showed.
  void drop(std::size_t bytes) {
    read_.store(read_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
  }

 private:
  static constexpr std::size_t kCacheLine = 64;
  const std::size_t capacity_;
  const std::unique_ptr<char[]> bytes_;
  alignas(kCacheLine) std::atomic<std::uint64_t> written_{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> read_{0};
};

}  // namespace banyan::observe
