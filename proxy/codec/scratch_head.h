// proxy/codec/scratch_head.h: the head that a codec fills, one for each thread instead of one for
// each connection, so that an idle connection owns none and a busy one allocates none.
#pragma once

#include <memory>

#include "base/message.h"

namespace banyan::codec {

// What a head may keep in memory between two messages.
inline constexpr std::size_t kScratchHeadBytesKeptMax = std::size_t{64} * 1024;

// An empty head for as long as this object lives. Where one is already in use further up the
// stack, it is a fresh one.
template <class Head>
class ScratchHead {
 public:
  ScratchHead() : slot_(slot()) {
    if (slot_.taken) {
      own_ = std::make_unique<Head>();
    } else {
      slot_.taken = true;
      slot_.head.clear();
    }
  }
  ~ScratchHead() {
    if (own_) return;
    slot_.head.headers.shrink(kScratchHeadBytesKeptMax);
    slot_.taken = false;
  }
  ScratchHead(const ScratchHead&) = delete;
  ScratchHead& operator=(const ScratchHead&) = delete;

  [[nodiscard]] Head& operator*() { return own_ ? *own_ : slot_.head; }
  [[nodiscard]] Head* operator->() { return &**this; }

 private:
  struct Slot {
    Head head;
    bool taken = false;
  };
  static Slot& slot() {
    thread_local Slot one;
    return one;
  }

  Slot& slot_;
  std::unique_ptr<Head> own_;
};

}  // namespace banyan::codec
