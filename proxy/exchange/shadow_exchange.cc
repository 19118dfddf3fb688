#include "proxy/exchange/shadow_exchange.h"

#include <utility>

#include "proxy/comparison/outcome.h"
#include "proxy/exchange/forwarding.h"
#include "proxy/exchange/grpc.h"
#include "proxy/exchange/retry_policy.h"

namespace banyan::exchange {

ShadowExchange::ShadowExchange(Owner& owner, net::Loop& loop, std::uint64_t id,
                               ShadowRequest&& request)
    : owner_(owner),
      id_(id),
      request_(std::move(request)),
      recording_(reservation_for(*request_.plan, migration())),
      timer_(net::Timer::calling<&ShadowExchange::on_timeout>(loop.timers(), this)) {}

ShadowExchange::~ShadowExchange() = default;

std::optional<shadow::Skip> ShadowExchange::start() {
  const config::Shadow& settings = *migration().settings->shadow;
  const upstream::LeaseWish wish{
      .idle_max = kUnrepeatableIdleMax,
      .bound = {&migration().ledger->connections, settings.max_connections}};
  Result<upstream::Lease> lease = migration().cluster(arm()).lane(Role::shadow).lease(*this, wish);
  const bool no_room = !lease && lease.error().code == ErrorCode::pending_overflow;
  if (no_room) return shadow::Skip::connections;
  started_ = std::chrono::steady_clock::now();
  timer_.set_in(settings.timeout);
  if (lease) {
    lease_ = std::move(*lease);
    if (lease_->ready()) send();
  } else {
    finish(comparison::outcome_of(lease.error().code));
  }
  return std::nullopt;
}

void ShadowExchange::on_stream_ready() { send(); }

void ShadowExchange::send() {
  if (migration().stops_shadows_to(arm())) return finish(shadow::Outcome::abandoned);
  sent_ = true;
  lease_->send_head(request_.head);
  if (!request_.body.bytes.empty()) lease_->send_body(request_.body.bytes);
  send_trailers();
  lease_->send_end();
}

void ShadowExchange::send_trailers() {
  const HeaderEdits& edits = migration().settings->shadow->headers;
  Headers trailers;
  trailers.add_from(request_.body.trailers, [&](const Header& h) { return !edits.drops(h.name); });
  if (!trailers.empty()) lease_->send_trailers(trailers);
}

void ShadowExchange::on_stream_response(ResponseHead& head) {
  status_ = head.status;
  if (request_.grpc) grpc_status_ = grpc_status_in(head.headers);
  forward_response(head, false);
  from_arm(migration().form(arm(), request_.matched), request_.authority, head);
  recording_.head(head);
}

void ShadowExchange::on_stream_body(Bytes bytes) {
  recording_.body(bytes);
  if (recording_.over_budget()) finish(shadow::Outcome::over_budget);
}

void ShadowExchange::on_stream_trailers(const Headers& trailers) {
  if (request_.grpc) grpc_status_ = grpc_status_in(trailers);
  recording_.trailers(trailers);
}

void ShadowExchange::on_stream_end() { finish(shadow::Outcome::answered); }

void ShadowExchange::on_stream_error(Error error) {
  finish(comparison::shadow_outcome_of(error, sent_));
}

void ShadowExchange::on_timeout() { finish(shadow::Outcome::timed_out); }

void ShadowExchange::abandon() {
  if (!shadow_) finish(shadow::Outcome::abandoned);
}

void ShadowExchange::finish(shadow::Outcome outcome) {
  if (shadow_) return;
  timer_.cancel();
  lease_.reset();
  request_.admission = comparison::Admission();
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started_);
  count(outcome, latency);
  shadow_ = recording_.finish(outcome, latency);
  tell_if_complete();
}

void ShadowExchange::count(shadow::Outcome outcome, std::chrono::microseconds latency) {
  observe::ArmStats& stats = migration().stats->of(arm(), Role::shadow);
  stats.requests[observe::code_class(status_)].add();
  stats.duration.observe(latency);
  if (!request_.grpc) return;
  const int status = outcome == shadow::Outcome::answered
                         ? grpc_status_.value_or(grpc_status_of_http(status_))
                         : grpc_status_of(outcome);
  stats.grpc_requests[static_cast<std::size_t>(status)].add();
}

void ShadowExchange::primary_finished(comparison::Recording::Finished&& primary) {
  primary_ = std::move(primary);
  // There is nothing to compare with: what the shadow says is not worth its load.
  if (primary_->response.outcome != shadow::Outcome::answered) abandon();
  tell_if_complete();
}

void ShadowExchange::tell_if_complete() {
  if (!shadow_ || !primary_ || std::exchange(told_, true)) return;
  owner_.on_pair_complete(*this);
}

}  // namespace banyan::exchange
