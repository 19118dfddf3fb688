// base/bytes.h: how bytes are passed around.
#pragma once

#include <string_view>

namespace banyan {

// Borrowed bytes, valid until the called function returns. Whoever needs them longer copies them.
using Bytes = std::string_view;

// Where bytes are written to, in order. A codec writes into one, a transport is one.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;

  // Takes a copy. For what is small or short-lived.
  virtual void copy(Bytes bytes) = 0;
  // May refer to `bytes` until the end of the loop iteration; what is not written by then is
  // copied. Only for bytes of the current read: nothing else is promised to live that long.
  virtual void borrow(Bytes bytes) = 0;
};

}  // namespace banyan
