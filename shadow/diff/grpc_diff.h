// shadow/diff/grpc_diff.h: two gRPC bodies, compared message by message. Pure.
//
//   body    := message*
//   message := compressed (1 byte, 0 or 1), size (4 bytes, big endian), so many bytes
//
// Without descriptors a message is its bytes: the n-th of one side is compared with the n-th of the
// other, at `$[n]`, and how many there are at `$`. No value is shown, since nobody knows which of
// its bytes are secret.
#pragma once

#include <string_view>

#include "shadow/capture.h"
#include "shadow/diff/findings.h"

namespace banyan::shadow {

// By its Content-Type: application/grpc, with any suffix (+proto) or parameter.
[[nodiscard]] bool is_grpc(const CapturedResponse& response);

// False, and nothing found, where one of them is no sequence of whole messages.
[[nodiscard]] bool compare_as_grpc(std::string_view left, std::string_view right,
                                   Findings& findings);

}  // namespace banyan::shadow
