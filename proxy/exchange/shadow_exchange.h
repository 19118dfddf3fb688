// proxy/exchange/shadow_exchange.h: the other arm's answer to a request that was served already.
//
// Made from values: it holds a request of its own, the plan and a place to record, and there is no
// way from here to a client, a connection of one, or the live exchange. Whatever happens to it ends
// in a recording. Owned by Shadows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/message.h"
#include "proxy/comparison/budget.h"
#include "proxy/comparison/recording.h"
#include "proxy/exchange/plan.h"
#include "proxy/exchange/shadow_request.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::exchange {

class ShadowExchange final : public net::Deferrable, private upstream::StreamEvents {
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
  [[nodiscard]] std::optional<shadow::Skip> start();
  // The primary's answer; once.
  void primary_finished(comparison::Recording::Finished&& primary);
  // Drain, rollback: what is not there by now is not waited for, and its connection is cut.
  void abandon();

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const ShadowRequest& request() const { return request_; }
  [[nodiscard]] Arm arm() const { return other(request_.primary); }
  [[nodiscard]] const MigrationPlan& migration() const {
    return request_.plan->migrations[request_.migration];
  }

  struct Pair {
    comparison::Recording::Finished primary;
    comparison::Recording::Finished shadow;
  };
  // After on_pair_complete().
  [[nodiscard]] Pair take() { return {std::move(*primary_), std::move(*shadow_)}; }

 private:
  void on_stream_ready() override;
  void on_stream_informational(ResponseHead&) override {}
  void on_stream_response(ResponseHead& head) override;
  void on_stream_body(Bytes bytes) override;
  void on_stream_trailers(const Headers& trailers) override;
  void on_stream_end() override;
  void on_stream_error(Error error) override;
  void on_stream_blocked() override {}
  void on_stream_writable() override {}
  void on_timeout();

  void send();
  void send_trailers();
  void finish(shadow::Outcome outcome);
  void count(shadow::Outcome outcome, std::chrono::microseconds latency);
  void tell_if_complete();

  Owner& owner_;
  const std::uint64_t id_;
  ShadowRequest request_;
  comparison::Recording recording_;
  upstream::Lease lease_;
  net::Timer timer_;
  SteadyTime started_{};
  int status_ = 0;  // of the answer
  std::optional<int> grpc_status_;
  bool sent_ = false;
  std::optional<comparison::Recording::Finished> shadow_;
  std::optional<comparison::Recording::Finished> primary_;
  bool told_ = false;
};

}  // namespace banyan::exchange
