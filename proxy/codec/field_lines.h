// proxy/codec/field_lines.h: the field lines of a head. Pure.
//
//   field-line := name ":" OWS value OWS CRLF      (RFC 9112 §5)
#pragma once

#include "base/bytes.h"
#include "base/headers.h"

namespace banyan::codec {

// All of `lines`, each of which ends with CRLF as a HeadScanner found it, into an empty object.
// False, and nothing in it, where one is no field: no name, a space before the colon, a control
// character in the value, HTAB behind a length or a transfer coding.
[[nodiscard]] bool parse_field_lines(Bytes lines, Headers& headers);

}  // namespace banyan::codec
