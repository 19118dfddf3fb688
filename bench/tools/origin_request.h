#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace banyan::bench {

// What the origin wants to know of a request.
struct OriginRequest {
  std::size_t answer_bytes = 0;
  std::size_t body_left = 0;
  bool is_shadow = false, wants_counts = false, closes = false;
};

// `head` without its last, empty line. Nothing for a request that the origin does not serve:
// another path, another framing than Content-Length, an answer over 16 MiB.
[[nodiscard]] std::optional<OriginRequest> read_origin_request(std::string_view head);

}  // namespace banyan::bench
