// proxy/net/out_queue.h: bytes on their way to a socket.
//
// Within one loop iteration a large body chunk is only referred to where it was read; what is
// still here when the iteration ends is moved into blocks by settle(). Small pieces are copied
// right away, so that a head and a small body leave as one contiguous write.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "proxy/net/block_pool.h"

namespace banyan::net {

class OutQueue {
 public:
  // Below this a copy is cheaper than one more entry in writev().
  static constexpr std::size_t kBorrowMin = 2048;

  struct Piece {
    const char* data;
    std::size_t size;
    bool borrowed;
  };

  explicit OutQueue(BlockPool& pool) : pool_(pool) {}
  ~OutQueue() { clear(); }
  OutQueue(const OutQueue&) = delete;
  OutQueue& operator=(const OutQueue&) = delete;

  void copy(Bytes bytes);
  void borrow(Bytes bytes);
  // Takes `n` bytes off the front, which were written.
  void consume(std::size_t n);
  // Copies every borrowed piece into blocks. Afterwards nothing refers to foreign memory; bytes
  // that were in blocks before have not moved.
  void settle();
  void clear();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  [[nodiscard]] bool goes_on_in_block(std::size_t size) const;
  void append_to_blocks(Bytes bytes, std::vector<Piece>& pieces);
  void release_unused_blocks();

  BlockPool& pool_;
  std::vector<Piece> pieces_;
  std::vector<std::unique_ptr<Block>> blocks_;  // in use by some piece, or the last
  std::size_t last_used_ = 0;                   // bytes used of blocks_.back()
  std::size_t size_ = 0;
};

}  // namespace banyan::net
