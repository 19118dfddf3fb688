// proxy/exchange/reask.h: one request sent again, to both arms in parallel or to legacy alone.
//
// Made from values, like a ShadowExchange, and bounded like one; it has even less to do with the
// client, who was served long ago. However it ends, the job goes back to the comparison. Owned by
// Reasks.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "proxy/comparison/job.h"
#include "proxy/exchange/asking.h"
#include "proxy/net/deferred_delete.h"

namespace banyan::exchange {

class Reask final : public net::Deferrable, private Asking::Owner {
 public:
  class Owner {
   public:
    // Once, as the last event; may come from inside start().
    virtual void on_reask_over(Reask& reask) = 0;

   protected:
    ~Owner() = default;
  };
  using Admissions = std::array<comparison::Admission, 2>;  // of a control one

  // `job->repeatable` is given, and `plan` was made from `job->snapshot`.
  Reask(Owner& owner, net::Loop& loop, std::shared_ptr<const Plan> plan,
        std::unique_ptr<comparison::Job> job, Admissions admissions);

  // `first` is asked first; parents of traces are taken from `random_bits`.
  void start(Arm first, std::uint64_t random_bits);
  // Drain, rollback: what is not there by now is not waited for.
  void abandon();

  [[nodiscard]] const MigrationPlan& migration() const {
    return plan_->migrations[job_->migration];
  }
  [[nodiscard]] bool asks(Arm arm) const { return at(arm).has_value(); }
  // After on_reask_over().
  [[nodiscard]] std::unique_ptr<comparison::Job> take();

 private:
  void on_answer(Asking& asking) override;
  void make_asking(net::Loop& loop, Arm arm);
  [[nodiscard]] RequestHead head_for(Arm arm) const;
  [[nodiscard]] const std::optional<Asking>& at(Arm arm) const {
    return askings_[static_cast<std::size_t>(arm)];
  }
  [[nodiscard]] std::optional<Asking>& at(Arm arm) {
    return askings_[static_cast<std::size_t>(arm)];
  }
  void tell_if_over();

  Owner& owner_;
  std::shared_ptr<const Plan> plan_;  // outlives the leases below
  std::unique_ptr<comparison::Job> job_;
  Admissions admissions_;
  std::array<RequestHead, 2> heads_;  // by Arm
  std::array<std::optional<Asking>, 2> askings_;
  bool starting_ = false;
  bool complete_ = true;  // nothing kept an arm from being asked
  bool told_ = false;
};

}  // namespace banyan::exchange
