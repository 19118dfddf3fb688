// proxy/codec/head_writer.h: heads to bytes. Pure.
//
// Everything is appended to one buffer, so that a head is one copy into a sink. A name, value,
// target or reason that holds CR, LF or NUL can not come from a parser; wherever it came from, it
// is left out rather than written, since it would end a line that somebody else begins.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/message.h"
#include "base/text_buffer.h"

namespace banyan::codec {

// Empty, with the capacity of earlier heads of this thread; taken up again by the next call.
[[nodiscard]] TextBuffer& head_scratch();

// "GET /path HTTP/1.1" and Host.
void append_request_line(TextBuffer& out, const RequestHead& head);
// "HTTP/1.1 200 OK"
void append_status_line(TextBuffer& out, const ResponseHead& head);
// All but Host, Connection and the length fields: those are written anew or not at all.
void append_fields(TextBuffer& out, const Headers& headers);
void append_content_length(TextBuffer& out, std::uint64_t length);
void append_end(TextBuffer& out);

}  // namespace banyan::codec
