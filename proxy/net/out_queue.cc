#include "proxy/net/out_queue.h"

#include <algorithm>
#include <cstring>

namespace banyan::net {

void OutQueue::append_to_blocks(Bytes bytes, std::vector<Piece>& pieces) {
  while (!bytes.empty()) {
    if (blocks_.empty() || last_used_ == Block::kBytes) {
      blocks_.push_back(pool_.take());
      last_used_ = 0;
    }
    char* to = blocks_.back()->bytes.data() + last_used_;
    const std::size_t n = std::min(bytes.size(), Block::kBytes - last_used_);
    std::memcpy(to, bytes.data(), n);
    last_used_ += n;
    bytes.remove_prefix(n);
    const bool continues = !pieces.empty() && pieces.back().data + pieces.back().size == to;
    if (continues && !pieces.back().borrowed) {
      pieces.back().size += n;
    } else {
      pieces.push_back({to, n, false});
    }
  }
}

void OutQueue::copy(Bytes bytes) {
  size_ += bytes.size();
  if (!goes_on_in_block(bytes.size())) return append_to_blocks(bytes, pieces_);
  std::memcpy(blocks_.back()->bytes.data() + last_used_, bytes.data(), bytes.size());
  last_used_ += bytes.size();
  pieces_.back().size += bytes.size();
}

// The last piece ends where the next bytes of the last block begin, and there is room for these.
bool OutQueue::goes_on_in_block(std::size_t size) const {
  if (pieces_.empty() || pieces_.back().borrowed || Block::kBytes - last_used_ < size) return false;
  const Piece& last = pieces_.back();
  return last.data + last.size == blocks_.back()->bytes.data() + last_used_;
}

void OutQueue::borrow(Bytes bytes) {
  if (bytes.size() < kBorrowMin) return copy(bytes);
  pieces_.push_back({bytes.data(), bytes.size(), true});
  size_ += bytes.size();
}

void OutQueue::consume(std::size_t n) {
  if (n == size_) return clear();
  size_ -= n;
  std::size_t gone = 0;
  while (gone < pieces_.size() && n >= pieces_[gone].size) n -= pieces_[gone++].size;
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(gone));
  if (n > 0) {
    pieces_.front().data += n;
    pieces_.front().size -= n;
  }
  release_unused_blocks();
}

void OutQueue::settle() {
  if (empty()) return;
  const bool any = std::any_of(pieces_.begin(), pieces_.end(), [](auto& p) { return p.borrowed; });
  if (!any) return;
  std::vector<Piece> settled;
  settled.reserve(pieces_.size());
  for (const Piece& p : pieces_) {
    if (p.borrowed) {
      append_to_blocks({p.data, p.size}, settled);
    } else {
      settled.push_back(p);
    }
  }
  pieces_.swap(settled);
}

void OutQueue::clear() {
  pieces_.clear();
  size_ = 0;
  last_used_ = 0;
  while (!blocks_.empty()) {
    pool_.give(std::move(blocks_.back()));
    blocks_.pop_back();
  }
}

void OutQueue::release_unused_blocks() {
  const auto unused = [this](const std::unique_ptr<Block>& block) {
    const char* first = block->bytes.data();
    return std::none_of(pieces_.begin(), pieces_.end(), [first](const Piece& p) {
      return p.data >= first && p.data < first + Block::kBytes;
    });
  };
  // The last block is where the next bytes go.
  for (std::size_t i = 0; i + 1 < blocks_.size();) {
    if (!unused(blocks_[i])) {
      ++i;
      continue;
    }
    pool_.give(std::move(blocks_[i]));
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace banyan::net
