// proxy/codec/head_buffer.h: one head or trailer section, whole, copied only if it came in pieces.
#pragma once

#include <string>

#include "proxy/codec/head_scanner.h"

namespace banyan::codec {

class HeadBuffer {
 public:
  using Step = HeadScanner::Step;

  // Takes its part off the front of `in`. On `complete`, `section` is the whole section without
  // leading blank lines: inside `in` where it came in one piece, else inside this buffer; valid
  // until the next reset() and as long as `in` is.
  [[nodiscard]] Step take(Bytes& in, const ScanLimits& limits, Bytes& section);
  // Ready for the next section. Gives the memory back.
  void reset();

  [[nodiscard]] HeadFault fault() const { return scanner_.fault(); }
  [[nodiscard]] bool begun() const { return scanner_.begun(); }
  // Nothing was taken yet: the section lies whole in front of the reader, if it does.
  [[nodiscard]] bool untouched() const { return scanner_.untouched(); }

 private:
  HeadScanner scanner_;
  std::string bytes_;
};

}  // namespace banyan::codec
