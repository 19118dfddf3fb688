// proxy/comparison/judge.h: what a pair that differs comes to, and when both arms are asked again.
//
// Keeps, for each migration, what is known of its noise and the budget of second askings. For
// comparison threads; the lock is not held while answers are compared.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/comparison/job.h"
#include "shadow/noise/noise_model.h"
#include "shadow/noise/reask_budget.h"
#include "shadow/noise/verdict.h"

namespace banyan::comparison {

class Judge {
 public:
  // True: the arms are to be asked again. Else `first`, which was found in the first answers, has
  // its verdict. `can_ask`: somebody would.
  [[nodiscard]] bool wants_second_answers(const Job& job, shadow::Comparison& first, bool can_ask,
                                          SteadyTime now);
  // The verdict of a pair that was asked for again. Takes the answers out of the job.
  [[nodiscard]] shadow::Comparison with_second_answers(Job& job, SteadyTime now);
  // Legacy's two answers, and the monolith's where it was asked. The same.
  void learn_from_control(Job& job, SteadyTime now);

 private:
  struct Migration {
    explicit Migration(shadow::ReaskBudget::Limits limits) : budget(limits) {}
    std::string epoch;
    std::uint64_t rules = 0;
    shadow::NoiseModel model;
    shadow::ReaskBudget budget;
    std::uint64_t exchanges = 0;
    std::unordered_map<const observe::MigrationStats*, std::uint64_t> counted;  // by worker
  };
  // With the lock.
  Migration& migration_of(const Job& job, SteadyTime now);
  [[nodiscard]] static std::uint64_t count_exchanges(Migration& migration, const Job& job);

  std::mutex mutex_;
  std::map<std::string, Migration, std::less<>> migrations_;
};

}  // namespace banyan::comparison
