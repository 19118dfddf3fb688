// proxy/codec/upgrade.h: whether a connection is to change its protocol (RFC 9110 §7.8). Pure.
//
// Any protocol may be asked for but those that carry HTTP themselves (HTTP/2 in its several names,
// and TLS, inside of which it would be HTTP again): requests in such a tunnel would be seen by
// nobody on the way, so these are left out of what is asked for. Extended CONNECT comes here as the
// request of HTTP/1.1 that it stands for (proxy/codec/http2_fields.h).
#pragma once

#include <string>
#include <string_view>

#include "base/message.h"

namespace banyan::codec {

// The protocols that `request` asks for and that may go on, as one list in the client's order.
// Empty: it is no request for an upgrade. It is none either over HTTP/1.0, with a body, or where
// Connection does not name it.
[[nodiscard]] std::string upgrade_of(const RequestHead& request);

// What a 101 with these fields changes to: the one protocol of its Upgrade, where `asked`, a list
// from upgrade_of(), has it. Empty: it can not be followed.
[[nodiscard]] std::string_view switched_to(const Headers& response, std::string_view asked);

}  // namespace banyan::codec
