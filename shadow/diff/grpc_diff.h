// shadow/diff/grpc_diff.h: gRPC answers, message by message. Pure.
//
//   body    := message*
//   message := compressed (1 byte, 0 or 1), size (4 bytes, big endian), so many bytes
//
// The messages are a list at `$`, aligned as the elements of a JSON array are, and each is compared
// field by field (proto_json.h): by name where the descriptors know what the method answers with,
// else by number, and then no value is shown, since nobody knows which of them are secret. What is
// no protobuf is compared by its bytes: the n-th message with the n-th at `$[n]`, how many there
// are at `$`.
#pragma once

#include <string_view>

#include "shadow/capture.h"
#include "shadow/diff/findings.h"
#include "shadow/diff/proto_schema.h"

namespace banyan::shadow {

// By its Content-Type: application/grpc, with any suffix (+proto) or parameter.
[[nodiscard]] bool is_grpc(const CapturedResponse& response);
// A sequence of whole messages.
[[nodiscard]] bool is_grpc_framed(std::string_view body);

// `message`: what each one is, nullptr where that is not known. False, and nothing found, where one
// side is no sequence of whole messages.
[[nodiscard]] bool compare_as_grpc(const CapturedResponse& left, const CapturedResponse& right,
                                   const ProtoSchema::Message* message, Findings& findings);

// One message, not framed, below `$`. False where a side is none.
[[nodiscard]] bool compare_as_proto(std::string_view left, std::string_view right,
                                    const ProtoSchema::Message* message, Findings& findings);

// grpc-status-details-bin, base64 of google.rpc.Status, below the place of `findings`. False where
// a side is none.
[[nodiscard]] bool compare_status_details(std::string_view left, std::string_view right,
                                          Findings& findings);

}  // namespace banyan::shadow
