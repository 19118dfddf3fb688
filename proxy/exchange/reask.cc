#include "proxy/exchange/reask.h"

#include <utility>

#include "proxy/exchange/arm_form.h"

namespace banyan::exchange {
namespace {

constexpr std::array kArms{Arm::legacy, Arm::monolith};

}  // namespace

Reask::Reask(Owner& owner, net::Loop& loop, std::shared_ptr<const Plan> plan,
             std::unique_ptr<comparison::Job> job, Admissions admissions)
    : owner_(owner),
      plan_(std::move(plan)),
      job_(std::move(job)),
      admissions_(std::move(admissions)) {
  make_asking(loop, Arm::legacy);
  if (!job_->control) make_asking(loop, Arm::monolith);
}

void Reask::make_asking(net::Loop& loop, Arm arm) {
  const comparison::Repeatable& repeatable = *job_->repeatable;
  RequestHead& head = heads_[static_cast<std::size_t>(arm)];
  head = head_for(arm);
  Asking::Owner& owner = *this;
  at(arm).emplace(owner, loop,
                  Asking::Question{.plan = *plan_,
                                   .migration = migration(),
                                   .arm = arm,
                                   .role = job_->control ? Role::control : Role::reask,
                                   .head = head,
                                   .body = repeatable.body,
                                   .trailers = repeatable.trailers,
                                   .grpc = false,
                                   .matched = repeatable.matched,
                                   .authority = job_->pair.authority});
}

// In the form of that arm, and marked as the shadow was.
RequestHead Reask::head_for(Arm arm) const {
  const comparison::Repeatable& repeatable = *job_->repeatable;
  if (arm == repeatable.arm || !repeatable.unformed) return repeatable.head;
  RequestHead head = *repeatable.unformed;
  to_arm(migration().form(arm, repeatable.matched), head);
  mark_as_shadow(head, migration().settings->name, migration().settings->shadow->headers, 0);
  return head;
}

void Reask::start(Arm first, std::uint64_t random_bits) {
  starting_ = true;
  for (const Arm arm : {first, other(first)}) {
    if (!asks(arm)) continue;
    give_parent(heads_[static_cast<std::size_t>(arm)].headers,
                random_bits ^ static_cast<std::uint64_t>(arm));
    const auto skip = complete_ ? at(arm)->start() : std::nullopt;
    if (skip) {
      migration().count_skip(*skip);
      complete_ = false;
    }
    if (!complete_) at(arm).reset();  // it has not begun
  }
  starting_ = false;
  if (!complete_) abandon();
  tell_if_over();
}

void Reask::abandon() {
  for (auto& asking : askings_) {
    if (asking) asking->abandon();
  }
}

void Reask::on_answer(Asking&) { tell_if_over(); }

void Reask::tell_if_over() {
  if (starting_ || told_) return;
  for (const auto& asking : askings_) {
    if (asking && !asking->over()) return;
  }
  told_ = true;
  owner_.on_reask_over(*this);
}

std::unique_ptr<comparison::Job> Reask::take() {
  comparison::SecondAnswers& second = *job_->second;
  second.asked = complete_;
  for (const Arm arm : kArms) {
    if (!complete_ || !asks(arm)) continue;
    auto [response, bytes] = at(arm)->take();
    (arm == Arm::legacy ? second.legacy : second.monolith) = std::move(response);
    (arm == Arm::legacy ? second.legacy_bytes : second.monolith_bytes) = std::move(bytes);
  }
  return std::move(job_);
}

}  // namespace banyan::exchange
