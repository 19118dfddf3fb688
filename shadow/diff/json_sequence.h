// shadow/diff/json_sequence.h: several JSON documents in one body, as one list.
//
//   ndjson   := document *( LF document ) [ LF ]        empty lines do not count
//   json-seq := *( RS document LF )                     RFC 7464 §2.2
#pragma once

#include <string_view>

#include "shadow/diff/json_tape.h"

namespace banyan::shadow {

// `tape` is then an array of the documents. False where one of them is not valid, there is none, or
// they are over the limits of a tape together.
[[nodiscard]] bool parse_json_sequence(std::string_view body, JsonTape& tape);

}  // namespace banyan::shadow
