// proxy/net/loop.h: one libuv loop and what everything on it shares.
//
//   one iteration:  timers -> prepare -> poll (reads, accepts, mailbox)
//   in prepare, and before timers fire:
//                primary writes -> what waited for them -> shadow writes -> deletes
//
// So every connection writes once per iteration, the primary's bytes are handed to the kernel
// before any shadow's, and nothing is destroyed while its own function runs.
// Everything but post() is for the loop's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/arm.h"
#include "base/bytes.h"
#include "base/time.h"
#include "proxy/net/block_pool.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/net/turns.h"

struct uv_loop_s;

namespace banyan::net {

// Something with bytes to write at the end of the iteration. At most once in the list.
class Flushable {
 public:
  virtual void flush() = 0;

 protected:
  virtual ~Flushable() = default;

 private:
  friend class FlushList;
  std::size_t flush_at_ = 0;  // 1-based place in its list; 0: not in it
};

class FlushList {
 public:
  void add(Flushable& f);
  void remove(Flushable& f);
  void run();
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  std::vector<Flushable*> waiting_;  // nullptr: removed meanwhile
};

// Told once, after the primary's writes of this iteration.
class AfterFlush {
 public:
  virtual void on_flushed() = 0;

 protected:
  virtual ~AfterFlush() = default;

 private:
  friend class Loop;
  std::size_t after_at_ = 0;
};

class Loop {
 public:
  // All reads of the loop land here, one behind the other, and stay until the iteration ends.
  static constexpr std::size_t kReadSlabBytes = 256 * 1024;
  static constexpr std::size_t kReadMin = 64 * 1024;

  Loop();
  ~Loop();  // closes what is left and waits for it
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop()
  void stop();  // takes effect at the end of the iteration
  // After run(): what was given to defer_delete() since then ends now.
  void finish_deletes() { doomed_.run(); }

  // Any thread: `task` runs on this loop, in the order of posting. Tasks posted after the loop has
  // stopped are destroyed without being run.
  void post(std::function<void()> task);

  void defer_delete(std::unique_ptr<Deferrable> object) { doomed_.add(std::move(object)); }
  [[nodiscard]] TimerWheel& timers() { return timers_; }
  [[nodiscard]] BlockPool& blocks() { return blocks_; }
  [[nodiscard]] FlushList& flush_list(Role role) {
    return role == Role::primary ? primary_ : shadow_;
  }
  // Of handshakes.
  [[nodiscard]] Turns& turns() { return turns_; }
  void after_flush(AfterFlush& waiter);
  void cancel_after_flush(AfterFlush& waiter);

  // For the transports of this folder.
  [[nodiscard]] uv_loop_s* uv() { return uv_.get(); }
  [[nodiscard]] Bytes::size_type read_room() const { return kReadSlabBytes - slab_used_; }
  [[nodiscard]] char* read_place() { return slab_.get() + slab_used_; }
  // `n` bytes were read at read_place(). Flushes when the slab is nearly full, so that there is
  // always room for kReadMin.
  void read_done(std::size_t n);

 private:
  struct Handles;
  void end_of_iteration();
  void flush_all();
  void run_after_flush();
  void run_posted();
  void serve_turns();
  void arm_clock();
  void on_clock();

  std::unique_ptr<uv_loop_s> uv_;
  std::unique_ptr<Handles> handles_;
  TimerWheel timers_;
  bool clock_rang_ = false;  // and was not armed again
  BlockPool blocks_;
  Turns turns_;
  bool serving_turns_ = false;  // in the next iteration, which does not wait for events
  DeferredDelete doomed_;
  FlushList primary_;
  FlushList shadow_;
  std::vector<AfterFlush*> after_flush_;
  std::vector<AfterFlush*> after_flush_running_;
  std::unique_ptr<char[]> slab_;
  std::size_t slab_used_ = 0;

  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::vector<std::function<void()>> posted_running_;
};

}  // namespace banyan::net
