#include "proxy/net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace banyan::net {
namespace {

constexpr std::size_t slot_of(std::int64_t tick) {
  return static_cast<std::size_t>(tick & (TimerWheel::kSlots - 1));
}

}  // namespace

void Timer::move_to_slot() {
  wheel_.skip_silence();
  if (link_ != nullptr) wheel_.unlink(*this);
  wheel_.link(*this);
}

// Nothing advances a wheel without a timer, so it may be far behind. Not while a slot is visited: a
// timer that is set there and lies far ahead would come into the same slot again, for ever.
void TimerWheel::skip_silence() {
  if (count_ == 0 && !advancing_) tick_ = std::max(tick_, tick_of(now(), false));
}

void TimerWheel::link(Timer& timer) {
  const std::int64_t first = tick_ + 1;
  timer.slot_tick_ = std::clamp(timer.deadline_tick_, first, tick_ + kSlots - 1);
  const std::size_t slot = slot_of(timer.slot_tick_);
  timer.next_ = slots_[slot];
  if (timer.next_ != nullptr) timer.next_->link_ = &timer.next_;
  timer.link_ = &slots_[slot];
  slots_[slot] = &timer;
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  soonest_ = std::min(soonest_, timer.slot_tick_);
  ++count_;
}

void TimerWheel::unlink(Timer& timer) {
  *timer.link_ = timer.next_;
  if (timer.next_ != nullptr) timer.next_->link_ = timer.link_;
  timer.next_ = nullptr;
  timer.link_ = nullptr;
  --count_;
  const std::size_t slot = slot_of(timer.slot_tick_);
  if (slots_[slot] == nullptr) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

void TimerWheel::visit_slot(std::int64_t tick) {
  const std::size_t slot = slot_of(tick);
  // Timers that a callback sets land in later slots, so this loop ends.
  while (Timer* timer = slots_[slot]) {
    unlink(*timer);
    if (!timer->is_set_) continue;
    if (timer->deadline_tick_ > tick) {
      link(*timer);
      continue;
    }
    timer->is_set_ = false;
    timer->fire_(timer->self_);
  }
}

void TimerWheel::advance() {
  const std::int64_t target = tick_of(now(), false);
  advancing_ = true;
  while (tick_ < target) {
    if (count_ == 0) {
      tick_ = target;
      break;
    }
    ++tick_;
    visit_slot(tick_);
  }
  advancing_ = false;
}

std::optional<std::int64_t> TimerWheel::first_occupied() const {
  if (count_ == 0) return std::nullopt;
  const std::int64_t first = tick_ + 1;
  for (std::int64_t ahead = 0; ahead < kSlots;) {
    const std::size_t slot = slot_of(first + ahead);
    const std::uint64_t rest = occupied_[slot / 64] >> (slot % 64);
    if (rest != 0) return first + ahead + std::countr_zero(rest);
    ahead += static_cast<std::int64_t>(64 - slot % 64);
  }
  return std::nullopt;
}

std::optional<SteadyTime> TimerWheel::next() {
  const std::optional<std::int64_t> tick = first_occupied();
  told_ = soonest_ = tick.value_or(kNever);
  return tick ? std::optional(origin_ + kTick * *tick) : std::nullopt;
}

}  // namespace banyan::net
