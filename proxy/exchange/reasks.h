// proxy/exchange/reasks.h: all that one worker asks a second time, for a verdict or as a control.
//
//   comparison thread --ask_again()--> Reask --job--> comparison thread
//   a finished pair ----control()----> Reask --job--> comparison thread
//
// Everything here is of the shadow's kind: shadow lanes, shadow budgets, shadow timeouts.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "proxy/comparison/comparison_pool.h"
#include "proxy/exchange/reask.h"

namespace banyan::exchange {

class Reasks final : public Reask::Owner {
 public:
  Reasks(net::Loop& loop, comparison::ComparisonPool& comparisons, std::size_t worker)
      : loop_(loop), comparisons_(comparisons), worker_(worker) {}
  ~Reasks();

  // The job goes back to the comparison, at once where something keeps the arms from being asked.
  // `plan`: of this moment.
  void ask_again(const std::shared_ptr<const Plan>& plan, std::unique_ptr<comparison::Job> job);
  // Whether an exchange is drawn as a control.
  [[nodiscard]] bool draws(std::uint32_t millipercent);
  void control(const std::shared_ptr<const Plan>& plan, std::unique_ptr<comparison::Job> job);

  void start_drain() { draining_ = true; }
  // `which`: of a migration and an arm, whether what is under way there is cut.
  template <class Which>
  void abandon(Which which) {
    std::vector<Reask*> cut;
    for (const auto& reask : running_) {
      for (const Arm arm : {Arm::legacy, Arm::monolith}) {
        if (!reask->asks(arm) || !which(reask->migration(), arm)) continue;
        cut.push_back(reask.get());
        break;
      }
    }
    // What ends goes to the deferred deletes: the pointers stay good.
    for (Reask* reask : cut) reask->abandon();
  }

 private:
  void on_reask_over(Reask& reask) override;
  [[nodiscard]] std::optional<shadow::Skip> why_not(const Plan& plan,
                                                    const comparison::Job& job) const;
  [[nodiscard]] std::optional<shadow::Skip> admit(const Plan& plan, const comparison::Job& job,
                                                  Reask::Admissions& admissions) const;
  void run(const std::shared_ptr<const Plan>& plan, std::unique_ptr<comparison::Job> job);
  void give_back(std::unique_ptr<comparison::Job> job);

  net::Loop& loop_;
  comparison::ComparisonPool& comparisons_;
  const std::size_t worker_;
  bool draining_ = false;
  std::mt19937 random_{std::random_device{}()};
  std::vector<std::unique_ptr<Reask>> running_;
};

}  // namespace banyan::exchange
