// proxy/exchange/choice.h: which arm an exchange goes to, from all that it knows.
#pragma once

#include <cstdint>
#include <string>

#include "base/message.h"
#include "config/snapshot.h"
#include "proxy/exchange/client_address.h"
#include "proxy/exchange/plan.h"
#include "routing/decision.h"

namespace banyan::exchange {

struct ChoiceInput {
  const RequestHead& request;
  const config::Listener& listener;
  const Client& client;
  const routing::FlagState& flag;
  std::uint32_t draw;    // 32 random bits
  std::string& scratch;  // these two as in routing::KeyPlaces
  routing::DecisionTools& tools;
};

[[nodiscard]] routing::Decision choose(const MigrationPlan& migration, const ChoiceInput& input);

}  // namespace banyan::exchange
