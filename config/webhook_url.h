// config/webhook_url.h: where a webhook is posted to. Pure.
//
//   url := ("http" | "https") "://" host [ ":" port ] [ "/" path ] [ "?" query ]   (RFC 9110 §4.2)
//
// A host as of an endpoint. No user information (RFC 9110 §4.2.4) and no fragment.
#pragma once

#include <string>
#include <string_view>

#include "config/scalar.h"

namespace banyan::config {

inline constexpr std::size_t kUrlBytesMax = 2'048;

struct WebhookUrl {
  bool tls = false;
  Address address;
  std::string authority;  // the host, in lower case, and the port where it is not the scheme's
  std::string target;     // path and query, at least `/`
};

[[nodiscard]] Read<WebhookUrl> read_webhook_url(std::string_view text);

}  // namespace banyan::config
