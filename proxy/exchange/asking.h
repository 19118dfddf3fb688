// proxy/exchange/asking.h: one request of Banyan's own to one arm, and the recording of its answer.
//
//   start() -> [ready] -> sent -> answer -> on_answer()        once, whatever happens
//                 ^---------/ the kept connection was being closed: once more, on another one
//
// What shadows, controls and second askings have in common. It holds a lease of a shadow lane and
// nothing of a client, bounded in time, connections and memory as `shadow` says.
#pragma once

#include <optional>
#include <string_view>

#include "base/message.h"
#include "proxy/comparison/recording.h"
#include "proxy/exchange/plan.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::exchange {

class Asking final : private upstream::StreamEvents {
 public:
  class Owner {
   public:
    // The answer is there, or can not come any more. Once; may come from inside start().
    virtual void on_answer(Asking& asking) = 0;

   protected:
    ~Owner() = default;
  };

  // All is borrowed and outlives the asking.
  struct Question {
    const Plan& plan;
    const MigrationPlan& migration;  // which has a shadow
    Arm arm;
    Role role;  // what it counts as: not primary
    const RequestHead& head;
    std::string_view body;
    const Headers& trailers;
    bool grpc;                   // a gRPC call
    std::string_view matched;    // the path_prefix of the rule, for the way back
    std::string_view authority;  // of the client
  };

  Asking(Owner& owner, net::Loop& loop, const Question& question);

  // Asks, or says why there is no room for it: then it has not begun.
  [[nodiscard]] std::optional<shadow::Skip> start();
  // Drain, rollback: what is not there by now is not waited for, and its connection is cut.
  void abandon();

  [[nodiscard]] Arm arm() const { return question_.arm; }
  [[nodiscard]] bool over() const { return answer_.has_value(); }
  // When the request was handed over; nothing: it was not.
  [[nodiscard]] std::optional<SteadyTime> sent_at() const { return sent_at_; }
  // After on_answer().
  [[nodiscard]] comparison::Recording::Finished take() { return std::move(*answer_); }

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

  [[nodiscard]] Result<upstream::Lease> lease(bool fresh);
  void hold(upstream::Lease&& lease, SteadyTime now);
  [[nodiscard]] bool may_ask_again(const Error& error, shadow::Outcome outcome) const;
  void ask_again();
  void send(SteadyTime now);
  void send_trailers();
  void finish(shadow::Outcome outcome);
  void count(shadow::Outcome outcome, std::chrono::microseconds latency);

  Owner& owner_;
  const Question question_;
  comparison::Recording recording_;
  upstream::Lease lease_;
  net::Timer timer_;
  SteadyTime started_{};
  std::optional<SteadyTime> sent_at_;
  bool asked_again_ = false;
  int status_ = 0;  // of the answer
  std::optional<int> grpc_status_;
  std::optional<comparison::Recording::Finished> answer_;
};

}  // namespace banyan::exchange
