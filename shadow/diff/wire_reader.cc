#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {
namespace {

constexpr std::uint32_t kNumberMax = (1U << 29U) - 1;
constexpr unsigned kVarintBitsMax = 63;

}  // namespace

std::optional<WireField> WireReader::next() {
  if (broken_ || rest_.empty()) return std::nullopt;
  auto field = take_field(0);
  broken_ = !field || field->type == WireType::group_end;
  return broken_ ? std::nullopt : field;
}

std::optional<std::uint64_t> WireReader::next_value(WireType type) {
  std::uint64_t value = 0;
  const bool taken = type == WireType::varint
                         ? take_varint(value)
                         : take_fixed(type == WireType::fixed64 ? 8 : 4, value);
  if (!taken) broken_ = true;
  return taken ? std::optional(value) : std::nullopt;
}

std::optional<WireField> WireReader::take_field(int depth) {
  std::uint64_t tag = 0;
  if (!take_varint(tag) || (tag >> 3U) == 0 || (tag >> 3U) > kNumberMax) return std::nullopt;
  WireField field;
  field.number = static_cast<std::uint32_t>(tag >> 3U);
  field.type = static_cast<WireType>(tag & 7U);
  switch (field.type) {
    case WireType::varint:
      return take_varint(field.value) ? std::optional(field) : std::nullopt;
    case WireType::fixed64:
      return take_fixed(8, field.value) ? std::optional(field) : std::nullopt;
    case WireType::fixed32:
      return take_fixed(4, field.value) ? std::optional(field) : std::nullopt;
    case WireType::bytes: {
      std::uint64_t size = 0;
      if (!take_varint(size) || size > rest_.size()) return std::nullopt;
      field.bytes = rest_.substr(0, size);
      rest_.remove_prefix(size);
      return field;
    }
    case WireType::group:
      return take_group(field, depth) ? std::optional(field) : std::nullopt;
    case WireType::group_end:
      return field;
  }
  return std::nullopt;
}

bool WireReader::take_varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift <= kVarintBitsMax; shift += 7) {
    if (rest_.empty()) return false;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) {
      padded_ = padded_ || (byte == 0 && shift > 0) || (byte > 1 && shift == kVarintBitsMax);
      return true;
    }
  }
  return false;
}

bool WireReader::take_fixed(std::size_t size, std::uint64_t& value) {
  if (rest_.size() < size) return false;
  value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(rest_[i]);
  }
  rest_.remove_prefix(size);
  return true;
}

bool WireReader::take_group(WireField& field, int depth) {
  if (depth >= kGroupDepthMax) return false;
  const std::string_view start = rest_;
  while (!rest_.empty()) {
    const std::size_t before = rest_.size();
    const auto inner = take_field(depth + 1);
    if (!inner) return false;
    if (inner->type != WireType::group_end) continue;
    field.bytes = start.substr(0, start.size() - before);
    return inner->number == field.number;
  }
  return false;
}

bool is_wire_message(std::string_view bytes) {
  WireReader reader(bytes);
  while (reader.next()) {
  }
  return !reader.is_broken();
}

}  // namespace banyan::shadow
