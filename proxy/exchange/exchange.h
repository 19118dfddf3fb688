// proxy/exchange/exchange.h: one request and its response, from the request's head to its record.
//
//   decide -> connect -> forward -> respond -> finished       any stage may fail(); finish() runs
//                ^---------/ retry, fallback to legacy        exactly once, on every path.
//
// After a 101 the stage stays at respond, and a Tunnel carries the bytes.
//
// Owned by its connection, lives on one loop, ends with Owner::on_exchange_done(). Reading
// exchange.cc downwards is reading the life of a request.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/recycled.h"
#include "proxy/comparison/recording.h"
#include "proxy/exchange/body_pipe.h"
#include "proxy/exchange/client_address.h"
#include "proxy/exchange/downstream_stream.h"
#include "proxy/exchange/forwarding.h"
#include "proxy/exchange/plan.h"
#include "proxy/exchange/services.h"
#include "proxy/exchange/shadow_copy.h"
#include "proxy/exchange/shadow_request.h"
#include "proxy/exchange/tunnel.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/loop.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/upstream/upstream_stream.h"
#include "routing/decision.h"

namespace banyan::exchange {

class Exchange final : public net::Deferrable,
                       public Recycled<Exchange>,
                       private upstream::StreamEvents,
                       private BodyProducer,
                       private BodyConsumer,
                       private Tunnel::Owner,
                       private net::AfterFlush {
 public:
  class Owner {
   public:
    // Once, as the last event. The owner moves the exchange to the deferred-delete list.
    virtual void on_exchange_done() = 0;

   protected:
    ~Owner() = default;
  };

  // All outlive the exchange. `listener` is the one that the connection came by.
  Exchange(Owner& owner, Services& services, DownstreamStream& downstream,
           const config::Listener& listener);
  ~Exchange() override;

  // One of the two, once. `head` is swapped out.
  void start(RequestHead& head);
  void refuse(const RequestHead& head, Error error);

  void on_request_body(Bytes bytes);
  void on_request_trailers(const Headers& trailers);
  void on_request_end();
  // The request can not be understood any further, or the client is gone.
  void on_request_error(Error error);
  void on_downstream_blocked();
  void on_downstream_writable();

 private:
  enum class Stage : std::uint8_t { decide, connect, forward, respond, finished };

  void take_head();
  void decide();
  void answer_as_recipient();
  void choose_arm();
  void note_decision();
  void use_upstream_of_arm();
  [[nodiscard]] bool moved_to_legacy();
  void connect();
  void forward();
  [[nodiscard]] ForwardRules forward_rules() const;
  void ask_for_shadow(const routing::RequestView& view);
  void note_write();
  void lose_shadow(shadow::Skip why);
  [[nodiscard]] ShadowRequest make_shadow();
  void launch_shadow();
  void skip_for_budget();
  void abandon_shadow();
  void leave_answer_to_pair();
  void expect_tunnel();
  [[nodiscard]] bool ask_for_tunnel();
  [[nodiscard]] bool is_accepted(const ResponseHead& head) const;
  void accept_key();
  void open_tunnel(ResponseHead& head);
  void close_tunnel();
  void recover(Error error);
  void fall_back(const Error& error);
  void shape_response(ResponseHead& head);
  void add_fields();
  void fail(Error error);
  void answer(const Error& error);
  void finish(shadow::Outcome outcome);
  // What it counts as: a shadow that passes through is nobody's primary.
  [[nodiscard]] Role role() const { return marked_ ? Role::shadow : Role::primary; }
  void count_skip(shadow::Skip skip);
  [[nodiscard]] std::optional<std::uint32_t> sticky_hash() const;
  void count_grpc(observe::ArmStats& arm);
  void count_failure(ErrorCode code);
  void count_hanging();
  void count_failure(observe::Failure failure);
  void wake_control(observe::MigrationStats& changed);
  void write_record(std::chrono::microseconds duration);
  [[nodiscard]] std::size_t grpc_status() const;
  [[nodiscard]] WallTime started_at() const;

  // upstream::StreamEvents
  void on_stream_ready() override;
  void on_stream_informational(ResponseHead& head) override;
  void on_stream_response(ResponseHead& head) override;
  void on_stream_body(Bytes bytes) override;
  void on_stream_trailers(const Headers& trailers) override;
  void on_stream_end() override;
  void on_stream_error(Error error) override;
  void on_stream_blocked() override { request_body_.on_blocked(); }
  void on_stream_writable() override { request_body_.on_writable(); }
  // the request body's two ends
  void pause_body() override;
  void resume_body() override;
  void take_body(Bytes bytes) override;
  void take_body_end() override;
  // Tunnel::Owner
  void on_tunnel_over(std::optional<Error> error) override;
  // net::AfterFlush
  void on_flushed() override;

  void arm_timer();
  [[nodiscard]] bool client_owes() const;
  void on_timer();
  [[nodiscard]] observe::MigrationStats& stats() const;

  Owner& owner_;
  Services& services_;
  DownstreamStream& downstream_;
  const config::Listener& listener_;
  std::shared_ptr<const Plan> plan_;  // the one it began with
  Pool<Heads>::Lease heads_;
  Client client_;  // its address is a view into the request's head, or the peer's
  BodyPipe request_body_{*this, *this};
  net::Timer timer_;

  const MigrationPlan* migration_ = nullptr;  // nullptr: default, or none
  std::string_view matched_;                  // the path_prefix of the rule
  upstream::Cluster* cluster_ = nullptr;
  const Waits* timeouts_;  // of the upstream
  routing::Decision decision_;
  upstream::Lease lease_;
  std::unique_ptr<Tunnel> tunnel_;

  ShadowCopy copy_;  // until the shadow is launched
  std::optional<comparison::Recording> recording_;
  ShadowId shadow_ = 0;

  SteadyTime started_{};
  std::optional<ErrorCode> error_;
  std::optional<int> grpc_status_;      // that the upstream told
  std::optional<Arm> hung_on_;          // and was counted there
  std::optional<SteadyTime> deadline_;  // of a gRPC call that says how long its client waits
  std::uint64_t response_bytes_ = 0;
  std::size_t unsent_ = std::numeric_limits<std::size_t>::max();  // when the timer last fired
  int status_ = 0;
  std::uint32_t attempts_ = 0;
  Stage stage_ = Stage::decide;
  bool body_sent_ = false;
  bool informed_ = false;   // the client got an informational head
  bool fell_back_ = false;  // to legacy, because the monolith could not be reached
  bool marked_ = false;     // another Banyan's shadow, on a listener that trusts it
  bool downstream_blocked_ = false;
  bool continued_ = false;  // the client was told to send its body
  bool upgrade_ = false;    // the client asks for a tunnel
  bool grpc_ = false;       // a gRPC call: its only deadline is its own
  bool adds_fields_;        // of its own to the response
};

}  // namespace banyan::exchange
