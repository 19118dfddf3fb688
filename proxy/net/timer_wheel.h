// proxy/net/timer_wheel.h: many timers, one clock event. Pure: the clock is an argument.
//
// A wheel of kSlots ticks of kTick. Setting, extending and cancelling are O(1). Extending a
// deadline only stores it, and cancelling only says so: the timer is looked at when its old slot
// comes up, and moves on or leaves the wheel then ("lazy"). So an idle timeout that every request
// pushes back, or takes off and sets again, costs a few stores.
//
// A timer fires no earlier than its deadline and at most one tick late, plus whatever the caller
// is late. Deadlines farther than the wheel reaches wait in its last slot and move on.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"

namespace banyan::net {

class TimerWheel;

// Embedded in the object that waits; destroying it cancels it.
class Timer {
 public:
  using Fire = void (*)(void* self);

  Timer(TimerWheel& wheel, Fire fire, void* self) : wheel_(wheel), fire_(fire), self_(self) {}
  // Timer::calling<&Connection::on_idle>(wheel, this)
  template <auto Member, class T>
  [[nodiscard]] static Timer calling(TimerWheel& wheel, T* self) {
    return Timer(
        wheel, [](void* s) { (static_cast<T*>(s)->*Member)(); }, self);
  }
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Fires once, at `deadline`. Replaces an earlier deadline.
  void set(SteadyTime deadline);
  void set_in(Milliseconds delay);
  void cancel() { is_set_ = false; }
  [[nodiscard]] bool is_set() const { return is_set_; }

 private:
  friend class TimerWheel;
  void move_to_slot();

  TimerWheel& wheel_;
  Fire fire_;
  void* self_;
  std::int64_t deadline_tick_ = 0;
  Timer* next_ = nullptr;
  Timer** link_ = nullptr;  // who points at us; nullptr: in no slot
  std::int64_t slot_tick_ = 0;
  bool is_set_ = false;
};

class TimerWheel {
 public:
  static constexpr Milliseconds kTick{16};
  static constexpr std::int64_t kSlots = 4096;  // reaches 65 s

  // Tells the time of the current callback; it may be as coarse as a millisecond. `of` is handed
  // back and outlives the wheel.
  struct Clock {
    SteadyTime (*read)(const void* of);
    const void* of;
  };

  explicit TimerWheel(Clock clock) : clock_(clock), origin_(now()) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Fires everything that is due. Callbacks may set and cancel any timer.
  void advance();
  // When advance() is needed next at the earliest, be it only to find a timer that was cancelled;
  // nothing where the wheel is empty.
  [[nodiscard]] std::optional<SteadyTime> next();
  // Whether a call of next() could now say something earlier than its last one did. One compare.
  [[nodiscard]] bool may_be_sooner() const { return soonest_ < told_; }
  [[nodiscard]] SteadyTime now() const { return clock_.read(clock_.of); }

 private:
  friend class Timer;

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  [[nodiscard]] std::optional<std::int64_t> first_occupied() const;
  [[nodiscard]] std::int64_t tick_of(SteadyTime t, bool round_up) const;
  void skip_silence();
  void link(Timer& timer);
  void unlink(Timer& timer);
  void visit_slot(std::int64_t tick);

  Clock clock_;
  SteadyTime origin_;
  std::int64_t tick_ = 0;  // every slot up to this tick was visited
  std::size_t count_ = 0;
  std::int64_t soonest_ = kNever;  // no linked timer's slot comes before it, since the last next()
  std::int64_t told_ = kNever;     // the slot that next() told
  bool advancing_ = false;         // tick_ moves slot by slot, and by nothing else
  std::array<Timer*, static_cast<std::size_t>(kSlots)> slots_{};
  std::array<std::uint64_t, static_cast<std::size_t>(kSlots / 64)> occupied_{};
};

inline Timer::~Timer() {
  if (link_ != nullptr) wheel_.unlink(*this);
}

inline void Timer::set(SteadyTime deadline) {
  deadline_tick_ = wheel_.tick_of(deadline, true);
  is_set_ = true;
  if (link_ == nullptr || deadline_tick_ < slot_tick_) move_to_slot();
}

inline void Timer::set_in(Milliseconds delay) { set(wheel_.now() + delay); }

inline std::int64_t TimerWheel::tick_of(SteadyTime t, bool round_up) const {
  return (t - origin_ + (round_up ? kTick : Milliseconds(0))) / kTick;
}

}  // namespace banyan::net
