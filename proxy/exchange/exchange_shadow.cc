// What an exchange does for its shadow: asks for it, launches it, lets it go.
#include <tuple>
#include <utility>

#include "base/stable_hash.h"
#include "proxy/exchange/exchange.h"
#include "routing/sticky_key.h"

namespace banyan::exchange {
namespace {

// Another one than that of buckets: the users of a small percentage must not look like few.
constexpr std::uint32_t kKeyHashSeed = 0x62616e79;

}  // namespace

void Exchange::ask_for_shadow(const routing::RequestView& view) {
  if (!migration_->settings->shadow) return;
  if (marked_) return count_skip(shadow::Skip::marked);
  if (upgrade_) return count_skip(shadow::Skip::upgrade);
  const RequestHead& request = heads_->request;
  auto admission = services_.shadows.admit(*plan_, *migration_,
                                           {request, view, grpc_, decision_.arm, services_.draw()});
  if (!admission) return note_write();
  copy_.admit(std::move(admission), request.has_body()
                                        ? std::optional(reservation_for(*plan_, *migration_))
                                        : std::nullopt);
}

// Only one arm gets it. Which calls of gRPC write, nobody knows.
void Exchange::note_write() {
  if (grpc_ || is_safe(heads_->request.method)) return;
  if (const auto key = sticky_hash()) plan_->writes->note(*key, started_);
}

ForwardRules Exchange::forward_rules() const {
  return {.peer = downstream_.peer(),
          .scheme = listener_.tls ? "https" : "http",
          .peer_trusted = client_.peer_trusted,
          .x_forwarded = listener_.x_forwarded,
          .via = listener_.via,
          .keep_marker = marked_,
          .dropped = listener_.force_arm ? std::string_view(listener_.force_arm->header) : ""};
}

// The primary's request was handed to the kernel, or is waiting for room there; or it was not sent
// after all and is tried again.
void Exchange::on_flushed() {
  const bool is_out = (stage_ == Stage::forward || stage_ == Stage::respond) && lease_ != nullptr &&
                      lease_->backlog() == 0;
  if (is_out) launch_shadow();
}

ShadowRequest Exchange::make_shadow() {
  ShadowRequest copy = shadow_request({heads_->request, forward_rules(), matched_}, plan_,
                                      migration_->route->migration, other(decision_.arm),
                                      services_.random_bits_64());
  copy.at = started_at();
  copy.primary_asked_at = started_;
  copy.grpc = grpc_;
  copy.key_hash = sticky_hash();
  copy.after_write = copy.key_hash && plan_->writes->has(*copy.key_hash, started_);
  std::tie(copy.admission, copy.body) = copy_.take();
  return copy;
}

// So that how many users were compared can be told without keeping who they are.
std::optional<std::uint32_t> Exchange::sticky_hash() const {
  std::string scratch;  // not that of the decision: a key that was issued stands there
  const auto key = routing::sticky_key(
      migration_->route->sticky, {heads_->request, client_.address, scratch, services_.tools});
  return key ? std::optional(murmur3_x86_32(*key, kKeyHashSeed)) : std::nullopt;
}

void Exchange::launch_shadow() {
  if (!copy_.whole()) return;
  shadow_ = services_.shadows.launch(make_shadow());
  if (shadow_ != 0) return;
  note_write();
  recording_.reset();
}

void Exchange::skip_for_budget() {
  lose_shadow(shadow::Skip::body_budget);
  recording_.reset();
}

// After it was admitted.
void Exchange::lose_shadow(shadow::Skip why) {
  count_skip(why);
  note_write();
}

void Exchange::abandon_shadow() {
  if (copy_.give_up()) lose_shadow(shadow::Skip::not_sent);
  if (shadow_ != 0) {
    services_.shadows.primary_finished(
        std::exchange(shadow_, 0),
        recording_->finish(shadow::Outcome::abandoned, std::chrono::microseconds(0)));
  }
  recording_.reset();
}

// The client is gone. Where it has asked for everything and the primary was asked, that must not
// change what is compared: somebody else reads the rest of the answer.
void Exchange::leave_answer_to_pair() {
  const bool asked = stage_ == Stage::forward || stage_ == Stage::respond;
  const bool has_pair = shadow_ != 0 || copy_.whole();
  if (!asked || !has_pair || !request_body_.ended() || recording_->over_budget()) return;
  services_.shadows.read_on({
      .plan = plan_,
      .migration = migration_->route->migration,
      .arm = decision_.arm,
      .matched = matched_,
      .authority = std::string(heads_->request.authority.view()),
      .started = started_,
      .head_seen = stage_ == Stage::respond,
      .shadow = std::exchange(shadow_, 0),
      .unsent = copy_ ? std::optional(make_shadow()) : std::nullopt,
      .recording = std::move(*recording_),
      .lease = std::move(lease_),
  });
  recording_.reset();
}

void Exchange::count_skip(shadow::Skip skip) { migration_->count_skip(skip, other(decision_.arm)); }

}  // namespace banyan::exchange
