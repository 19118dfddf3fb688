// proxy/exchange/orphaned_answer.h: a primary's answer whose client has left, read on for its pair.
//
//   Exchange --Remains--> awaited -> head -> body* -> over
//                            \--------\---------\----> over, where it fails or is of no use
//
// A client that leaves must not change what is compared. So the answer is read to its end, into the
// recording and nowhere else; a connection that gave all of it goes back to its pool. At most for
// shadow.timeout, within the recording's budget and the upstream's own timeouts, and never again.
// Owned by Shadows; the client, its connection and its exchange are gone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/counted_place.h"
#include "base/message.h"
#include "proxy/comparison/recording.h"
#include "proxy/exchange/plan.h"
#include "proxy/exchange/shadow_request.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::exchange {

using ShadowId = std::uint64_t;

class OrphanedAnswer final : public net::Deferrable, private upstream::StreamEvents {
 public:
  class Owner {
   public:
    // As those of Shadows.
    [[nodiscard]] virtual ShadowId launch(ShadowRequest&& request) = 0;
    virtual void primary_finished(ShadowId id, comparison::Recording::Finished&& primary) = 0;
    // Once, as the last event. The owner moves it to the deferred-delete list.
    virtual void on_orphan_over(OrphanedAnswer& orphan) = 0;

   protected:
    ~Owner() = default;
  };

  // What an exchange leaves behind. Values and the lease.
  struct Remains {
    std::shared_ptr<const Plan> plan;  // outlives the lease, which stands below it
    std::size_t migration = 0;         // index into plan->migrations
    Arm arm = Arm::legacy;             // the primary
    std::string_view matched;          // of the rule, in the plan
    std::string authority;             // of the client
    SteadyTime started;
    bool head_seen = false;
    ShadowId shadow = 0;                  // launched, or else
    std::optional<ShadowRequest> unsent;  // waits for the primary's request to leave
    comparison::Recording recording;      // of what came by then
    upstream::Lease lease;                // of the primary lane; its request was handed over whole
  };

  OrphanedAnswer(Owner& owner, net::Loop& loop, Remains remains, CountedPlace place);
  ~OrphanedAnswer() override;

  // on_orphan_over() may come from inside.
  void read_on();
  // Drain, rollback: what is not there by now is not waited for.
  void abandon();

  [[nodiscard]] const MigrationPlan& migration() const {
    return remains_.plan->migrations[remains_.migration];
  }
  [[nodiscard]] Arm shadow_arm() const { return other(remains_.arm); }

 private:
  void on_stream_ready() override {}
  void on_stream_informational(ResponseHead&) override { arm_timer(); }
  void on_stream_response(ResponseHead& head) override;
  void on_stream_body(Bytes bytes) override;
  void on_stream_trailers(const Headers& trailers) override {
    remains_.recording.trailers(trailers);
  }
  void on_stream_end() override;
  void on_stream_error(Error error) override;
  void on_stream_blocked() override {}
  void on_stream_writable() override {}
  void on_timeout();

  void launch_shadow();
  void arm_timer();
  void finish(shadow::Outcome outcome);

  Owner& owner_;
  net::Loop& loop_;
  Remains remains_;
  CountedPlace place_;
  net::Timer timer_;
  const SteadyTime due_;  // at the latest
  bool over_ = false;
};

}  // namespace banyan::exchange
