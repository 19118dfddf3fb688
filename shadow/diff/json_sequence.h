// shadow/diff/json_sequence.h: several JSON documents in one body, as one list.
//
//   ndjson   := document *( LF document ) [ LF ]        empty lines do not count
//   json-seq := *( RS document LF )                     RFC 7464 §2.2
#pragma once

#include <string_view>

#include "shadow/diff/json_tape.h"

namespace banyan::shadow {

// `tape` is then an array of the documents. Invalid where one of them is, or there is none; the
// limits are those of one document, for all of them together.
[[nodiscard]] JsonReading read_json_sequence(std::string_view body, JsonTape& tape);

}  // namespace banyan::shadow
