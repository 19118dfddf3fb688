// proxy/codec/http2_body_queue.h: the body of one stream on its way into DATA frames.
//
// Bytes are offered, and go out by reference as far as both windows allow. What is left is held: a
// copy, bounded by whoever offers, who is to pause above kHeldHigh and may go on below kHeldLow.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace banyan::codec {

class Http2BodyQueue {
 public:
  static constexpr std::size_t kHeldHigh = std::size_t{64} * 1024;
  static constexpr std::size_t kHeldLow = std::size_t{16} * 1024;

  // Behind what is held. Good until hold() only.
  void offer(Bytes bytes) { offered_ = bytes; }
  void hold() {
    if (offered_.empty()) return;
    if (taken_ > 0) held_.erase(0, taken_);
    taken_ = 0;
    held_.append(offered_);
    offered_ = {};
  }

  [[nodiscard]] std::size_t size() const { return held_.size() - taken_ + offered_.size(); }
  // How much of `bytes_max` one write() can take.
  [[nodiscard]] std::size_t next(std::size_t bytes_max) const {
    const std::size_t held = held_.size() - taken_;
    return std::min(bytes_max, held > 0 ? held : offered_.size());
  }
  // `size` bytes, of which next() told.
  void write(ByteSink& sink, std::size_t size) {
    if (held_.size() == taken_) {
      sink.borrow(offered_.substr(0, size));
      offered_.remove_prefix(size);
      return;
    }
    sink.copy({held_.data() + taken_, size});
    taken_ += size;
    if (taken_ < held_.size()) return;
    held_.clear();
    taken_ = 0;
  }

  void clear() {
    offered_ = {};
    taken_ = 0;
    held_.clear();
    if (held_.capacity() > kHeldHigh) std::string().swap(held_);
  }

 private:
  Bytes offered_;
  std::string held_;
  std::size_t taken_ = 0;  // of held_
};

}  // namespace banyan::codec
