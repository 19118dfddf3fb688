// proxy/control/reflection_call.h: one try to learn from a gRPC server what its messages are.
//
//   start() -> asked of v1 ----------------------------------------> on_described()
//                \-> grpc-status 12, 404 -> asked of v1alpha -------/
//                 \-------------------------------\-> on_undescribed()
//
// Goes the way that requests to an upstream go: same sockets, TLS, names and codec. Control thread
// only; ends between callbacks (deferred_delete.h).
#pragma once

#include <memory>
#include <string>

#include "base/message.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/loop.h"
#include "proxy/upstream/cluster.h"
#include "shadow/reflection_dialog.h"

namespace banyan::control {

// From the connection to the last answer.
inline constexpr Milliseconds kReflectionTimeout{10'000};

class ReflectionCall final : public net::Deferrable, private upstream::StreamEvents {
 public:
  class Owner {
   public:
    // The last that is heard of it; from inside it, also inside start().
    virtual void on_described(ReflectionCall& call, const shadow::ReflectionDialog& dialog) = 0;
    virtual void on_undescribed(ReflectionCall& call, const std::string& why) = 0;

   protected:
    ~Owner() = default;
  };

  // `authority`: whom the request names. The other two outlive the call.
  ReflectionCall(Owner& owner, upstream::Cluster& cluster, std::string authority);

  void start();
  // Nothing more is heard of it. Before it is destroyed, unless it has told its end.
  void abandon();

 private:
  void on_stream_ready() override;
  void on_stream_informational(ResponseHead&) override {}
  void on_stream_response(ResponseHead& head) override;
  void on_stream_body(Bytes bytes) override;
  void on_stream_trailers(const Headers& trailers) override { take_status(trailers); }
  void on_stream_end() override;
  void on_stream_error(Error error) override;
  void on_stream_blocked() override {}
  void on_stream_writable() override {}

  void ask(std::string_view service);
  void send_question();
  void take_message(std::string_view message);
  void take_status(const Headers& fields);
  void on_timer();
  void finish();
  void fail(const std::string& why);

  Owner& owner_;
  upstream::Cluster& cluster_;
  const std::string authority_;
  upstream::Lease lease_;
  net::Timer timer_;
  RequestHead head_;
  shadow::ReflectionDialog dialog_;
  std::string received_;   // the beginning of a message
  std::string status_;     // grpc-status; empty: none was told
  bool is_older_ = false;  // v1alpha is being asked
  bool asked_all_ = false;
};

}  // namespace banyan::control
