// shadow/diff/content_coding.h: bodies without their content coding (RFC 9110 §8.4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace banyan::shadow {

// A decoded body is never larger than this.
inline constexpr std::size_t kDecodedBytesMax = std::size_t{8} << 20;

// `coding`: the value of Content-Encoding; gzip, x-gzip and deflate (with its zlib header) are
// known. Nothing where the coding is another one or a list, or where the body is broken, has
// something behind its end, or is larger than the limit.
[[nodiscard]] std::optional<std::string> decoded(std::string_view coding, std::string_view body);

}  // namespace banyan::shadow
