// shadow/capture.h: one arm's answer, held for comparing.
//
// Values only: nothing in here leads back to a connection, a client or the live exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arm.h"
#include "base/headers.h"
#include "base/time.h"

namespace banyan::shadow {

// How the exchange with that arm ended.
enum class Outcome : std::uint8_t {
  answered,  // a whole response
  refused,   // no connection
  reset,     // the connection broke before the response head
  timed_out,
  cut_off,           // the response stopped in the middle
  malformed,         // what came was no HTTP that we accept
  over_budget,       // the body is larger than what we hold: ours, not the arm's fault
  abandoned,         // stopped by us: drain, rollback
  stale_connection,  // a kept connection was closed before an answer, and it can not be repeated
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

struct CapturedResponse {
  Outcome outcome = Outcome::answered;
  int status = 0;
  Headers headers;  // without hop-by-hop fields
  std::string body;
  Headers trailers;                      // behind the body
  std::chrono::microseconds latency{0};  // request sent to response complete
};

// One request that both arms answered, or should have.
struct CapturedPair {
  std::string method;
  std::string target;  // path and query, as it was sent
  std::string authority;
  std::string endpoint;       // as reports count it; empty: by folded_endpoint()
  Arm primary = Arm::legacy;  // which arm served the client
  CapturedResponse legacy;
  CapturedResponse monolith;
  WallTime at;
  std::optional<std::uint32_t> key_hash;  // of the sticky key, where there is one
  bool after_write = false;               // of the same sticky key, in RecentWrites::kFor before it
  // How much later than legacy the monolith was asked; negative: earlier.
  std::chrono::microseconds skew{0};
};

}  // namespace banyan::shadow
