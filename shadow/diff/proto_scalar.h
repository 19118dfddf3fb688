// shadow/diff/proto_scalar.h: single values of protobuf, and how they are written as JSON. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shadow/diff/proto_schema.h"
#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {

// How a value of that type comes when it is not packed.
[[nodiscard]] WireType wire_type_of(ProtoSchema::Type type);

// A number, an enumeration or a boolean as JSON; NaN and the infinities are strings.
[[nodiscard]] std::string number_text(ProtoSchema::Type type, std::uint64_t value);

// UTF-8 without control characters but for tab and line ends.
[[nodiscard]] bool is_plain_text(std::string_view bytes);
void append_json_string(std::string_view utf8, std::string& json);
[[nodiscard]] std::string base64_of(std::string_view bytes);

}  // namespace banyan::shadow
