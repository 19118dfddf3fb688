// proxy/exchange/tunnel.h: bytes both ways between a client and an upstream, once they have changed
// to a protocol that is none of ours.
//
//   open -> one side ended -> both ended -> over          each side may end while the other goes on
//     \----------\---------------> over, with an error    a break, or timeouts.idle without a byte
//
// Nothing is held here: a side that does not take its bytes stops the reading of the other one.
// Owned by its exchange, which tells it of the client; what it leaves is the upstream stream's.
#pragma once

#include <cstdint>
#include <optional>

#include "proxy/exchange/downstream_stream.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/upstream/upstream_stream.h"

namespace banyan::exchange {

class Tunnel final : public upstream::StreamEvents {
 public:
  class Owner {
   public:
    // Once, as the last event: both sides have ended, or the error.
    virtual void on_tunnel_over(std::optional<Error> error) = 0;

   protected:
    ~Owner() = default;
  };

  // How often it is looked whether an upstream has taken the last bytes.
  static constexpr Milliseconds kLastBytesPoll{50};

  // All outlive the tunnel.
  Tunnel(Owner& owner, DownstreamStream& client, upstream::UpstreamStream& upstream,
         net::TimerWheel& timers, Milliseconds idle);

  void on_client_bytes(Bytes bytes);
  void on_client_end();
  void on_client_blocked();
  void on_client_writable();
  // No event comes any more, and neither side is touched.
  void stop();

  // Nothing more comes from either side.
  [[nodiscard]] bool both_ended() const { return client_ended_ && upstream_ended_; }
  [[nodiscard]] std::uint64_t client_bytes() const { return client_bytes_; }
  [[nodiscard]] std::uint64_t upstream_bytes() const { return upstream_bytes_; }

 private:
  // upstream::StreamEvents
  void on_stream_ready() override {}
  void on_stream_informational(ResponseHead&) override {}
  void on_stream_response(ResponseHead&) override {}
  void on_stream_body(Bytes bytes) override;
  void on_stream_trailers(const Headers&) override {}
  void on_stream_end() override;
  void on_stream_error(Error error) override;
  void on_stream_blocked() override;
  void on_stream_writable() override;

  void moved();
  void end_if_both_did();
  void on_timer();
  void finish(std::optional<Error> error);

  Owner& owner_;
  DownstreamStream& client_;
  upstream::UpstreamStream& upstream_;
  const Milliseconds idle_;
  net::Timer timer_;
  std::size_t waiting_ = 0;   // bytes that nobody had taken when the timer fired last; 0: none seen
  unsigned quiet_polls_ = 0;  // how often in a row it fired and they had not become fewer
  std::uint64_t client_bytes_ = 0;
  std::uint64_t upstream_bytes_ = 0;
  bool client_ended_ = false;
  bool upstream_ended_ = false;
  bool over_ = false;
};

}  // namespace banyan::exchange
