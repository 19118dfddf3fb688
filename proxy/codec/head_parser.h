// proxy/codec/head_parser.h: one head at the front of some bytes, to fields, in one walk (RFC 9112
// §§3-6). Pure.
//
// A head that lies there whole and good, as nearly all do, needs nothing else. Else a HeadScanner
// says whether more is to come and which limit is met, and parsing what it found says the rest.
// Whatever is taken here a scanner takes, and it ends there at the same byte. Errors leave `head`
// with what was understood by then. Why this is not a library's work stands in
// docs/adr/0011-own-head-parser.md.
#pragma once

#include "base/bytes.h"
#include "base/message.h"
#include "base/result.h"
#include "proxy/codec/codec.h"
#include "proxy/codec/head_scanner.h"

namespace banyan::codec {

// The size of the head. `head` is empty when called. Any of the client's codes in base/error.h.
[[nodiscard]] Result<std::size_t> parse_request_head(Bytes in, const HeadLimits& limits,
                                                     RequestHead& head);
// `asked` is the method of the request. upstream_malformed.
// head.keep_alive is false also where the head contradicts itself.
[[nodiscard]] Result<std::size_t> parse_response_head(Bytes in, const HeadLimits& limits,
                                                      Method asked, ResponseHead& head);

// What a fault of the scanner means for a request: malformed_request, url_too_long, head_too_large.
[[nodiscard]] Error request_error(HeadFault fault);
// upstream_malformed.
[[nodiscard]] Error response_error(std::string_view detail);

}  // namespace banyan::codec
