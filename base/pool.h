// base/pool.h: objects whose buffers are worth keeping, lent out one by one.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace banyan {

// One thread. T needs clear(), which empties it and may keep its memory. The pool outlives every
// Lease.
template <class T>
class Pool {
 public:
  static constexpr std::size_t kFreeMax = 256;

  struct GiveBack {
    Pool* pool;
    void operator()(T* object) const { pool->give(std::unique_ptr<T>(object)); }
  };
  using Lease = std::unique_ptr<T, GiveBack>;

  [[nodiscard]] Lease take() {
    if (free_.empty()) return Lease(new T, GiveBack{this});
    T* object = free_.back().release();
    free_.pop_back();
    return Lease(object, GiveBack{this});
  }

 private:
  void give(std::unique_ptr<T> object) {
    if (free_.size() >= kFreeMax) return;
    object->clear();
    free_.push_back(std::move(object));
  }

  std::vector<std::unique_ptr<T>> free_;
};

}  // namespace banyan
