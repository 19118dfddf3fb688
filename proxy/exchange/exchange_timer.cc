// What an exchange does when it has waited for too long, and for whom.
#include <utility>

#include "proxy/exchange/exchange.h"

namespace banyan::exchange {

void Exchange::on_timer() {
  if (grpc_) {
    return fail({ErrorCode::response_timeout, Side::upstream, Retry::unsafe, "grpc-timeout"});
  }
  if (stage_ == Stage::respond || downstream_blocked_) {
    const std::size_t unsent = downstream_.unsent();
    if (downstream_blocked_ && unsent < std::exchange(unsent_, unsent)) return arm_timer();
    const Side side = downstream_blocked_ ? Side::downstream : Side::upstream;
    return fail({ErrorCode::idle_timeout, side, Retry::unsafe, "timeouts.idle"});
  }
  if (client_owes()) {
    return fail({ErrorCode::request_timeout, Side::downstream, Retry::unsafe, "timeouts.request"});
  }
  if (timeouts_->head < timeouts_->response) return count_hanging();
  fail({ErrorCode::response_timeout, Side::upstream, Retry::unsafe, "timeouts.response"});
}

}  // namespace banyan::exchange
