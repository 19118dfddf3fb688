#include "proxy/codec/head_buffer.h"

namespace banyan::codec {

HeadBuffer::Step HeadBuffer::take(Bytes& in, const ScanLimits& limits, Bytes& section) {
  std::size_t taken = 0;
  const Step step = scanner_.scan(in, limits, taken);
  const Bytes piece = in.substr(0, taken);
  in.remove_prefix(taken);
  if (step == Step::refused) return step;
  if (step == Step::complete && bytes_.empty()) {
    section = piece.substr(scanner_.leading());
    return step;
  }
  bytes_.append(piece);
  if (step == Step::complete) section = Bytes(bytes_).substr(scanner_.leading());
  return step;
}

void HeadBuffer::reset() {
  scanner_.reset();
  if (!bytes_.empty()) std::string().swap(bytes_);
}

}  // namespace banyan::codec
