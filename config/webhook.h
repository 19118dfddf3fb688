// config/webhook.h: who is told when a migration is rolled back.
#pragma once

#include <string>

#include "config/snapshot.h"

namespace banyan::config {

struct Webhook {
  Upstream upstream;          // one endpoint, with `tls` for https; its timeouts do not count
  std::string origin;         // `https://pager.shop.test:8443`; the rest of a URL may be a secret
  std::string authority;      // for the field Host
  std::string target;         // path and query
  std::string authorization;  // for the field of that name; empty: none
  milliseconds timeout{5'000};
  milliseconds give_up_after{300'000};
};

// What `upstream` is called: no name of the configuration has a space.
[[nodiscard]] inline std::string webhook_name(const std::string& migration) {
  return "webhook of " + migration;
}

}  // namespace banyan::config
