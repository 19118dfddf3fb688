// proxy/observe/counter.h: a number with one writer, which any thread may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace banyan::observe {

template <class T>
class BasicCounter {  // also a gauge: add(-1)
 public:
  void add(T n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] T read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{0};
};

using Counter = BasicCounter<std::int64_t>;
// Where there are many: counts on from 0 after the largest, so only differences say something.
using SmallCounter = BasicCounter<std::uint32_t>;

}  // namespace banyan::observe
