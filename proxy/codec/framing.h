// proxy/codec/framing.h: how long a body is, decided from the fields of its head (RFC 9112 §6).
//
// Pure. What two readers could understand differently is an error: both length fields, a repeated
// or listed length, any transfer coding but one `chunked`, a coding in an HTTP/1.0 message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/message.h"
#include "base/result.h"

namespace banyan::codec {

struct BodyLength {
  Framing framing = Framing::none;
  // What Content-Length says; also where there is no body (HEAD, 304), not with 1xx and 204.
  std::optional<std::uint64_t> content_length = std::nullopt;
  // The head promises bytes that this message can not have: whatever follows it is not to be
  // trusted (204 with a length or a coding).
  bool contradicts_itself = false;
};

// bad_framing or unsupported_transfer_encoding.
[[nodiscard]] Result<BodyLength> request_body_length(HttpVersion version, const Headers& headers);
// `asked` is the method of the request; upstream_malformed.
[[nodiscard]] Result<BodyLength> response_body_length(Method asked, int status, HttpVersion version,
                                                      const Headers& headers);

// Whether a response to `asked` never has a body (RFC 9112 §6.3 no. 1).
[[nodiscard]] bool is_bodyless(Method asked, int status);

// Whether the sender keeps the connection after this message (RFC 9112 §9.3).
[[nodiscard]] bool keeps_alive(HttpVersion version, const Headers& headers);

// 1*DIGIT that fits 63 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_content_length(std::string_view text);

}  // namespace banyan::codec
