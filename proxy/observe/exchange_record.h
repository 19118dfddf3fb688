// proxy/observe/exchange_record.h: all that is left of an exchange when it is over.
//
// Borrowed views: valid while the record is being written, not longer. Listener, migration and
// upstream are names of the configuration, the reason is a word of ours: plain text.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arm.h"
#include "base/error.h"
#include "base/time.h"

namespace banyan::observe {

struct ExchangeRecord {
  WallTime at;  // when the request head was complete
  std::string_view listener;
  std::string_view client;  // address without the port
  std::string_view method;
  std::string_view authority;
  std::string_view path;       // without the query
  std::string_view migration;  // `none` where none matched
  std::string_view upstream;   // empty where none was asked
  std::string_view reason;     // why this arm: routing::to_string(Reason), or `default`, `no_route`
  Arm arm = Arm::legacy;
  Role role = Role::primary;
  std::optional<std::uint32_t> bucket;  // never the sticky value itself
  int status = 0;                       // 0: no response head was sent
  std::optional<int> grpc_status;       // of a gRPC call
  std::optional<ErrorCode> error;
  std::uint64_t request_bytes = 0;  // of the body
  std::uint64_t response_bytes = 0;
  std::chrono::microseconds duration{0};
  std::string_view tls;         // the version, where the client's connection is encrypted
  std::string_view client_san;  // the names of its certificate
  bool retried = false;
  bool fallback = false;  // the monolith could not be reached, legacy served it
};

}  // namespace banyan::observe
