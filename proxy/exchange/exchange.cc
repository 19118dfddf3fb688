#include "proxy/exchange/exchange.h"

#include <string>
#include <utility>

#include "proxy/codec/upgrade.h"
#include "proxy/comparison/outcome.h"
#include "proxy/exchange/choice.h"
#include "proxy/exchange/error_response.h"
#include "proxy/exchange/forwarding.h"
#include "proxy/exchange/grpc.h"
#include "proxy/exchange/retry_policy.h"
#include "routing/request_path.h"

namespace banyan::exchange {

Exchange::Exchange(Owner& owner, Services& services, DownstreamStream& downstream,
                   const config::Listener& listener)
    : owner_(owner),
      services_(services),
      downstream_(downstream),
      listener_(listener),
      plan_(services.plan),
      heads_(services.heads.take()),
      timer_(net::Timer::calling<&Exchange::on_timer>(services.loop.timers(), this)),
      timeouts_(&plan_->timeouts),
      started_(std::chrono::steady_clock::now()),
      adds_fields_(listener.expose_arm) {}

Exchange::~Exchange() { services_.loop.cancel_after_flush(*this); }

void Exchange::start(RequestHead& head) {
  heads_->request.swap(head);
  take_head();
  if (upgrade_) expect_tunnel();
  decide();
}

void Exchange::refuse(const RequestHead& head, Error error) {
  heads_->request = head;
  take_head();
  fail(std::move(error));
}

void Exchange::take_head() {
  const RequestHead& request = heads_->request;
  client_ = client_of(request.headers, downstream_.peer(), listener_.trusted_proxies);
  upgrade_ = request.headers.has(HeaderId::upgrade) && !codec::upgrade_of(request).empty();
  grpc_ = is_grpc(request);
  if (!grpc_) return;
  if (const auto timeout = grpc_timeout(request)) deadline_ = started_ + *timeout;
}

// ---- 1 decide ---------------------------------------------------------------------------------

void Exchange::decide() {
  const RequestHead& request = heads_->request;
  if (request.framing == Framing::content_length &&
      request.content_length > plan_->snapshot->limits.body_bytes) {
    return fail({ErrorCode::body_too_large, Side::downstream, Retry::unsafe, "limits.body_bytes"});
  }
  marked_ = listener_.trust_shadow_marker && client_.peer_trusted && is_marked(request.headers);
  if (marked_ && !is_safe(request.method) && !listener_.forward_shadow_writes) {
    return fail({ErrorCode::shadow_write, Side::downstream, Retry::unsafe, "shadow_writes"});
  }
  const Result<std::string_view> path = routing::normalised_path(request.path(), heads_->path);
  if (!path) return fail(path.error());
  const routing::RequestView view{request.authority, *path, request.method_text, request.headers,
                                  listener_.name};
  if (const auto match = plan_->snapshot->routes.find(view)) {
    migration_ = &plan_->migrations[match.route->migration];
    matched_ = match.rule->path_prefix;
    choose_arm();
    ask_for_shadow(view);
  } else if (const Plan::Fallback& fallback = plan_->default_for(listener_.name);
             fallback.cluster != nullptr) {
    cluster_ = fallback.cluster;
    timeouts_ = &fallback.timeouts;
  } else {
    return fail({ErrorCode::no_route, Side::downstream, Retry::unsafe, {}});
  }
  if (hops_left(request) == 0) return answer_as_recipient();
  connect();
}

// RFC 9110 §7.6.2: the request must not go any further.
void Exchange::answer_as_recipient() {
  make_options_response(heads_->response);
  status_ = heads_->response.status;
  downstream_.send_head(heads_->response);
  downstream_.send_end();
  finish(shadow::Outcome::answered);
}

void Exchange::choose_arm() {
  decision_ =
      choose(*migration_, {heads_->request, listener_, client_, services_.flag(migration_->flag),
                           services_.random_bits(), heads_->key, services_.tools});
  if (decision_.reason >= routing::Reason::sticky_missing) note_decision();
  use_upstream_of_arm();
}

void Exchange::use_upstream_of_arm() {
  cluster_ = &migration_->cluster(decision_.arm);
  timeouts_ = &migration_->timeouts[static_cast<std::size_t>(decision_.arm)];
}

// A rollback came after the decision, and not a byte was sent: decided anew.
bool Exchange::moved_to_legacy() {
  const bool rolled_back =
      migration_ != nullptr && decision_.arm == Arm::monolith && migration_->latched();
  if (!rolled_back || stage_ != Stage::connect) return false;
  lease_.reset();
  if (copy_.give_up()) lose_shadow(shadow::Skip::rolled_back);
  attempts_ = 0;
  choose_arm();
  return true;
}

// ---- 2 connect --------------------------------------------------------------------------------

void Exchange::connect() {
  stage_ = Stage::connect;
  ++attempts_;
  upstream::LeaseWish wish;
  wish.fresh = attempts_ > 1;
  if (!is_repeatable(heads_->request)) wish.idle_max = kUnrepeatableIdleMax;
  Result<upstream::Lease> lease = cluster_->lane(Role::primary).lease(*this, wish);
  if (!lease) return recover(std::move(lease.error()));
  lease_ = std::move(*lease);
  if (lease_->ready()) return forward();
  arm_timer();
}

void Exchange::on_stream_ready() { forward(); }

// ---- 3 forward --------------------------------------------------------------------------------

void Exchange::forward() {
  if (moved_to_legacy()) return connect();
  stage_ = Stage::forward;
  heads_->forwarded.clear();
  forward_request(heads_->request, forward_rules(), heads_->forwarded);
  if (upgrade_ && !ask_for_tunnel()) {
    return fail({ErrorCode::upgrade_unsupported, Side::local, Retry::unsafe, {}});
  }
  if (migration_ != nullptr) to_arm(migration_->form(decision_.arm, matched_), heads_->forwarded);
  lease_->send_head(heads_->forwarded);
  if (downstream_blocked_) lease_->pause_reading();
  std::string held = request_body_.open();
  if (!held.empty()) services_.loop.defer_delete(std::make_unique<net::HeldBytes>(std::move(held)));
  if (copy_) {
    recording_.emplace(reservation_for(*plan_, *migration_));
    services_.loop.after_flush(*this);
  }
  const bool end_follows = heads_->request.framing == Framing::none && !request_body_.ended();
  if (!end_follows) arm_timer();
}

void Exchange::on_request_body(Bytes bytes) {
  if (stage_ == Stage::finished) return;
  if (tunnel_ != nullptr) return tunnel_->on_client_bytes(bytes);
  const std::uint64_t size_max = plan_->snapshot->limits.body_bytes;
  if (request_body_.bytes() + bytes.size() > size_max) {
    return fail({ErrorCode::body_too_large, Side::downstream, Retry::unsafe, "limits.body_bytes"});
  }
  request_body_.push(bytes);
  arm_timer();
}

void Exchange::on_request_trailers(const Headers& trailers) { heads_->trailers = trailers; }

void Exchange::on_request_end() {
  if (stage_ == Stage::finished) return;
  if (tunnel_ != nullptr) return tunnel_->on_client_end();
  request_body_.end();
  arm_timer();
}

void Exchange::take_body(Bytes bytes) {
  body_sent_ = true;
  lease_->send_body(bytes);
  if (!copy_.take_body(bytes)) skip_for_budget();
}

void Exchange::take_body_end() {
  if (!heads_->trailers.empty()) {
    lease_->send_trailers(heads_->trailers);
    if (!copy_.take_trailers(heads_->trailers)) skip_for_budget();
  }
  lease_->send_end();
  copy_.body_ended();
  if (copy_) services_.loop.after_flush(*this);
}

void Exchange::pause_body() {
  downstream_.pause_reading();
  arm_timer();
}

void Exchange::resume_body() {
  downstream_.resume_reading();
  arm_timer();
}

// ---- 4 respond --------------------------------------------------------------------------------

void Exchange::on_stream_informational(ResponseHead& head) {
  if (stage_ != Stage::forward) return;
  informed_ = true;
  continued_ = continued_ || head.status == 100;
  shape_response(head);
  downstream_.send_informational(heads_->response);
  arm_timer();
}

// As the client is to see it.
void Exchange::shape_response(ResponseHead& head) {
  heads_->response.swap(head);
  forward_response(heads_->response, listener_.via);
  if (migration_ == nullptr) return;
  from_arm(migration_->form(decision_.arm, matched_), heads_->request.authority, heads_->response);
}

void Exchange::on_stream_response(ResponseHead& head) {
  if (head.status == 101) return open_tunnel(head);
  stage_ = Stage::respond;
  status_ = head.status;
  if (grpc_) grpc_status_ = grpc_status_in(head.headers);
  launch_shadow();  // where the request waited for room until now
  shape_response(head);
  if (recording_) recording_->head(heads_->response);
  if (adds_fields_) add_fields();
  downstream_.send_head(heads_->response);
  arm_timer();
}

void Exchange::on_stream_body(Bytes bytes) {
  response_bytes_ += bytes.size();
  downstream_.send_body(bytes);
  if (recording_) recording_->body(bytes);
  arm_timer();
}

void Exchange::on_stream_trailers(const Headers& trailers) {
  if (grpc_) grpc_status_ = grpc_status_in(trailers);
  downstream_.send_trailers(trailers);
  if (recording_) recording_->trailers(trailers);
}

void Exchange::on_stream_end() {
  launch_shadow();
  // The connection goes back first: the client's next request may want it at once.
  lease_.reset();
  downstream_.send_end();
  finish(shadow::Outcome::answered);
}

// Also before the response: what blocks then is the client's response before this one.
void Exchange::on_downstream_blocked() {
  if (tunnel_ != nullptr) return tunnel_->on_client_blocked();
  downstream_blocked_ = true;
  unsent_ = std::numeric_limits<std::size_t>::max();
  if (lease_ != nullptr) lease_->pause_reading();
  arm_timer();
}

void Exchange::on_downstream_writable() {
  downstream_blocked_ = false;
  if (tunnel_ != nullptr) return tunnel_->on_client_writable();
  if (lease_ != nullptr) lease_->resume_reading();
  arm_timer();
}

// ---- what goes wrong --------------------------------------------------------------------------

void Exchange::on_stream_error(Error error) { recover(std::move(error)); }

// Nothing of an answer came: once more, or to legacy, or no answer at all.
void Exchange::recover(Error error) {
  lease_.reset();
  if (moved_to_legacy()) return connect();
  const Attempt attempt{.arm = decision_.arm,
                        .number = attempts_,
                        .body_sent = body_sent_,
                        .answer_begun = informed_ || stage_ == Stage::respond};
  switch (after_error(error, heads_->request, attempt)) {
    case Next::fail:
      return fail(std::move(error));
    case Next::send_again:
      cluster_->stats().retries.add();
      break;
    case Next::fall_back:
      fall_back(error);
      break;
  }
  request_body_.close();
  connect();
}

// A failure of the monolith, and legacy's exchange from now on, which is not compared.
void Exchange::fall_back(const Error& error) {
  observe::ArmStats& monolith = stats().of(Arm::monolith, role());
  monolith.requests[observe::code_class(status_of(error.code))].add();
  if (grpc_) monolith.grpc_requests[static_cast<std::size_t>(grpc_status_of(error.code))].add();
  stats().fallbacks.add();
  cluster_->on_primary_failure();
  count_failure(error.code);
  abandon_shadow();
  fell_back_ = true;
  attempts_ = 0;
  decision_.arm = Arm::legacy;
  use_upstream_of_arm();
}

void Exchange::on_request_error(Error error) {
  if (stage_ == Stage::finished) return;
  // A stream of HTTP/2 is gone as soon as both of its sides have ended.
  if (tunnel_ != nullptr && tunnel_->both_ended()) return on_tunnel_over(std::nullopt);
  fail(std::move(error));
}

void Exchange::fail(Error error) {
  error_ = error.code;
  if (error.side == Side::upstream && cluster_ != nullptr) {
    cluster_->on_primary_failure();
    count_failure(error.code);
  }
  services_.stats.local_errors[static_cast<std::size_t>(error.code)].add();
  if (error.side == Side::downstream) leave_answer_to_pair();
  lease_.reset();
  const bool takes_nothing = downstream_blocked_ && error.code == ErrorCode::idle_timeout;
  if (stage_ == Stage::respond || takes_nothing) {
    downstream_.abort();  // a cut-off response must not look whole
  } else {
    answer(error);
  }
  finish(comparison::outcome_of(error.code));
}

void Exchange::answer(const Error& error) {
  std::string body;
  const bool answered = grpc_ ? make_grpc_error(error, heads_->response)
                              : make_error_response(error, heads_->response, body);
  if (!answered) return downstream_.abort();
  status_ = heads_->response.status;
  downstream_.send_head(heads_->response);
  if (!body.empty()) downstream_.send_body(body);
  downstream_.send_end();
  response_bytes_ = body.size();
}

void Exchange::arm_timer() {
  if (stage_ == Stage::finished) return;
  if (grpc_) return deadline_ ? timer_.set(*deadline_) : timer_.cancel();
  if (stage_ == Stage::respond || downstream_blocked_) return timer_.set_in(timeouts_->idle);
  if (client_owes()) return timer_.set_in(timeouts_->request);
  if (stage_ == Stage::connect) return timer_.cancel();  // timeouts.connect counts
  timer_.set_in(timeouts_->head);
}

// A part of the request, which it does not hold back until the upstream says 100.
bool Exchange::client_owes() const {
  const bool waits = heads_->request.expect_continue && !continued_ && request_body_.bytes() == 0;
  return !request_body_.ended() && !request_body_.paused() && !waits;
}

// ---- 5 finish ---------------------------------------------------------------------------------

void Exchange::finish(shadow::Outcome outcome) {
  stage_ = Stage::finished;
  timer_.cancel();
  services_.loop.cancel_after_flush(*this);
  if (copy_.give_up()) lose_shadow(shadow::Skip::not_sent);
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started_);
  observe::MigrationStats& counts = stats();
  if (counts.unwatched.load(std::memory_order_relaxed)) wake_control(counts);
  observe::ArmStats& arm = counts.of(decision_.arm, role());
  arm.requests[observe::code_class(status_)].add();
  if (grpc_) {
    count_grpc(arm);
  } else if (status_ >= 500 && !error_) {
    count_failure(observe::Failure::answer);
  }
  if (tunnel_ == nullptr) {
    arm.duration.observe(duration);
  } else {
    close_tunnel();
  }
  write_record(duration);
  if (shadow_ != 0) {
    services_.shadows.primary_finished(shadow_, recording_->finish(outcome, duration));
  }
  owner_.on_exchange_done();
}

}  // namespace banyan::exchange
