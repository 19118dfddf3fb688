// proxy/codec/trailers.h: which fields may stand behind a body (RFC 9110 §6.5.1). Pure.
//
// A trailer field comes when the message was routed, framed and begun to be answered, so whatever
// says how to do that comes too late to be believed. Trailers are passed on as trailers or not at
// all; they are never merged into the head.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/headers.h"

namespace banyan::codec {

enum class TrailerUse : std::uint8_t {
  forward,
  drop,    // a modifier, credentials, control data, or what only Banyan may say
  refuse,  // framing or routing: two readers would understand two messages
};

[[nodiscard]] TrailerUse trailer_use(std::string_view name);

// Whether a message with these fields in its head keeps its trailers: not where Connection names
// one that could stand among them.
[[nodiscard]] bool trailers_may_pass(const Headers& head);

}  // namespace banyan::codec
