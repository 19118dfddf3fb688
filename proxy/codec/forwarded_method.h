// proxy/codec/forwarded_method.h: which methods go on to an upstream. Pure.
#pragma once

#include "base/message.h"

namespace banyan::codec {

// Of head.method and head.method_text. All that RFC 9110 defines but CONNECT and TRACE, PATCH, and
// the ones of WebDAV and its relatives.
[[nodiscard]] bool is_forwarded(const RequestHead& head);

}  // namespace banyan::codec
