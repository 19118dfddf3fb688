// proxy/codec/request_target.h: the target of a request and the host it is meant for
// (RFC 9112 §3.2).
//
//   origin-form    /path?query          kept
//   absolute-form  http://host/path     split; its host replaces what Host says
//   asterisk-form  *                    OPTIONS only
//   authority-form                      CONNECT only, which is refused before this
#pragma once

#include <string_view>

#include "base/message.h"
#include "base/result.h"

namespace banyan::codec {

// From head.method, version and headers: fills head.target and head.authority. bad_target where
// `text` is none of the forms above or has a fragment; bad_host where Host is missing (HTTP/1.1),
// repeated, or no `uri-host [":" port]`. With HTTP/2 the caller has looked at `:authority`, which
// stays where there is no Host.
[[nodiscard]] Result<void> resolve_target(std::string_view text, RequestHead& head);

// Whether `text` is `uri-host [":" port]` with a host (RFC 9110 §7.2).
[[nodiscard]] bool is_authority(std::string_view text);

}  // namespace banyan::codec
