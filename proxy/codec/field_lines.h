// proxy/codec/field_lines.h: the field lines of a head. Pure.
//
//   field-line := name ":" OWS value OWS CRLF      (RFC 9112 §5)
#pragma once

#include "base/bytes.h"
#include "base/headers.h"

namespace banyan::codec {

// The fields at the front of `bytes` up to and with the blank line behind them, into an empty
// object; what stands behind that is not looked at. The size of it all, or 0, and nothing in the
// object, where the blank line is missing, there are more than `fields_max`, or one line is no
// field: no name, a space before the colon, a fold, a control character in the value, a CR or LF
// alone, HTAB behind a length or a transfer coding.
[[nodiscard]] std::size_t parse_field_lines(Bytes bytes, std::size_t fields_max, Headers& headers);

}  // namespace banyan::codec
