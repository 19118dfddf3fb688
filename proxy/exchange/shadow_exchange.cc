#include "proxy/exchange/shadow_exchange.h"

#include <utility>

namespace banyan::exchange {

ShadowExchange::ShadowExchange(Owner& owner, net::Loop& loop, std::uint64_t id,
                               ShadowRequest&& request)
    : owner_(owner), id_(id), request_(std::move(request)), asking_(*this, loop, question()) {}

ShadowExchange::~ShadowExchange() = default;

Asking::Question ShadowExchange::question() const {
  return {.plan = *request_.plan,
          .migration = migration(),
          .arm = arm(),
          .role = Role::shadow,
          .head = request_.head,
          .body = request_.body.bytes,
          .trailers = request_.body.trailers,
          .grpc = request_.grpc,
          .matched = request_.matched,
          .authority = request_.authority};
}

void ShadowExchange::on_answer(Asking&) {
  request_.admission = comparison::Admission();
  tell_if_complete();
}

void ShadowExchange::primary_finished(comparison::Recording::Finished&& primary) {
  primary_ = std::move(primary);
  // There is nothing to compare with: what the shadow says is not worth its load.
  if (primary_->response.outcome != shadow::Outcome::answered) abandon();
  tell_if_complete();
}

void ShadowExchange::tell_if_complete() {
  if (!asking_.over() || !primary_ || std::exchange(told_, true)) return;
  owner_.on_pair_complete(*this);
}

std::chrono::microseconds ShadowExchange::skew() const {
  if (!asking_.sent_at()) return {};
  const auto later = std::chrono::duration_cast<std::chrono::microseconds>(
      *asking_.sent_at() - request_.primary_asked_at);
  return arm() == Arm::monolith ? later : -later;
}

}  // namespace banyan::exchange
