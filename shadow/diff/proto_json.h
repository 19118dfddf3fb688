// shadow/diff/proto_json.h: a protobuf message as JSON text, to be compared as JSON is. Pure.
//
// Made for comparing, not for people: the same message, in whatever order and spelling it came on
// the wire, is the same document, and another one is another.
//
//   with its descriptor   fields by name; numbers as numbers, of 64 bits too; enumerations by name;
//                         bytes in base64; maps as objects; of a oneof the member that came last; a
//                         field without presence that has its default is left out
//   without one           fields by number, `#3`, each a list of what came: numbers, text, and what
//                         is well-formed as a message as one; everything else in base64
//   unknown fields        as without a descriptor, beside the others
#pragma once

#include <string>
#include <string_view>

#include "shadow/diff/proto_schema.h"

namespace banyan::shadow {

inline constexpr int kProtoDepthMax = 100;

// Appends the document. False where `bytes` is no message, or over a limit (kProtoDepthMax, the
// size of a JSON document); what was appended is then of no use. `message` may be nullptr.
[[nodiscard]] bool append_proto(std::string_view bytes, const ProtoSchema::Message* message,
                                std::string& json);

}  // namespace banyan::shadow
