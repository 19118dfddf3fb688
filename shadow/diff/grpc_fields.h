// shadow/diff/grpc_fields.h: the fields of a gRPC answer, where a comparison looks for them. Pure.
//
// A call that ends without a message may be answered with trailers only, which then stand in the
// head, or with a head and trailers: the same outcome. So the status of a call always counts as a
// trailer, and what else a trailers-only answer has, where the other answer has it there. The
// status message is written in one form, since servers differ in what they percent-encode. What
// says nothing is left out: an empty message, that of a success, and `grpc-encoding: identity`.
#pragma once

#include <utility>

#include "shadow/capture.h"

namespace banyan::shadow {

struct GrpcFields {
  Headers headers;
  Headers trailers;
};

// Of two gRPC answers, in this order.
[[nodiscard]] std::pair<GrpcFields, GrpcFields> grpc_fields(const CapturedResponse& left,
                                                            const CapturedResponse& right);

}  // namespace banyan::shadow
