// proxy/control/webhooks.h: tells others that a migration was rolled back.
//
// A rollback never waits for it: it is in force before, and what can not be delivered is counted
// and logged. Each document is on its way by itself, so that one receiver that hangs holds up no
// other; kWebhooksMax are at most. Control thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proxy/control/webhook_delivery.h"

namespace banyan::control {

// Under way. One more is dropped.
inline constexpr std::size_t kWebhooksMax = 64;

class Webhooks final : private WebhookDelivery::Owner {
 public:
  Webhooks(net::Loop& loop, WebhookWay way) : loop_(loop), way_(std::move(way)) {}
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  // Those of a configuration. What is under way goes on as it began.
  void adopt(const config::Snapshot& snapshot);
  // `entry`: of the audit log. Nothing happens where the migration has none.
  void post(const std::string& migration, const nlohmann::json& entry);

  struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;   // given up
    std::uint64_t dropped = 0;  // too many, or the process ended
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::size_t under_way() const { return deliveries_.size(); }
  // The process ends: what is under way is said and dropped.
  void abandon();

 private:
  void on_delivered(WebhookDelivery& delivery) override;
  void on_given_up(WebhookDelivery& delivery, const std::string& why) override;
  void forget(WebhookDelivery& delivery);
  void let_go();

  net::Loop& loop_;
  const WebhookWay way_;
  std::map<std::string, std::shared_ptr<const config::Webhook>> by_migration_;
  std::vector<std::unique_ptr<WebhookDelivery>> deliveries_;
  Counts counts_;
};

// What is posted of an entry of the audit log.
[[nodiscard]] nlohmann::json webhook_document(const std::string& migration,
                                              const nlohmann::json& entry);

}  // namespace banyan::control
