#include "proxy/control/webhook_delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proxy/control/version.h"

namespace banyan::control {
namespace {

// The receiver may take it later (RFC 9110 §15.5.9, §15.6, RFC 6585 §4). All else is an answer to
// the request as it is, and a redirection is nothing that a secret is sent after.
bool may_ask_again(int status) { return status == 408 || status == 429 || status >= 500; }

RequestHead head_of(const config::Webhook& webhook, std::size_t body_bytes) {
  RequestHead head;
  head.method = Method::post;
  head.method_text = "POST";
  head.target = webhook.target;
  head.authority = webhook.authority;
  head.framing = Framing::content_length;
  head.content_length = body_bytes;
  head.headers.add("content-type", "application/json");
  head.headers.add("user-agent", fmt::format("banyan/{}", kVersion));
  if (!webhook.authorization.empty()) head.headers.add("authorization", webhook.authorization);
  return head;
}

}  // namespace

WebhookDelivery::WebhookDelivery(Owner& owner, net::Loop& loop, const WebhookWay& way,
                                 std::shared_ptr<const config::Webhook> webhook, std::string body)
    : owner_(owner),
      loop_(loop),
      way_(way),
      webhook_(std::move(webhook)),
      body_(std::move(body)),
      head_(head_of(*webhook_, body_.size())),
      timer_(net::Timer::calling<&WebhookDelivery::on_timer>(loop.timers(), this)) {}

void WebhookDelivery::start() {
  give_up_at_ = loop_.timers().now() + webhook_->give_up_after;
  cluster_.emplace(loop_, stats_, settings());
  attempt();
}

upstream::ClusterSettings WebhookDelivery::settings() const {
  upstream::ClusterSettings settings;
  settings.upstream = webhook_->upstream;
  settings.timeouts.connect = webhook_->timeout;
  settings.addresses = way_.addresses();
  if (webhook_->upstream.tls) settings.tls = way_.tls(webhook_->upstream.name);
  return settings;
}

void WebhookDelivery::attempt() {
  ++attempts_;
  status_ = 0;
  cluster_->update(settings());
  if (webhook_->upstream.tls && cluster_->settings().tls == nullptr) {
    return on_failed("no certificates to believe in");  // never in the clear
  }
  if (cluster_->endpoints().empty()) return on_failed("its name is not known");
  auto leased = cluster_->lane(Role::primary).lease(*this, {.fresh = true});
  if (!leased) return on_failed(leased.error().detail);
  lease_ = std::move(*leased);
  timer_.set_in(webhook_->timeout);
  if (lease_->ready()) on_stream_ready();
}

void WebhookDelivery::on_stream_ready() {
  lease_->send_head(head_);
  lease_->send_body(body_);
  lease_->send_end();
}

// The rest is waited for, so that the receiver sees no connection that broke off.
void WebhookDelivery::on_stream_response(ResponseHead& head) { status_ = head.status; }

void WebhookDelivery::on_stream_end() { on_status(); }

void WebhookDelivery::on_stream_error(Error error) {
  if (status_ != 0) return on_status();
  on_failed(fmt::format("{}: {}", reason_of(error.code), error.detail));
}

void WebhookDelivery::on_timer() {
  if (lease_ == nullptr) return attempt();
  status_ != 0 ? on_status() : on_failed("no answer in time");
}

void WebhookDelivery::on_status() {
  constexpr int kSuccess = 2;
  const std::string why = fmt::format("status {}", status_);
  if (may_ask_again(status_)) return on_failed(why);
  end_attempt();
  if (status_ / 100 == kSuccess) return owner_.on_delivered(*this);
  owner_.on_given_up(*this, why);
}

void WebhookDelivery::end_attempt() {
  timer_.cancel();
  lease_.reset();
}

void WebhookDelivery::on_failed(const std::string& why) {
  end_attempt();
  const SteadyTime next = loop_.timers().now() + pause();
  if (next < give_up_at_) return timer_.set(next);
  owner_.on_given_up(*this, why);
}

Milliseconds WebhookDelivery::pause() {
  const int doublings = std::min(attempts_ - 1, 10);
  const Milliseconds longest = std::min(kWebhookPauseMin * (1 << doublings), kWebhookPauseMax);
  std::uniform_int_distribution<Milliseconds::rep> part(longest.count() / 2, longest.count());
  return Milliseconds(part(random_));
}

}  // namespace banyan::control
