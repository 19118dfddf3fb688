// What an exchange tells its client besides the answer, and counts besides its end.
#include "proxy/exchange/arm_form.h"
#include "proxy/exchange/exchange.h"

namespace banyan::exchange {

void Exchange::note_decision() {
  if (decision_.reason == routing::Reason::sticky_missing) migration_->stats->sticky_missing.add();
  if (decision_.issues_key) adds_fields_ = true;
}

// What only this client is told: neither arm said it.
void Exchange::add_fields() {
  if (migration_ == nullptr) return;
  if (listener_.expose_arm) expose(decision_.arm, heads_->response.headers);
  if (decision_.issues_key) {
    issue(*migration_->route->issued_cookie(), heads_->key, heads_->response.headers);
  }
}

}  // namespace banyan::exchange
