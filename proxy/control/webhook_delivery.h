// proxy/control/webhook_delivery.h: one document on its way to one webhook.
//
//   start() -> attempt -> 2xx ------------------------> on_delivered()
//                      -> no answer, 408, 429, 5xx ---> pause -> attempt
//                                    give_up_after is over ---> on_given_up()
//                      -> any other status -----------> on_given_up()
//
// Goes the way that requests to an upstream go: same sockets, TLS, names and codec. Of an answer
// the status alone counts. Control thread only; ends between callbacks
// (deferred_delete.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/message.h"
#include "config/webhook.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/loop.h"
#include "proxy/observe/stats.h"
#include "proxy/upstream/cluster.h"

namespace banyan::control {

// Between two attempts: doubled from attempt to attempt, and a part of it left to chance, since all
// pods post at the same time.
inline constexpr Milliseconds kWebhookPauseMin{1'000};
inline constexpr Milliseconds kWebhookPauseMax{30'000};

// What an attempt needs that may change from one to the next.
struct WebhookWay {
  std::function<std::shared_ptr<const upstream::AddressBook>()> addresses;
  std::function<std::shared_ptr<net::TlsClientContext>(const std::string& name)> tls;
};

class WebhookDelivery final : public net::Deferrable, private upstream::StreamEvents {
 public:
  class Owner {
   public:
    // The last that is heard of it; from inside it, also inside start().
    virtual void on_delivered(WebhookDelivery& delivery) = 0;
    virtual void on_given_up(WebhookDelivery& delivery, const std::string& why) = 0;

   protected:
    ~Owner() = default;
  };

  WebhookDelivery(Owner& owner, net::Loop& loop, const WebhookWay& way,
                  std::shared_ptr<const config::Webhook> webhook, std::string body);

  void start();
  // Nothing more is heard of it. Before it is destroyed, unless it has told its end.
  void abandon() { end_attempt(); }
  [[nodiscard]] const config::Webhook& webhook() const { return *webhook_; }
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  void on_stream_ready() override;
  void on_stream_informational(ResponseHead&) override {}
  void on_stream_response(ResponseHead& head) override;
  void on_stream_body(Bytes) override {}
  void on_stream_trailers(const Headers&) override {}
  void on_stream_end() override;
  void on_stream_error(Error error) override;
  void on_stream_blocked() override {}
  void on_stream_writable() override {}

  void attempt();
  void on_timer();
  void on_status();
  void end_attempt();
  void on_failed(const std::string& why);
  [[nodiscard]] upstream::ClusterSettings settings() const;
  [[nodiscard]] Milliseconds pause();

  Owner& owner_;
  net::Loop& loop_;
  const WebhookWay& way_;
  const std::shared_ptr<const config::Webhook> webhook_;
  const std::string body_;
  RequestHead head_;
  observe::UpstreamStats stats_;
  std::optional<upstream::Cluster> cluster_;
  upstream::Lease lease_;  // while an attempt runs
  net::Timer timer_;
  std::minstd_rand random_{std::random_device{}()};
  SteadyTime give_up_at_;
  int attempts_ = 0;
  int status_ = 0;  // of the answer to this attempt
};

}  // namespace banyan::control
