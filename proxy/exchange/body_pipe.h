// proxy/exchange/body_pipe.h: a body on its way from one side to the other, within bounds.
//
//   producer --push()--> [buffer] --> consumer          Until the consumer is open the pipe buffers
//       ^--- pause / resume <----- blocked / writable   and pauses the producer above kBufferHigh.
//
// Once open nothing is buffered here: bytes go straight to the consumer, which says when its own
// backlog is too long. Pausing is one hop: consumer -> pipe -> producer.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace banyan::exchange {

class BodyProducer {
 public:
  virtual void pause_body() = 0;
  virtual void resume_body() = 0;

 protected:
  ~BodyProducer() = default;
};

class BodyConsumer {
 public:
  // `bytes` may be borrowed until the end of the loop iteration.
  virtual void take_body(Bytes bytes) = 0;
  virtual void take_body_end() = 0;

 protected:
  ~BodyConsumer() = default;
};

class BodyPipe {
 public:
  static constexpr std::size_t kBufferHigh = 64 * 1024;  // one read may come on top

  BodyPipe(BodyProducer& producer, BodyConsumer& consumer)
      : producer_(producer), consumer_(consumer) {}
  BodyPipe(const BodyPipe&) = delete;
  BodyPipe& operator=(const BodyPipe&) = delete;

  void push(Bytes bytes);
  void end();
  // The consumer can take bytes now. Returns what was buffered: it was handed on, and must live
  // until the end of the loop iteration.
  [[nodiscard]] std::string open();
  // A retry: the consumer will be another one. Only while no byte was handed on.
  void close() { open_ = end_told_ = blocked_ = false; }

  // Also from inside take_body().
  void on_blocked();
  void on_writable();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // pushed so far
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool paused() const { return paused_; }

 private:
  void pause();
  void resume();

  BodyProducer& producer_;
  BodyConsumer& consumer_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
  bool open_ = false;
  bool ended_ = false;
  bool end_told_ = false;
  bool blocked_ = false;  // the consumer, by its own word
  bool paused_ = false;
};

}  // namespace banyan::exchange
