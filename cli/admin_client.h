// cli/admin_client.h: one request to the admin API of a running proxy, waited for.
//
// Speaks over the same transport and codec as the proxy. Blocks; a connection for each request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "config/snapshot.h"

namespace banyan::cli {

inline constexpr Milliseconds kAnswerTimeout{30'000};
inline constexpr std::size_t kAnswerBytesMax = 256 * 1024 * 1024;

// `http://HOST:PORT`, where HOST is an IP address or localhost. The error is for people.
[[nodiscard]] Result<config::Address, std::string> admin_address_of(std::string_view url);

struct AdminAnswer {
  int status = 0;
  std::string body;
};

// `method`: as it is sent. `body` is JSON, may be empty. `who` goes into the audit log.
// The error says why there is no answer.
[[nodiscard]] Result<AdminAnswer, std::string> ask_admin(const config::Address& address,
                                                         std::string_view method,
                                                         const std::string& target,
                                                         const std::string& body,
                                                         const std::string& who);

// RFC 3986: what is not unreserved is escaped.
[[nodiscard]] std::string escaped_segment(std::string_view text);

}  // namespace banyan::cli
