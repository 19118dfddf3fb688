#include "proxy/exchange/asking.h"

#include <utility>

#include "proxy/comparison/outcome.h"
#include "proxy/exchange/forwarding.h"
#include "proxy/exchange/grpc.h"
#include "proxy/exchange/retry_policy.h"

namespace banyan::exchange {

Asking::Asking(Owner& owner, net::Loop& loop, const Question& question)
    : owner_(owner),
      question_(question),
      recording_(reservation_for(question.plan, question.migration)),
      timer_(net::Timer::calling<&Asking::on_timeout>(loop.timers(), this)) {}

std::optional<shadow::Skip> Asking::start() {
  Result<upstream::Lease> leased = lease(false);
  const bool no_room = !leased && leased.error().code == ErrorCode::pending_overflow;
  if (no_room) return shadow::Skip::connections;
  started_ = std::chrono::steady_clock::now();
  timer_.set_in(question_.migration.settings->shadow->timeout);
  if (leased) {
    hold(std::move(*leased), started_);
  } else {
    finish(comparison::outcome_of(leased.error().code));
  }
  return std::nullopt;
}

Result<upstream::Lease> Asking::lease(bool fresh) {
  const MigrationPlan& migration = question_.migration;
  const upstream::LeaseWish wish{
      .fresh = fresh,
      .idle_max = kUnrepeatableIdleMax,
      .bound = {&migration.ledger->connections, migration.settings->shadow->max_connections}};
  return migration.cluster(question_.arm).lane(Role::shadow).lease(*this, wish);
}

void Asking::hold(upstream::Lease&& lease, SteadyTime now) {
  lease_ = std::move(lease);
  if (lease_->ready()) send(now);
}

void Asking::on_stream_ready() { send(std::chrono::steady_clock::now()); }

void Asking::send(SteadyTime now) {
  if (question_.migration.stops_shadows_to(question_.arm)) {
    return finish(shadow::Outcome::abandoned);
  }
  sent_at_ = now;
  lease_->send_head(question_.head);
  if (!question_.body.empty()) lease_->send_body(question_.body);
  send_trailers();
  lease_->send_end();
}

void Asking::send_trailers() {
  if (question_.trailers.empty()) return;
  const HeaderEdits& edits = question_.migration.settings->shadow->headers;
  Headers trailers;
  trailers.add_from(question_.trailers, [&](const Header& h) { return !edits.drops(h.name); });
  if (!trailers.empty()) lease_->send_trailers(trailers);
}

void Asking::on_stream_response(ResponseHead& head) {
  status_ = head.status;
  if (question_.grpc) grpc_status_ = grpc_status_in(head.headers);
  forward_response(head, false);
  from_arm(question_.migration.form(question_.arm, question_.matched), question_.authority, head);
  recording_.head(head);
}

void Asking::on_stream_body(Bytes bytes) {
  recording_.body(bytes);
  if (recording_.over_budget()) finish(shadow::Outcome::over_budget);
}

void Asking::on_stream_trailers(const Headers& trailers) {
  if (question_.grpc) grpc_status_ = grpc_status_in(trailers);
  recording_.trailers(trailers);
}

void Asking::on_stream_end() { finish(shadow::Outcome::answered); }

void Asking::on_stream_error(Error error) {
  const shadow::Outcome outcome = comparison::shadow_outcome_of(error, sent_at_.has_value());
  may_ask_again(error, outcome) ? ask_again() : finish(outcome);
}

// Upstreams close kept connections when they like (RFC 9112 §9.3.1), and that costs no pair where
// the request can not have happened twice.
bool Asking::may_ask_again(const Error& error, shadow::Outcome outcome) const {
  if (outcome != shadow::Outcome::stale_connection || asked_again_ || status_ != 0) return false;
  return has_had_no_effect(error.retry) || is_repeatable(question_.head);
}

// Within the same time: its timer runs on.
void Asking::ask_again() {
  asked_again_ = true;
  sent_at_.reset();
  lease_.reset();
  Result<upstream::Lease> leased = lease(true);
  if (!leased) return finish(shadow::Outcome::stale_connection);
  question_.migration.cluster(question_.arm).stats().retries.add();
  hold(std::move(*leased), std::chrono::steady_clock::now());
}

void Asking::on_timeout() { finish(shadow::Outcome::timed_out); }

void Asking::abandon() {
  if (!over()) finish(shadow::Outcome::abandoned);
}

void Asking::finish(shadow::Outcome outcome) {
  if (over()) return;
  timer_.cancel();
  lease_.reset();
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started_);
  count(outcome, latency);
  answer_ = recording_.finish(outcome, latency);
  owner_.on_answer(*this);
}

void Asking::count(shadow::Outcome outcome, std::chrono::microseconds latency) {
  observe::ArmStats& stats = question_.migration.stats->of(question_.arm, question_.role);
  stats.requests[observe::code_class(status_)].add();
  stats.duration.observe(latency);
  if (!question_.grpc) return;
  const int status = outcome == shadow::Outcome::answered
                         ? grpc_status_.value_or(grpc_status_of_http(status_))
                         : grpc_status_of(outcome);
  stats.grpc_requests[static_cast<std::size_t>(status)].add();
}

}  // namespace banyan::exchange
