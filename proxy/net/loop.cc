#include "proxy/net/loop.h"

#include <uv.h>

#include <algorithm>
#include <utility>

namespace banyan::net {

void FlushList::add(Flushable& f) {
  if (f.flush_at_ != 0) return;
  waiting_.push_back(&f);
  f.flush_at_ = waiting_.size();
}

void FlushList::remove(Flushable& f) {
  if (f.flush_at_ == 0) return;
  waiting_[f.flush_at_ - 1] = nullptr;
  f.flush_at_ = 0;
}

void FlushList::run() {
  // flush() may add more; those are written in the same run.
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    Flushable* f = waiting_[i];
    if (f == nullptr) continue;
    f->flush_at_ = 0;
    f->flush();
  }
  waiting_.clear();
}

namespace {

// Initialised before the timer wheel asks it for the time.
std::unique_ptr<uv_loop_t> initialised_loop() {
  auto loop = std::make_unique<uv_loop_t>();
  uv_loop_init(loop.get());
  return loop;
}

}  // namespace

struct Loop::Handles {
  uv_prepare_t prepare;
  uv_async_t wake;
  uv_timer_t clock;
  uv_idle_t turns;
};

Loop::Loop()
    : uv_(initialised_loop()),
      handles_(new Handles),
      timers_({[](const void* loop) {
                 return SteadyTime(Milliseconds(uv_now(static_cast<const uv_loop_t*>(loop))));
               },
               uv_.get()}),
      slab_(new char[kReadSlabBytes]) {
  uv_prepare_init(uv_.get(), &handles_->prepare);
  uv_timer_init(uv_.get(), &handles_->clock);
  uv_idle_init(uv_.get(), &handles_->turns);
  handles_->prepare.data = handles_->clock.data = handles_->turns.data = this;
  uv_prepare_start(&handles_->prepare, [](uv_prepare_t* h) {
    auto* loop = static_cast<Loop*>(h->data);
    loop->end_of_iteration();
    loop->turns_.end_iteration();
    if (loop->turns_.waiting() != loop->serving_turns_) loop->serve_turns();
    loop->arm_clock();
  });
  uv_async_init(uv_.get(), &handles_->wake,
                [](uv_async_t* h) { static_cast<Loop*>(h->data)->run_posted(); });
  handles_->wake.data = this;
}

Loop::~Loop() {
  end_of_iteration();
  uv_walk(
      uv_.get(),
      [](uv_handle_t* h, void*) {
        if (uv_is_closing(h) == 0) uv_close(h, nullptr);
      },
      nullptr);
  uv_run(uv_.get(), UV_RUN_DEFAULT);
  uv_loop_close(uv_.get());
}

void Loop::run() {
  uv_run(uv_.get(), UV_RUN_DEFAULT);
  end_of_iteration();  // stop() ends the loop behind its poll
}

void Loop::stop() { uv_stop(uv_.get()); }

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  uv_async_send(&handles_->wake);
}

void Loop::run_posted() {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_running_.swap(posted_);
  }
  for (const auto& task : posted_running_) task();
  posted_running_.clear();
}

void Loop::end_of_iteration() {
  flush_all();
  doomed_.run();
}

void Loop::flush_all() {
  primary_.run();
  run_after_flush();
  shadow_.run();
  slab_used_ = 0;
}

// An idle handle also keeps the loop from waiting for events.
void Loop::serve_turns() {
  serving_turns_ = !serving_turns_;
  if (!serving_turns_) {
    uv_idle_stop(&handles_->turns);
    return;
  }
  uv_idle_start(&handles_->turns,
                [](uv_idle_t* h) { static_cast<Loop*>(h->data)->turns_.serve(); });
}

void Loop::after_flush(AfterFlush& waiter) {
  if (waiter.after_at_ != 0) return;
  after_flush_.push_back(&waiter);
  waiter.after_at_ = after_flush_.size();
}

void Loop::cancel_after_flush(AfterFlush& waiter) {
  if (waiter.after_at_ == 0) return;
  const std::size_t at = std::exchange(waiter.after_at_, 0) - 1;
  if (at < after_flush_.size() && after_flush_[at] == &waiter) after_flush_[at] = nullptr;
  std::replace(after_flush_running_.begin(), after_flush_running_.end(), &waiter,
               static_cast<AfterFlush*>(nullptr));
}

void Loop::run_after_flush() {
  if (after_flush_.empty()) return;
  after_flush_running_.swap(after_flush_);
  for (std::size_t i = 0; i < after_flush_running_.size(); ++i) {
    AfterFlush* waiter = after_flush_running_[i];
    if (waiter == nullptr) continue;
    waiter->after_at_ = 0;
    waiter->on_flushed();
  }
  after_flush_running_.clear();
}

void Loop::read_done(std::size_t n) {
  slab_used_ += n;
  if (read_room() < kReadMin) flush_all();
}

// A clock that rings too early is harmless, and cheaper than moving it for every request.
void Loop::arm_clock() {
  if (!clock_rang_ && !timers_.may_be_sooner()) return;
  clock_rang_ = false;
  const std::optional<SteadyTime> next = timers_.next();
  if (!next) {
    uv_timer_stop(&handles_->clock);
    return;
  }
  const auto delay = std::chrono::ceil<Milliseconds>(*next - timers_.now()).count();
  uv_timer_start(
      &handles_->clock, [](uv_timer_t* h) { static_cast<Loop*>(h->data)->on_clock(); },
      static_cast<std::uint64_t>(std::max<std::int64_t>(delay, 0)), 0);
}

void Loop::on_clock() {
  clock_rang_ = true;
  end_of_iteration();  // a timer finds written what was to be written before it was set
  timers_.advance();
}

}  // namespace banyan::net
