// proxy/net/turns.h: what costs a loop so much that only a few of it are done in one iteration.
//
// Whoever may not go on at once waits in line, first come, first served. Loop thread only; one for
// each loop, which calls serve() while somebody waits and end_iteration() in every iteration.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

namespace banyan::net {

class Turns;

class Turn {
 public:
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 protected:
  Turn() = default;
  virtual ~Turn() = default;
  virtual void on_turn() = 0;

 private:
  friend class Turns;
  std::size_t number_ = 0;  // in the line; 0: not in it
};

class Turns {
 public:
  static constexpr std::size_t kEachIteration = 5;

  // True: go on now. False: wait().
  [[nodiscard]] bool take() {
    if (waiting() || taken_ >= kEachIteration) return false;
    ++taken_;
    return true;
  }
  // on_turn() comes in a later iteration. At most once in the line.
  void wait(Turn& turn) {
    if (turn.number_ != 0) return;
    turn.number_ = first_ + line_.size();
    line_.push_back(&turn);
  }
  void cancel(Turn& turn) {
    if (turn.number_ == 0) return;
    line_[std::exchange(turn.number_, 0) - first_] = nullptr;
  }
  [[nodiscard]] bool waiting() const { return !line_.empty(); }

  // The turns of one iteration, of those who wait.
  void serve() {
    served_ = true;
    for (taken_ = 0; taken_ < kEachIteration && waiting();) {
      Turn* const next = line_.front();
      line_.pop_front();
      ++first_;
      if (next == nullptr) continue;  // cancelled
      ++taken_;
      next->number_ = 0;
      next->on_turn();
    }
  }
  void end_iteration() {
    if (!served_) taken_ = 0;
    served_ = false;
  }

 private:
  std::deque<Turn*> line_;
  std::size_t first_ = 1;  // the number of the one in front
  std::size_t taken_ = 0;
  bool served_ = false;
};

}  // namespace banyan::net
