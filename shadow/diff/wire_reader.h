// shadow/diff/wire_reader.h: the fields of one protobuf message, as the wire has them. Pure.
//
// https://protobuf.dev/programming-guides/encoding: a field is a tag (number and wire type) and a
// value. What is not well-formed to its last byte is broken.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace banyan::shadow {

enum class WireType : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  group = 3,
  group_end = 4,
  fixed32 = 5,
};

struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t value = 0;  // of varint, fixed64 and fixed32
  std::string_view bytes;   // of bytes and of a group, without its end
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  // Nothing at the end, and where the message is broken.
  [[nodiscard]] std::optional<WireField> next();
  [[nodiscard]] bool is_broken() const { return broken_; }
  // Whether a number so far was longer than it need be: other bytes than an encoder writes.
  [[nodiscard]] bool is_padded() const { return padded_; }

  // One value without a tag, as in a packed list.
  [[nodiscard]] std::optional<std::uint64_t> next_value(WireType type);
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  static constexpr int kGroupDepthMax = 32;
  [[nodiscard]] std::optional<WireField> take_field(int depth);
  [[nodiscard]] bool take_varint(std::uint64_t& value);
  [[nodiscard]] bool take_fixed(std::size_t size, std::uint64_t& value);
  [[nodiscard]] bool take_group(WireField& field, int depth);

  std::string_view rest_;
  bool broken_ = false;
  bool padded_ = false;
};

// Whether `bytes` is a message as a whole: every field well-formed, none of them number 0.
[[nodiscard]] bool is_wire_message(std::string_view bytes);

}  // namespace banyan::shadow
