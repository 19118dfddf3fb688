#include "proxy/exchange/orphaned_answer.h"

#include <algorithm>
#include <utility>

#include "proxy/comparison/outcome.h"
#include "proxy/exchange/forwarding.h"

namespace banyan::exchange {

OrphanedAnswer::OrphanedAnswer(Owner& owner, net::Loop& loop, Remains remains, CountedPlace place)
    : owner_(owner),
      loop_(loop),
      remains_(std::move(remains)),
      place_(std::move(place)),
      timer_(net::Timer::calling<&OrphanedAnswer::on_timeout>(loop.timers(), this)),
      due_(loop.timers().now() + migration().settings->shadow->timeout) {}

OrphanedAnswer::~OrphanedAnswer() = default;

void OrphanedAnswer::read_on() {
  remains_.lease->report_to(*this);
  remains_.lease->resume_reading();  // the client may have been slow
  arm_timer();
}

// The answer shows that the request has left.
void OrphanedAnswer::launch_shadow() {
  if (!remains_.unsent) return;
  remains_.shadow = owner_.launch(std::move(*remains_.unsent));
  remains_.unsent.reset();
  if (remains_.shadow == 0) finish(shadow::Outcome::abandoned);
}

void OrphanedAnswer::on_stream_response(ResponseHead& head) {
  remains_.head_seen = true;
  launch_shadow();
  if (over_) return;
  forward_response(head, false);
  from_arm(migration().form(remains_.arm, remains_.matched), remains_.authority, head);
  remains_.recording.head(head);
  arm_timer();
}

void OrphanedAnswer::on_stream_body(Bytes bytes) {
  remains_.recording.body(bytes);
  if (remains_.recording.over_budget()) return finish(shadow::Outcome::over_budget);
  arm_timer();
}

void OrphanedAnswer::on_stream_end() { finish(shadow::Outcome::answered); }

// Nobody asks again: what a retry would have brought is not known. A kept connection that was just
// being closed, or did not process the request, is no failure of the upstream; one that could not
// be made is.
void OrphanedAnswer::on_stream_error(Error error) {
  const bool is_stale = error.code == ErrorCode::upstream_reset && error.retry != Retry::unsafe;
  if (!is_stale) migration().cluster(remains_.arm).on_primary_failure();
  finish(comparison::outcome_of(error.code));
}

void OrphanedAnswer::on_timeout() { finish(shadow::Outcome::timed_out); }

void OrphanedAnswer::abandon() { finish(shadow::Outcome::abandoned); }

void OrphanedAnswer::arm_timer() {
  const config::Timeouts& timeouts = migration().timeouts[static_cast<std::size_t>(remains_.arm)];
  const Milliseconds wait = remains_.head_seen ? timeouts.idle : timeouts.response;
  timer_.set(std::min(due_, loop_.timers().now() + wait));
}

void OrphanedAnswer::finish(shadow::Outcome outcome) {
  if (std::exchange(over_, true)) return;
  timer_.cancel();
  remains_.lease.reset();
  place_.give_back();
  if (remains_.unsent) migration().count_skip(shadow::Skip::not_sent, other(remains_.arm));
  if (remains_.shadow != 0) {
    const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - remains_.started);
    owner_.primary_finished(remains_.shadow, remains_.recording.finish(outcome, latency));
  }
  owner_.on_orphan_over(*this);
}

}  // namespace banyan::exchange
