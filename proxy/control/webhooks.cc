#include "proxy/control/webhooks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

using nlohmann::json;

// The pod's name, where there is one.
std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  return name.data();
}

// An attempt whose answer was lost is made again: by this a receiver knows what it has.
std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

std::string name_of(const WebhookDelivery& delivery) {
  const config::Webhook& webhook = delivery.webhook();
  return fmt::format("{} ({})", webhook.upstream.name, webhook.origin);
}

}  // namespace

json webhook_document(const std::string& migration, const json& entry) {
  json document = entry;
  document["event"] = "rollback";
  document["cause"] = entry.contains("evidence") ? "guardrail" : "operator";
  document["migration"] = migration;
  document["host"] = host_name();
  document["id"] = random_id();
  document["text"] = fmt::format("{} is rolled back to legacy by {}: {}", migration,
                                 entry.value("who", ""), entry.value("reason", ""));
  return document;
}

Webhooks::~Webhooks() { let_go(); }

void Webhooks::adopt(const config::Snapshot& snapshot) {
  by_migration_.clear();
  for (const config::Migration& m : snapshot.migrations) {
    if (m.webhook != nullptr) by_migration_.emplace(m.name, m.webhook);
  }
}

void Webhooks::post(const std::string& migration, const json& entry) {
  const auto webhook = by_migration_.find(migration);
  if (webhook == by_migration_.end()) return;
  if (deliveries_.size() >= kWebhooksMax) {
    ++counts_.dropped;
    return observe::log_error(fmt::format("{} ({}): dropped, {} are under way",
                                          webhook->second->upstream.name, webhook->second->origin,
                                          deliveries_.size()));
  }
  WebhookDelivery::Owner& owner = *this;
  deliveries_.push_back(std::make_unique<WebhookDelivery>(
      owner, loop_, way_, webhook->second,
      webhook_document(migration, entry).dump(-1, ' ', true, json::error_handler_t::replace)));
  deliveries_.back()->start();
}

void Webhooks::on_delivered(WebhookDelivery& delivery) {
  ++counts_.sent;
  observe::log_info(fmt::format("{}: delivered", name_of(delivery)));
  forget(delivery);
}

void Webhooks::on_given_up(WebhookDelivery& delivery, const std::string& why) {
  ++counts_.failed;
  observe::log_error(fmt::format("{}: given up after {} attempts: {}", name_of(delivery),
                                 delivery.attempts(), why));
  forget(delivery);
}

// It is still running the function that told so.
void Webhooks::forget(WebhookDelivery& delivery) {
  const auto at = std::find_if(deliveries_.begin(), deliveries_.end(),
                               [&](const auto& d) { return d.get() == &delivery; });
  loop_.defer_delete(std::move(*at));
  deliveries_.erase(at);
}

void Webhooks::abandon() {
  for (const auto& delivery : deliveries_) {
    observe::log_error(fmt::format("{}: not delivered, the process ends", name_of(*delivery)));
  }
  counts_.dropped += deliveries_.size();
  let_go();
}

void Webhooks::let_go() {
  for (auto& delivery : deliveries_) {
    delivery->abandon();
    loop_.defer_delete(std::move(delivery));
  }
  deliveries_.clear();
}

}  // namespace banyan::control
