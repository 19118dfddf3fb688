// What an exchange tells the guardrail: that it failed, on which arm, and whose it was.
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/grpc.h"

namespace banyan::exchange {
namespace {

observe::Failure failure_of(ErrorCode code, bool grpc) {
  switch (code) {
    case ErrorCode::connect_refused:
    case ErrorCode::connect_timeout:
    case ErrorCode::unresolved:
    case ErrorCode::upstream_tls:
      return observe::Failure::unreachable;
    case ErrorCode::upstream_reset:
      return observe::Failure::no_answer;
    case ErrorCode::response_timeout:
      // The deadline of a gRPC call is its client's, and may be any.
      return grpc ? observe::Failure::answer : observe::Failure::no_answer;
    default:
      return observe::Failure::answer;
  }
}

// What the service says of itself; the others are about the call.
bool is_failure(std::size_t grpc_status) {
  constexpr std::uint32_t kFailures = 1U << 2U /* unknown */ | 1U << 4U /* deadline exceeded */ |
                                      1U << 12U /* unimplemented */ | 1U << 13U /* internal */ |
                                      1U << 14U /* unavailable */ | 1U << 15U /* data loss */;
  return (kFailures >> grpc_status & 1U) != 0;
}

}  // namespace

void Exchange::count_grpc(observe::ArmStats& arm) {
  const std::size_t status = grpc_status();
  arm.grpc_requests[status].add();
  if (!error_ && is_failure(status)) count_failure(observe::Failure::answer);
}

void Exchange::count_failure(ErrorCode code) { count_failure(failure_of(code, grpc_)); }

// The rest of the wait follows.
void Exchange::count_hanging() {
  const Milliseconds waited = timeouts_->head;
  timeouts_ = &migration_->after_hanging[static_cast<std::size_t>(decision_.arm)];
  timer_.set_in(timeouts_->response - waited);
  if (marked_) return;
  migration_->stats->failures.hung(decision_.arm).add();
  count_failure(observe::Failure::no_answer);
  hung_on_ = decision_.arm;
  if (migration_->stats->unwatched.load(std::memory_order_relaxed)) {
    wake_control(*migration_->stats);
  }
}

void Exchange::count_failure(observe::Failure failure) {
  if (migration_ == nullptr || marked_ || !migration_->settings->guardrail) return;
  // It was counted already; that it ends counts as an exchange in its own right.
  if (hung_on_ == decision_.arm) return migration_->stats->failures.hung(decision_.arm).add(-1);
  const auto window = started_.time_since_epoch() / migration_->settings->guardrail->window;
  migration_->stats->failures.count(decision_.arm, failure, sticky_hash(),
                                    static_cast<std::uint64_t>(window) + 1);
}

// The control thread looks at the counters while they change, and sleeps while they do not.
void Exchange::wake_control(observe::MigrationStats& changed) {
  if (changed.unwatched.exchange(false)) services_.wake_control();
}

}  // namespace banyan::exchange
