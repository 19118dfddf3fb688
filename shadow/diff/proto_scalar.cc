#include "shadow/diff/proto_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "shadow/diff/json_tape.h"

namespace banyan::shadow {
namespace {

using Type = ProtoSchema::Type;

std::int64_t zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

template <class Float>
std::string float_text(Float value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return fmt::format("{}", value);
}

}  // namespace

WireType wire_type_of(Type type) {
  switch (type) {
    case Type::float64:
    case Type::fixed64:
    case Type::sfixed64:
      return WireType::fixed64;
    case Type::float32:
    case Type::fixed32:
    case Type::sfixed32:
      return WireType::fixed32;
    case Type::string:
    case Type::bytes:
    case Type::message:
      return WireType::bytes;
    case Type::group:
      return WireType::group;
    default:
      return WireType::varint;
  }
}

std::string number_text(Type type, std::uint64_t value) {
  switch (type) {
    case Type::float64:
      return float_text(std::bit_cast<double>(value));
    case Type::float32:
      return float_text(std::bit_cast<float>(static_cast<std::uint32_t>(value)));
    case Type::int64:
    case Type::sfixed64:
      return std::to_string(static_cast<std::int64_t>(value));
    case Type::int32:
    case Type::sfixed32:
      return std::to_string(static_cast<std::int32_t>(value));
    case Type::uint32:
    case Type::fixed32:
      return std::to_string(static_cast<std::uint32_t>(value));
    case Type::sint32:
      return std::to_string(static_cast<std::int32_t>(zigzag(value & 0xffffffffU)));
    case Type::sint64:
      return std::to_string(zigzag(value));
    case Type::boolean:
      return value != 0 ? "true" : "false";
    default:
      return std::to_string(value);
  }
}

bool is_plain_text(std::string_view bytes) {
  return is_utf8(bytes) && std::none_of(bytes.begin(), bytes.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte == 0x7f || (byte < 0x20 && c != '\n' && c != '\r' && c != '\t');
         });
}

void append_json_string(std::string_view utf8, std::string& json) {
  json += '"';
  for (const char c : utf8) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

std::string base64_of(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t n = 0; n < 3; ++n) {
      const bool there = i + n < bytes.size();
      group = group << 8U | (there ? static_cast<unsigned char>(bytes[i + n]) : 0U);
    }
    for (std::size_t n = 0; n < 4; ++n) {
      const bool there = i + n <= bytes.size();
      out += there ? kLetters[group >> (18U - 6U * static_cast<unsigned>(n)) & 63U] : '=';
    }
  }
  return out;
}

}  // namespace banyan::shadow
