#include "routing/guard/guardrail.h"

#include <algorithm>

namespace banyan::routing::guard {
namespace {

double rate_of(Share share) { return static_cast<double>(share.millipercent) / kBuckets; }

// A ceiling of 0 could never be told from one lost exchange, one of 1 never be passed.
double ceiling_of(Share share) { return std::clamp(rate_of(share), 1e-6, 0.9); }

// Of the monolith's exchanges; the p99 of both arms would be the same if this many were slow.
constexpr double kSlowShare = 0.01;

// So much of each arm, or so long, before errors are judged: the share of an arm in a few exchanges
// is a matter of chance.
constexpr std::uint64_t kErrorsBatch = 50;
constexpr Milliseconds kErrorsBatchTime{1'000};

// The parts of three windows lie in what Recent holds of two: what one key can come to, and one
// more.
constexpr std::uint64_t kFailedKeysMin = 4;

// How long an increase is looked at for its size, in windows and in min_requests.
constexpr int kSinceWindows = 4;
constexpr std::uint64_t kSinceRequests = 5;

Recent since(const Settings& s) {
  return {s.window * kSinceWindows, s.min_requests * kSinceRequests};
}
Recent lately(const Settings& s) { return {s.window, s.min_requests}; }

Tally tally(std::uint64_t exchanges, std::uint64_t counted) {
  return {exchanges, std::min(exchanges, counted)};
}

// Of what came since the increase began, or else lately.
Batch estimate(const IncreaseTest& test, const Recent& recent) {
  const Batch began = test.since();
  return began.comparable() ? began : recent.sum();
}

void add(ArmLook& to, const ArmLook& more) {
  to.exchanges += more.exchanges;
  to.failures += more.failures;
  to.failures_of_keys += more.failures_of_keys;
  to.hard += more.hard;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::inconclusive:
      return "inconclusive";
    case Outcome::hold:
      return "hold";
    case Outcome::roll_back:
      return "roll_back";
  }
  return "unknown";
}

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::hard_failures:
      return "hard_failures";
    case Cause::errors:
      return "errors";
    case Cause::latency:
      return "latency";
    case Cause::mismatches:
      return "mismatches";
  }
  return "unknown";
}

Guardrail::Guardrail(const Settings& settings)
    : settings_(settings),
      margin_(rate_of(settings.max_error_rate_increase)),
      hard_(Prior::all_fails, since(settings)),
      failures_(Prior::more_fails, since(settings)),
      failures_of_keys_(Prior::more_fails, since(settings)),
      slow_(Prior::more_fails, since(settings)),
      mismatches_(ceiling_of(settings.max_mismatch_rate)),
      hard_recent_(lately(settings)),
      failures_recent_(lately(settings)),
      keys_recent_(settings.window, 0),
      slow_recent_(lately(settings)),
      mismatches_recent_(lately(settings)),
      threshold_(settings.window, settings.max_p99_ratio) {}

void Guardrail::take(const Look& look) {
  if (trip_) return;
  add(pending_.monolith, look.monolith);
  add(pending_.legacy, look.legacy);
  pending_.legacy_shadow += look.legacy_shadow;
  if (!pending_since_) pending_since_ = look.at;
  const bool reference = pending_.legacy.exchanges > 0 || pending_.legacy_shadow.exchanges > 0;
  if (pending_.monolith.exchanges > 0 && reference) {
    take_batch(look.at);
  } else if (look.at - *pending_since_ >= settings_.window) {
    // One arm alone says nothing about the other.
    pending_ = {};
    pending_since_.reset();
  }
  // Where the monolith serves nobody there is nothing to take back.
  if (compared_ > 0 && look.mismatches.exchanges > 0) {
    mismatches_.take(look.mismatches);
    mismatches_recent_.add({look.mismatches, {}}, look.at);
  }
  judge();
}

void Guardrail::take_batch(SteadyTime now) {
  const ArmLook m = pending_.monolith;
  ArmLook l = pending_.legacy;
  if (l.exchanges == 0) {
    const Tally& copies = pending_.legacy_shadow;
    l = {copies.exchanges, copies.counted, copies.counted, 0};
  }
  const auto batch = [&](std::uint64_t ArmLook::*what) {
    return Batch{tally(m.exchanges, m.*what), tally(l.exchanges, l.*what)};
  };
  hard_.take(batch(&ArmLook::hard), now);
  hard_recent_.add(batch(&ArmLook::hard), now);
  if (!errors_since_) errors_since_ = now;
  errors_ += batch(&ArmLook::failures);
  errors_of_keys_ += batch(&ArmLook::failures_of_keys);
  const std::uint64_t least = std::min(errors_.monolith.exchanges, errors_.legacy.exchanges);
  if (least >= kErrorsBatch || now - *errors_since_ >= kErrorsBatchTime) take_errors(now);
  // Old exchanges are not min_requests of what the monolith is now.
  const bool after_a_pause = now - compared_at_ > settings_.window;
  compared_ = (after_a_pause ? 0 : compared_) + m.exchanges;
  compared_at_ = now;
  compared_in_step_ += m.exchanges;
  pending_ = {};
  pending_since_.reset();
}

void Guardrail::take_errors(SteadyTime now) {
  failures_.take(errors_, now);
  failures_recent_.add(errors_, now);
  failures_of_keys_.take(errors_of_keys_, now);
  keys_recent_.add(errors_of_keys_, now);
  errors_ = errors_of_keys_ = {};
  errors_since_.reset();
}

void Guardrail::take(const Durations& monolith, const Durations& legacy, SteadyTime now) {
  if (trip_) return;
  if (const auto step = threshold_.step()) {
    const auto of = [&](const Durations& durations) {
      return Tally{slow_ones(durations, 0), slow_ones(durations, *step)};
    };
    const Batch batch{of(monolith), of(legacy)};
    if (batch.comparable()) {
      slow_.take(batch, now);
      slow_recent_.add(batch, now);
    }
  }
  threshold_.take(legacy, now);
  judge();
}

void Guardrail::judge() {
  judge_hard();
  if (!enough()) return;
  judge_errors();
  judge_latency();
  judge_mismatches();
}

void Guardrail::judge_hard() {
  const Batch counts = estimate(hard_, hard_recent_);
  if (hard_.evidence() >= certainty_of(Cause::hard_failures) &&
      exceeds(Cause::hard_failures, counts)) {
    trip(Cause::hard_failures, counts, hard_.evidence());
  }
}

void Guardrail::judge_errors() {
  const double evidence = std::min(failures_.evidence(), failures_of_keys_.evidence());
  const Batch counts = estimate(failures_, failures_recent_);
  if (keys_recent_.sum().monolith.counted < kFailedKeysMin) return;
  if (evidence >= certainty_of(Cause::errors) && exceeds(Cause::errors, counts)) {
    trip(Cause::errors, counts, evidence);
  }
}

// Always by the whole window: one pause of the monolith makes all slow that waited for it.
void Guardrail::judge_latency() {
  const Batch counts = slow_recent_.sum();
  const bool enough_slow = counts.monolith.exchanges >= settings_.min_requests;
  if (slow_.evidence() >= certainty_of(Cause::latency) && enough_slow &&
      exceeds(Cause::latency, counts)) {
    trip(Cause::latency, counts, slow_.evidence());
  }
}

void Guardrail::judge_mismatches() {
  const Batch counts = mismatches_recent_.sum();
  const bool enough_compared = counts.monolith.exchanges >= settings_.min_requests;
  if (mismatches_.evidence() >= certainty_of(Cause::mismatches) && enough_compared &&
      exceeds(Cause::mismatches, counts)) {
    trip(Cause::mismatches, counts, mismatches_.evidence());
  }
}

// More than the configuration allows.
bool Guardrail::exceeds(Cause cause, const Batch& counts) const {
  switch (cause) {
    case Cause::hard_failures:
    case Cause::errors:
      return counts.increase() > 0 && counts.increase() >= margin_;
    case Cause::latency:
      return counts.monolith.rate() > kSlowShare && counts.increase() > 0;
    case Cause::mismatches:
      return counts.monolith.rate() > rate_of(settings_.max_mismatch_rate);
  }
  return true;
}

void Guardrail::trip(Cause cause, const Batch& counts, double evidence) {
  if (trip_) return;
  const auto step = threshold_.step();
  trip_ =
      Finding{cause, counts, evidence,
              cause == Cause::latency && step ? step_begin(*step) : std::chrono::microseconds(0)};
}

std::array<Finding, 4> Guardrail::findings() const {
  const auto step = threshold_.step();
  return {Finding{Cause::hard_failures, estimate(hard_, hard_recent_), hard_.evidence(), {}},
          Finding{Cause::errors,
                  estimate(failures_, failures_recent_),
                  std::min(failures_.evidence(), failures_of_keys_.evidence()),
                  {}},
          Finding{Cause::latency, slow_recent_.sum(), slow_.evidence(),
                  step ? step_begin(*step) : std::chrono::microseconds(0)},
          Finding{Cause::mismatches, mismatches_recent_.sum(), mismatches_.evidence(), {}}};
}

Finding Guardrail::nearest() const {
  if (trip_) return *trip_;
  const auto all = findings();
  return *std::max_element(all.begin(), all.end(), [](const Finding& a, const Finding& b) {
    return a.evidence < b.evidence;
  });
}

Batch Guardrail::recent_of(Cause cause) const {
  switch (cause) {
    case Cause::hard_failures:
      return hard_recent_.sum();
    case Cause::errors:
      return failures_recent_.sum();
    case Cause::latency:
      return slow_recent_.sum();
    case Cause::mismatches:
      return mismatches_recent_.sum();
  }
  return {};
}

std::optional<Finding> Guardrail::suspicion() const {
  if (trip_) return trip_;
  for (Finding found : findings()) {
    found.counts = recent_of(found.cause);
    if (found.evidence >= kSuspicious && exceeds(found.cause, found.counts)) return found;
  }
  return std::nullopt;
}

Outcome Guardrail::outcome() const {
  if (trip_) return Outcome::roll_back;
  return enough() ? Outcome::hold : Outcome::inconclusive;
}

void Guardrail::begin_step() { compared_in_step_ = 0; }

bool Guardrail::step_passed() const {
  return compared_in_step_ >= settings_.min_requests && !suspicion();
}

}  // namespace banyan::routing::guard
