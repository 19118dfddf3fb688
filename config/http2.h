// config/http2.h: `listeners[].http2`.
#pragma once

#include <cstdint>

namespace banyan::config {

// What one HTTP/2 connection of a client may take.
struct Http2Limits {
  std::uint64_t max_concurrent_streams = 100;
  std::uint64_t stream_window = 256 * 1024;
  std::uint64_t connection_window = 1024 * 1024;
  std::uint64_t reset_burst = 200;         // streams that the client resets, at once
  std::uint64_t reset_rate = 33;           // and a second
  std::uint64_t forced_reset_burst = 100;  // streams that it makes us reset
  std::uint64_t forced_reset_rate = 10;
  std::uint64_t control_burst = 1'000;  // frames that ask for nothing
  std::uint64_t control_rate = 50;
};

}  // namespace banyan::config
