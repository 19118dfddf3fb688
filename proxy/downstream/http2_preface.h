// proxy/downstream/http2_preface.h: whether what a client says first is HTTP/2's preface. Pure.
//
// Both protocols come by the same port (RFC 9113 §3.3). What agrees with the preface so far need
// not be kept: it is known.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proxy/codec/http2_server_codec.h"

namespace banyan::downstream {

class Http2Preface {
 public:
  enum class Seen : std::uint8_t { part, whole, other };

  // Takes what agrees off the front of `bytes`, which is not empty.
  [[nodiscard]] Seen take(Bytes& bytes) {
    while (!bytes.empty() && agreed_ < codec::kHttp2Preface.size()) {
      if (bytes.front() != codec::kHttp2Preface[agreed_]) return Seen::other;
      bytes.remove_prefix(1);
      ++agreed_;
    }
    return agreed_ == codec::kHttp2Preface.size() ? Seen::whole : Seen::part;
  }
  // What was taken, for the other protocol.
  [[nodiscard]] Bytes taken() const { return codec::kHttp2Preface.substr(0, agreed_); }

 private:
  std::uint8_t agreed_ = 0;
};

}  // namespace banyan::downstream
