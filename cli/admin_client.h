// cli/admin_client.h: one request to the admin API of a running proxy, waited for.
//
// Speaks over the same transport and codec as the proxy. Blocks; a connection for each request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace banyan::cli {

inline constexpr Milliseconds kAnswerTimeout{30'000};
inline constexpr std::size_t kAnswerBytesMax = 256 * 1024 * 1024;

// Where a proxy listens for commands.
struct AdminPlace {
  std::string socket;  // of `unix:PATH`; then the rest does not count
  std::string host;    // a name or an IP literal without brackets
  std::uint16_t port = 0;
};

// `http://HOST:PORT` or `unix:PATH`. HOST is looked up when the proxy is asked, and only here: the
// proxy itself never asks the system's resolver. The error is for people.
[[nodiscard]] Result<AdminPlace, std::string> admin_place_of(std::string_view url);

struct AdminAnswer {
  int status = 0;
  std::string body;
};

struct AdminQuestion {
  std::string method;  // as it is sent
  std::string target;
  std::string body;   // JSON, may be empty
  std::string who;    // for the audit log of a proxy without tokens
  std::string token;  // may be empty
};

// Of a name with several addresses the first one that takes a connection answers. The error says
// why there is no answer.
[[nodiscard]] Result<AdminAnswer, std::string> ask_admin(const AdminPlace& place,
                                                         const AdminQuestion& question);

// The first word of the first line that is not empty and no comment.
[[nodiscard]] Result<std::string, std::string> read_token(const std::string& file);

// RFC 3986: what is not unreserved is escaped.
[[nodiscard]] std::string escaped_segment(std::string_view text);

}  // namespace banyan::cli
