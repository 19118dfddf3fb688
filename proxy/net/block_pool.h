// proxy/net/block_pool.h: 16 KiB blocks for bytes that must outlive the callback that brought them.
//
// Last in, first out, so that the block in use is the one in the cache. One pool per loop.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace banyan::net {

struct Block {
  static constexpr std::size_t kBytes = 16 * 1024;
  std::array<char, kBytes> bytes;
};

class BlockPool {
 public:
  // Free blocks kept; more are given back to the system.
  static constexpr std::size_t kFreeMax = 128;

  [[nodiscard]] std::unique_ptr<Block> take() {
    if (free_.empty()) return std::unique_ptr<Block>(new Block);  // not zeroed
    std::unique_ptr<Block> block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void give(std::unique_ptr<Block> block) {
    if (free_.size() < kFreeMax) free_.push_back(std::move(block));
  }

 private:
  std::vector<std::unique_ptr<Block>> free_;
};

}  // namespace banyan::net
