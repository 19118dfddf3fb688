// shadow/diff/content_coding.h: bodies without their content codings (RFC 9110 §8.4). Pure.
//
// Known are gzip and x-gzip (RFC 1952, also of several members), deflate (RFC 1950, and without
// the header that some servers leave out), br (RFC 7932), zstd (RFC 8878, windows up to 8 MiB as in
// RFC 9659) and identity, and up to kCodingsMax of them one over the other.
#pragma once

#include <string>
#include <string_view>

namespace banyan::shadow {

// A decoded body is never larger than this, and behind its first kRatioFreeBytes never more than
// kRatioMax times as large as what it was made from.
inline constexpr std::size_t kDecodedBytesMax = std::size_t{8} << 20;
inline constexpr std::size_t kRatioFreeBytes = std::size_t{1} << 20;
inline constexpr std::size_t kRatioMax = 500;
inline constexpr int kCodingsMax = 3;

// Why a body can not be decoded.
inline constexpr std::string_view kUnknownCoding = "unknown_coding";
inline constexpr std::string_view kBrokenCoding = "broken_coding";  // also: bytes behind the end
inline constexpr std::string_view kTruncatedCoding = "truncated_coding";
inline constexpr std::string_view kDecodedTooLarge = "decoded_too_large";
inline constexpr std::string_view kDecodedRatio = "decoded_ratio";

struct Decoded {
  std::string body;
  std::string_view problem;  // empty where all is well
};

// `codings`: the value of Content-Encoding, in the order in which they were applied.
[[nodiscard]] Decoded decoded(std::string_view codings, std::string_view body);

}  // namespace banyan::shadow
