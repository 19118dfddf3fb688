// proxy/codec/head_parser.h: one complete head, from bytes to fields (RFC 9112 §§3-6). Pure.
//
// `bytes` is what a HeadScanner found: lines end with CRLF, none is folded, limits hold, the last
// line is the blank one. Errors leave `head` with what was understood by then. Why this is not a
// library's work stands in docs/adr/0011-own-head-parser.md.
#pragma once

#include "base/bytes.h"
#include "base/message.h"
#include "base/result.h"
#include "proxy/codec/codec.h"
#include "proxy/codec/head_scanner.h"

namespace banyan::codec {

// `head` is empty when called. Any of the client's codes in base/error.h.
[[nodiscard]] Result<void> parse_request_head(Bytes bytes, const HeadLimits& limits,
                                              RequestHead& head);
// `asked` is the method of the request. upstream_malformed. 101 is refused, other 1xx are not.
// head.keep_alive is false also where the head contradicts itself.
[[nodiscard]] Result<void> parse_response_head(Bytes bytes, Method asked, ResponseHead& head);

// What a fault of the scanner means for a request: malformed_request, url_too_long, head_too_large.
[[nodiscard]] Error request_error(HeadFault fault);
// upstream_malformed.
[[nodiscard]] Error response_error(std::string_view detail);

}  // namespace banyan::codec
