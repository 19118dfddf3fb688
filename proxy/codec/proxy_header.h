// proxy/codec/proxy_header.h: the header by which a proxy in front says for whom it has connected:
// the PROXY protocol, versions 1 and 2. Pure.
//
//   1   "PROXY" SP ("TCP4" | "TCP6") SP source SP destination SP port SP port CRLF
//       "PROXY UNKNOWN" [SP ...] CRLF
//   2   signature, version and command, family, length of what follows (2 bytes);
//       source, destination, source port, destination port; TLVs: type, length (2 bytes), value
//
// In both nothing is guessed: what does not fit to the letter is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace banyan::codec {

// Longer ones are refused. Of version 1 that is every line that can be right; version 2 could say
// up to 64 KiB, and what is sent is a few hundred bytes.
inline constexpr std::size_t kProxyLineBytesMax = 107;
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

struct ProxyHeader {
  enum class Step : std::uint8_t { incomplete, refused, complete };
  Step step = Step::incomplete;
  const char* fault = "";  // refused: why
  std::size_t size = 0;    // complete: of the header; what follows is the client's
  // The client's address. Empty: the proxy speaks for itself (LOCAL), or does not know (UNKNOWN,
  // UNSPEC, a unix socket); then the address of the connection counts.
  std::string client = {};
};

// `in` is all that has come so far. Refused as early as it can be known.
[[nodiscard]] ProxyHeader read_proxy_header(Bytes in);

}  // namespace banyan::codec
