// proxy/exchange/shadow_exchange.h: the other arm's answer to a request that was served already.
//
// Made from values: it holds a request of its own, the plan and a place to record, and there is no
// way from here to a client, a connection of one, or the live exchange. Whatever happens to it ends
// in a recording. Owned by Shadows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "proxy/comparison/recording.h"
#include "proxy/exchange/asking.h"
#include "proxy/exchange/shadow_request.h"
#include "proxy/net/deferred_delete.h"

namespace banyan::exchange {

class ShadowExchange final : public net::Deferrable, private Asking::Owner {
 public:
  class Owner {
   public:
    // Both answers are in, or can not come any more. Once.
    virtual void on_pair_complete(ShadowExchange& shadow) = 0;

   protected:
    ~Owner() = default;
  };

  ShadowExchange(Owner& owner, net::Loop& loop, std::uint64_t id, ShadowRequest&& request);
  ~ShadowExchange() override;

  // Asks the other arm, or says why there is no room for it: then it has not begun.
  [[nodiscard]] std::optional<shadow::Skip> start() { return asking_.start(); }
  // The primary's answer; once.
  void primary_finished(comparison::Recording::Finished&& primary);
  // Drain, rollback: what is not there by now is not waited for, and its connection is cut.
  void abandon() { asking_.abandon(); }

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const ShadowRequest& request() const { return request_; }
  [[nodiscard]] Arm arm() const { return other(request_.primary); }
  [[nodiscard]] const MigrationPlan& migration() const {
    return request_.plan->migrations[request_.migration];
  }
  // How much later than legacy the monolith was asked.
  [[nodiscard]] std::chrono::microseconds skew() const;

  struct Pair {
    ShadowRequest request;
    comparison::Recording::Finished primary;
    comparison::Recording::Finished shadow;
  };
  // After on_pair_complete(); nothing else may be asked then but id().
  [[nodiscard]] Pair take() { return {std::move(request_), std::move(*primary_), asking_.take()}; }

 private:
  void on_answer(Asking& asking) override;
  [[nodiscard]] Asking::Question question() const;
  void tell_if_complete();

  Owner& owner_;
  const std::uint64_t id_;
  ShadowRequest request_;
  Asking asking_;
  std::optional<comparison::Recording::Finished> primary_;
  bool told_ = false;
};

}  // namespace banyan::exchange
