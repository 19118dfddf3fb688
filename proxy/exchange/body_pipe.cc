#include "proxy/exchange/body_pipe.h"

#include <utility>

namespace banyan::exchange {

void BodyPipe::push(Bytes bytes) {
  bytes_ += bytes.size();
  if (open_) return consumer_.take_body(bytes);
  buffer_.append(bytes);
  if (buffer_.size() > kBufferHigh) pause();
}

void BodyPipe::end() {
  ended_ = true;
  if (!open_ || std::exchange(end_told_, true)) return;
  consumer_.take_body_end();
}

std::string BodyPipe::open() {
  open_ = true;
  std::string held;
  if (!buffer_.empty()) held.swap(buffer_);
  if (!held.empty()) consumer_.take_body(held);
  if (ended_) {
    end();
  } else if (!blocked_) {
    resume();
  }
  return held;
}

void BodyPipe::on_blocked() {
  blocked_ = true;
  pause();
}

void BodyPipe::on_writable() {
  blocked_ = false;
  resume();
}

void BodyPipe::pause() {
  if (!std::exchange(paused_, true)) producer_.pause_body();
}

void BodyPipe::resume() {
  if (std::exchange(paused_, false)) producer_.resume_body();
}

}  // namespace banyan::exchange
