// proxy/exchange/shadows.h: all shadows of one worker, and what becomes of the pairs.
//
//   admit() -> launch() -> primary_finished()      the exchange's side: values in, an id out
//                 \             \-> or read_on(): an OrphanedAnswer, where the client has left
//                  \-> ShadowExchange -> pair -> plainly equal? counted : handed to comparison
//
// An exchange knows its shadow by a number only: that a shadow can not hold up, change or outlive
// the serving of a client can be read off these signatures.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/comparison/comparison_pool.h"
#include "proxy/exchange/orphaned_answer.h"
#include "proxy/exchange/reasks.h"
#include "proxy/exchange/shadow_exchange.h"
#include "proxy/observe/stats.h"

namespace banyan::exchange {

class Shadows final : public ShadowExchange::Owner, public OrphanedAnswer::Owner {
 public:
  Shadows(net::Loop& loop, comparison::ComparisonPool& comparisons, std::size_t worker)
      : loop_(loop),
        comparisons_(comparisons),
        worker_(worker),
        reasks_(loop, comparisons, worker) {}
  ~Shadows();

  // What is asked of Shadows before any answer is known.
  struct Question {
    const RequestHead& request;
    const routing::RequestView& view;  // of the same request
    bool grpc;                         // a gRPC call
    Arm primary;
    std::uint32_t draw;  // uniform over 0..99'999
  };
  // Whether this exchange gets a shadow. Says no by counting the reason.
  [[nodiscard]] comparison::Admission admit(const Plan& plan, const MigrationPlan& migration,
                                            const Question& question);
  // Call only after the primary's request bytes were handed to the kernel. 0: it is skipped after
  // all, and counted.
  [[nodiscard]] ShadowId launch(ShadowRequest&& request) override;
  // The primary's answer, or that there is none. Exactly once for each launch(), by one of these:
  void primary_finished(ShadowId id, comparison::Recording::Finished&& primary) override;
  // The client has left. At most shadow.max_in_flight answers are read on at a time; what is over
  // that, or comes in a drain, is let go and its pair not comparable.
  void read_on(OrphanedAnswer::Remains remains);

  // A pair whose answers differ comes back: both arms are asked once more.
  void ask_again(const std::shared_ptr<const Plan>& plan, std::unique_ptr<comparison::Job> job) {
    reasks_.ask_again(plan, std::move(job));
  }

  void start_drain() {
    draining_ = true;
    reasks_.start_drain();
  }
  void abandon_all();
  // After a rollback: what is under way to the monolith is cut off, unless it may go on.
  void abandon_rolled_back();

 private:
  void on_pair_complete(ShadowExchange& shadow) override;
  void on_orphan_over(OrphanedAnswer& orphan) override;
  [[nodiscard]] std::optional<shadow::Skip> why_not(const Plan& plan,
                                                    const MigrationPlan& migration,
                                                    const Question& question) const;
  [[nodiscard]] static std::optional<shadow::Skip> came_between(const MigrationPlan& migration,
                                                                Arm arm);
  template <class Which>
  void abandon(Which which);
  void hand_over(ShadowExchange& shadow);
  void ask_control(const std::shared_ptr<const Plan>& plan, const comparison::Job& job,
                   comparison::Recording::Finished&& legacy);

  net::Loop& loop_;
  comparison::ComparisonPool& comparisons_;
  const std::size_t worker_;
  ShadowId last_id_ = 0;
  bool draining_ = false;
  std::unordered_map<ShadowId, std::unique_ptr<ShadowExchange>> running_;
  std::vector<std::unique_ptr<OrphanedAnswer>> orphans_;
  Reasks reasks_;
};

}  // namespace banyan::exchange
