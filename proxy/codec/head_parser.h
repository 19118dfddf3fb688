// proxy/codec/head_parser.h: one complete head, from bytes to fields, through llhttp and our own
// checks (docs/adr/0003-llhttp.md lists them).
//
// `bytes` is what a HeadScanner found: lines end with CRLF, none is folded, limits hold. The
// parser is set up anew for each message and left where the body begins. Errors leave `head` with
// what was understood by then.
#pragma once

#include <llhttp.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/result.h"
#include "proxy/codec/codec.h"
#include "proxy/codec/head_scanner.h"

namespace banyan::codec {

// `head` is empty when called. Any of the client's codes in base/error.h.
[[nodiscard]] Result<void> parse_request_head(llhttp_t& parser, Bytes bytes,
                                              const HeadLimits& limits, RequestHead& head);
// `asked` is the method of the request. upstream_malformed. 101 is refused, other 1xx are not.
// head.keep_alive is false also where the head contradicts itself.
[[nodiscard]] Result<void> parse_response_head(llhttp_t& parser, Bytes bytes, Method asked,
                                               ResponseHead& head);

// What a fault of the scanner means for a request: malformed_request, url_too_long, head_too_large.
[[nodiscard]] Error request_error(HeadFault fault);
// upstream_malformed.
[[nodiscard]] Error response_error(std::string_view detail);

}  // namespace banyan::codec
