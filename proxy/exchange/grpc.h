// proxy/exchange/grpc.h: what gRPC over HTTP/2 says in a request's head and in an answer, and how
// it is told that something went wrong. Pure.
//
//   TE: trailers, content-type: application/grpc, grpc-timeout: 1*8DIGIT unit
//   unit := H / M / S / m / u / n        hours, minutes, seconds, milli-, micro-, nanoseconds
#pragma once

#include <optional>

#include "base/error.h"
#include "base/message.h"
#include "base/time.h"
#include "shadow/capture.h"

namespace banyan::exchange {

// A gRPC call: over HTTP/2, of content-type `application/grpc`, whatever it is encoded in.
// application/grpc-web is a request like any other.
[[nodiscard]] bool is_grpc(const RequestHead& head);
// How long the client waits for the whole call; nothing where it does not say, or not in this form.
// A part of a millisecond counts as one, more than a year as a year.
[[nodiscard]] std::optional<Milliseconds> grpc_timeout(const RequestHead& head);

// What trailers say, or the head of an answer that has nothing else; nothing where they say none.
// What is not a status of the list below is 2 (unknown), as clients take it.
[[nodiscard]] std::optional<int> grpc_status_in(const Headers& fields);
// What clients make of an answer that says none, by its HTTP status.
[[nodiscard]] int grpc_status_of_http(int status);

// The status of https://grpc.io/docs/guides/status-codes that stands for an error of ours.
[[nodiscard]] int grpc_status_of(ErrorCode code);
// The same for a copy that ended without a whole answer.
[[nodiscard]] int grpc_status_of(shadow::Outcome outcome);
// An answer that is trailers only: status 200, `grpc-status` and the reason word as `grpc-message`.
// False where nobody is left to answer.
[[nodiscard]] bool make_grpc_error(const Error& error, ResponseHead& head);

}  // namespace banyan::exchange
