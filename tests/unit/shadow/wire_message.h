// tests/unit/shadow/wire_message.h: protobuf messages, written by hand.
#pragma once

#include <string>
#include <string_view>

namespace banyan::shadow {

inline std::string varint(std::size_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
  return out;
}

inline std::string wire_bytes(unsigned number, std::string_view bytes) {
  return varint(number << 3U | 2U) + varint(bytes.size()).append(bytes);
}

inline std::string wire_number(unsigned number, std::size_t value) {
  return varint(number << 3U) + varint(value);
}

}  // namespace banyan::shadow
