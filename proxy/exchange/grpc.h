// proxy/exchange/grpc.h: what gRPC over HTTP/2 says in a request's head, and how it is told that
// something went wrong. Pure.
//
//   TE: trailers, content-type: application/grpc, grpc-timeout: 1*8DIGIT unit
//   unit := H / M / S / m / u / n        hours, minutes, seconds, milli-, micro-, nanoseconds
#pragma once

#include <optional>

#include "base/error.h"
#include "base/message.h"
#include "base/time.h"

namespace banyan::exchange {

// A gRPC call: over HTTP/2, of content-type `application/grpc`, whatever it is encoded in.
// application/grpc-web is a request like any other.
[[nodiscard]] bool is_grpc(const RequestHead& head);
// How long the client waits for the whole call; nothing where it does not say, or not in this form.
// A part of a millisecond counts as one, more than a year as a year.
[[nodiscard]] std::optional<Milliseconds> grpc_timeout(const RequestHead& head);

// The status of https://grpc.io/docs/guides/status-codes that stands for an error of ours.
[[nodiscard]] int grpc_status_of(ErrorCode code);
// An answer that is trailers only: status 200, `grpc-status` and the reason word as `grpc-message`.
// False where nobody is left to answer.
[[nodiscard]] bool make_grpc_error(const Error& error, ResponseHead& head);

}  // namespace banyan::exchange
